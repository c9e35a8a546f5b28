"""Atoms to density: molmap, band-limited and electron."""

from __future__ import annotations

from dataclasses import replace

import gemmi
import numpy as np
import pytest

from cryobench.core import InputError
from cryobench.structures.atoms import Atoms
from cryobench.structures.density import Density, render_density, sigma_of_resolution

KINDS: tuple[Density, ...] = ("molmap", "band-limited", "electron")


def scattered(n: int, radius: float, seed: int = 0) -> Atoms:
    """Atoms evenly spread over a ball (Å), with B-factors from 0 to 80 Å^2."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(n, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    numbers = rng.choice([6, 7, 8, 15, 16], n)
    return Atoms(
        coordinates=directions * radius * rng.uniform(0, 1, (n, 1)) ** (1 / 3),
        weights=numbers.astype(np.float64),
        numbers=numbers,
        b_factors=rng.uniform(0, 80, n),
        chains=np.full(n, "A"),
        residues=np.arange(n),
        residue_names=np.full(n, "ALA"),
        names=np.full(n, "CA"),
        title="scattered",
    )


def amplitudes(data: np.ndarray) -> np.ndarray:
    """The centred transform [kz, ky, kx], all of it."""
    return np.fft.fftshift(np.fft.fftn(np.fft.ifftshift(data.astype(np.float64))))


def analytic(atoms: Atoms, resolution: float, box: int, pixel_size: float) -> np.ndarray:
    """The transform of the continuous sum of Gaussians, at the frequencies of a box."""
    k = np.arange(-(box // 2), box // 2) / (box * pixel_size)
    gaussian = np.exp(-2 * (np.pi * sigma_of_resolution(resolution) * k) ** 2)
    x, y, z = (np.exp(-2j * np.pi * atoms.coordinates[:, [axis]] * k) * gaussian for axis in range(3))
    return np.einsum("n,nz,ny,nx->zyx", atoms.weights, z, y, x, optimize=True) / pixel_size**3


def test_molmap_folds_frequencies_and_band_limited_does_not() -> None:
    box, pixel_size = 32, 1.5
    atoms = scattered(300, 20.0)
    truth = analytic(atoms, 3.0, box, pixel_size)
    radius = np.linalg.norm(np.indices(truth.shape) - box // 2, axis=0) / (box // 2)  # of Nyquist
    errors = {}
    for kind in KINDS[:2]:
        off = amplitudes(render_density(atoms, 3.0, box, pixel_size, kind).data) - truth
        for low, high in ((0.2, 0.3), (0.8, 0.95)):
            shell = (radius > low) & (radius < high)
            errors[kind, high] = np.linalg.norm(off[shell]) / np.linalg.norm(truth[shell])
    assert 0.03 < errors["molmap", 0.3] < 0.1
    assert 0.3 < errors["molmap", 0.95] < 0.6
    assert errors["band-limited", 0.3] < 1e-5
    assert errors["band-limited", 0.95] < 1e-5


def test_molmap_of_many_atoms_in_a_large_box_agrees_with_the_direct_sum() -> None:
    box, pixel_size, sigma = 256, 1.5, sigma_of_resolution(3.0)
    atoms = scattered(100_000, 78.0)
    found = render_density(atoms, 3.0, box, pixel_size).data
    rng = np.random.default_rng(0)
    near = np.rint(atoms.coordinates[rng.integers(0, len(atoms), 60)] / pixel_size).astype(int)
    for x, y, z in near + rng.integers(-2, 3, near.shape):
        squared = ((atoms.coordinates - pixel_size * np.array([x, y, z])) ** 2).sum(axis=1)
        direct = atoms.weights @ np.exp(-squared / (2 * sigma**2)) * (2 * np.pi * sigma**2) ** -1.5
        assert abs(found[z + 128, y + 128, x + 128] - direct) <= 1e-5 * found.max()
    assert found.sum(dtype=np.float64) * pixel_size**3 == pytest.approx(atoms.weights.sum(), rel=1e-3)


def test_electron_agrees_with_the_tabulated_gaussians() -> None:
    """Each atom's density by gemmi's own formula for it, at every voxel."""
    box, pixel_size, resolution = 20, 1.5, 3.0
    atoms = scattered(40, 10.0)
    blur = 8 * np.pi**2 * sigma_of_resolution(resolution) ** 2
    z, y, x = (np.indices((box, box, box)) - box // 2) * pixel_size
    direct = np.zeros(x.shape)
    for (px, py, pz), number, b in zip(atoms.coordinates, atoms.numbers, atoms.b_factors, strict=True):
        squared = (x - px) ** 2 + (y - py) ** 2 + (z - pz) ** 2
        one = gemmi.Element(int(number)).c4322
        direct += np.vectorize(lambda r2, one=one, b=b: one.calculate_density_iso(r2, b + blur))(squared)
    found = render_density(atoms, resolution, box, pixel_size, "electron").data
    assert np.abs(found - direct).max() <= 1e-5 * direct.max()


def test_electron_agrees_with_gemmis_calculator() -> None:
    box, pixel_size, resolution = 40, 1.2, 4.0
    atoms = scattered(150, 12.0)
    calculator = gemmi.DensityCalculatorE()
    calculator.blur = 8 * np.pi**2 * sigma_of_resolution(resolution) ** 2
    calculator.cutoff = 1e-7
    calculator.grid.unit_cell = gemmi.UnitCell(*[box * pixel_size] * 3, 90, 90, 90)
    calculator.grid.spacegroup = gemmi.SpaceGroup("P 1")
    calculator.grid.set_size(box, box, box)
    for position, number, b in zip(atoms.coordinates, atoms.numbers, atoms.b_factors, strict=True):
        atom = gemmi.Atom()
        atom.element, atom.b_iso, atom.occ = gemmi.Element(int(number)), b, 0.5
        atom.pos = gemmi.Position(*(position + box // 2 * pixel_size))
        calculator.add_atom_density_to_grid(atom)
    theirs = np.array(calculator.grid).transpose(2, 1, 0)
    found = render_density(replace(atoms, weights=0.5 * atoms.weights), resolution, box, pixel_size, "electron").data
    assert np.abs(found - theirs).max() <= 1e-5 * theirs.max()


@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_scales_its_atom_and_the_map_sums_to_what_it_should(kind: Density) -> None:
    atoms = replace(scattered(20, 8.0), b_factors=np.zeros(20))
    occupancies = np.linspace(0.2, 2.0, 20)
    partial = replace(atoms, weights=occupancies * atoms.numbers)
    forward = {number: gemmi.Element(number).c4322.calculate_sf(0.0) for number in set(atoms.numbers.tolist())}
    each = np.array([forward[number] for number in atoms.numbers.tolist()]) if kind == "electron" else atoms.weights
    map_ = render_density(partial, 6.0, 40, 1.5, kind).data
    assert map_.sum(dtype=np.float64) * 1.5**3 == pytest.approx(float(occupancies @ each), rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_atom_at_the_origin_peaks_at_half_the_box(kind: Density) -> None:
    atoms = scattered(1, 0.0)
    moved = atoms.moved(np.array([[3.0, 6.0, -4.5]]))
    assert np.unravel_index(render_density(atoms, 5.0, 16, 1.5, kind).data.argmax(), (16, 16, 16)) == (8, 8, 8)
    assert np.unravel_index(render_density(moved, 5.0, 16, 1.5, kind).data.argmax(), (16, 16, 16)) == (5, 12, 10)


def test_only_band_limited_maps_are_periodic() -> None:
    atoms = scattered(1, 0.0).moved(np.array([[12.0, 0.0, 0.0]]))
    peaks = {kind: render_density(atoms, 5.0, 16, 1.5, kind).data[8, 8, 0] for kind in KINDS}
    assert peaks["molmap"] == peaks["electron"] == 0
    assert peaks["band-limited"] == render_density(atoms, 5.0, 16, 1.5, "band-limited").data.max()


@pytest.mark.parametrize(
    ("resolution", "box", "pixel_size", "kind", "message"),
    [
        (3.0, 15, 1.5, "molmap", "box size 15 is not allowed"),
        (3.0, 16, 0.0, "molmap", "pixel size is 0.0"),
        (-3.0, 16, 1.5, "band-limited", "resolution is -3.0"),
    ],
)
def test_values_out_of_range_are_named(
    resolution: float, box: int, pixel_size: float, kind: Density, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        render_density(scattered(2, 4.0), resolution, box, pixel_size, kind)


@pytest.mark.parametrize("number", [0, 99, 130])
def test_atoms_without_a_scattering_factor_are_named(number: int) -> None:
    atoms = replace(scattered(2, 4.0), numbers=np.array([6, number]))
    with pytest.raises(InputError, match=f"atomic number {number} has no tabulated electron scattering factor"):
        render_density(atoms, 3.0, 16, 1.5, "electron")


def test_a_b_factor_that_sharpens_too_much_is_named() -> None:
    atoms = replace(scattered(2, 4.0), b_factors=np.array([0.0, -50.0]))
    with pytest.raises(InputError, match=r"atom 1 \(CA\) has the B-factor -50"):
        render_density(atoms, 3.0, 16, 1.5, "electron")
