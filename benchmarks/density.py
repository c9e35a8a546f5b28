"""Atoms to density: time and error beside numpy, finufft and gemmi.

All in one run; numpy's matrix products and finufft have as many threads as ours, gemmi and the loop have one. Processor
time is what to compare where other work shares the machine: the clock also counts waiting for it.

Errors are the largest difference from the truth over the truth's maximum. The truth is the direct sum in double
precision: over all Gaussians at every voxel (at four planes where there are many of them), or over all frequencies
below Nyquist; in the large box finufft at 1e-9 stands in for the latter.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

import finufft
import gemmi
import numpy as np
import scipy.fft
from measure import Cost, least, measured
from threadpoolctl import threadpool_limits

from cryobench.ops.threads import set_threads
from cryobench.structures import Atoms, render_density, sigma_of_resolution
from cryobench.structures.form_factors import electron_gaussians

RESOLUTION, PIXEL_SIZE = 3.0, 1.5

SIZES = {64: (1_000, 18.0), 256: (100_000, 78.0)}
"""By box: atoms, and the radius in Å of the ball that they fill about as densely as a protein's do."""

MOST_ERROR = 1e-5
REPEATS = 3
CHUNK = 5_000

FINUFFT = {"finufft 1e-5, x 1.25": (1e-5, 1.25), "finufft 1e-5": (1e-5, 0.0)}
"""Tolerance and oversampling. 0 leaves that to finufft, which takes 2 here."""

Way = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Gaussians:
    """Centres in Å, integrals, and standard deviations in Å."""

    points: np.ndarray
    weights: np.ndarray
    sigmas: np.ndarray


def random_atoms(count: int, radius: float) -> Atoms:
    """Return light atoms spread evenly over a ball, with B-factors from 0 to 80 Å^2."""
    rng = np.random.default_rng(count)
    directions = rng.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    numbers = rng.choice([6, 7, 8, 15, 16], count)
    names = np.full(count, "X")
    return Atoms(
        coordinates=directions * radius * rng.uniform(0, 1, (count, 1)) ** (1 / 3),
        weights=numbers.astype(np.float64),
        numbers=numbers,
        b_factors=rng.uniform(0, 80, count),
        chains=names,
        residues=np.arange(count),
        residue_names=names,
        names=names,
        title="ball",
    )


def molmap_gaussians(atoms: Atoms) -> Gaussians:
    return Gaussians(atoms.coordinates, atoms.weights, np.full(len(atoms), sigma_of_resolution(RESOLUTION)))


def scattering_gaussians(atoms: Atoms) -> Gaussians:
    amplitudes, widths = electron_gaussians(atoms.numbers)
    total = widths + atoms.b_factors[:, None] + blur()
    return Gaussians(
        np.repeat(atoms.coordinates, 5, axis=0), amplitudes.ravel(), np.sqrt(total / (8 * np.pi**2)).ravel()
    )


def blur() -> float:
    """Return the resolution as a B-factor in Å^2."""
    return 8 * np.pi**2 * sigma_of_resolution(RESOLUTION) ** 2


def direct_sum(gaussians: Gaussians, box: int, planes: np.ndarray) -> np.ndarray:
    """Return planes z of the sum of all Gaussians, without a cut-off."""
    axis = (np.arange(box) - box // 2) * PIXEL_SIZE
    made = np.zeros((len(planes), box, box))
    for start in range(0, len(gaussians.points), CHUNK):
        chunk = slice(start, start + CHUNK)
        sigma = gaussians.sigmas[chunk, None]
        x, y, z = (np.exp(-0.5 * ((axis - gaussians.points[chunk, [k]].reshape(-1, 1)) / sigma) ** 2) for k in range(3))
        x *= gaussians.weights[chunk, None] / (2 * np.pi * sigma**2) ** 1.5
        for i, plane in enumerate(planes):
            made[i] += (y * z[:, [plane]]).T @ x
    return made


def cube_loop(gaussians: Gaussians, box: int) -> np.ndarray:
    """Return the same sum, each Gaussian cut at 5 sigma and added in turn."""
    made = np.zeros((box, box, box))
    for point, weight, sigma in zip(gaussians.points, gaussians.weights, gaussians.sigmas, strict=True):
        centre = point / PIXEL_SIZE + box // 2
        reach = 5 * sigma / PIXEL_SIZE
        ranges = [np.arange(max(0, np.ceil(c - reach)), min(box, np.floor(c + reach) + 1)) for c in centre]
        x, y, z = (np.exp(-0.5 * ((r - c) * PIXEL_SIZE / sigma) ** 2) for r, c in zip(ranges, centre, strict=True))
        i, j, k = (slice(int(r[0]), int(r[-1]) + 1) for r in ranges)
        made[k, j, i] += z[:, None, None] * y[:, None] * (x * (weight / (2 * np.pi * sigma**2) ** 1.5))
    return made.astype(np.float32)


def frequency_sum(atoms: Atoms, box: int) -> np.ndarray:
    """Return the band-limited map by the direct sum over atoms and frequencies."""
    k = np.arange(-(box // 2) + 1, box // 2)
    extent = box * PIXEL_SIZE
    gaussian = np.exp(-2 * (np.pi * sigma_of_resolution(RESOLUTION) * k / extent) ** 2)
    x, y, z = (np.exp(-2j * np.pi * atoms.coordinates[:, [axis]] * k / extent) * gaussian for axis in range(3))
    transform = np.einsum("n,nz,ny,nx->zyx", atoms.weights, z, y, x, optimize=True)
    waves = np.exp(2j * np.pi * np.outer(np.arange(box) - box // 2, k) / box) / extent
    return np.einsum("zyx,Zz,Yy,Xx->ZYX", transform, waves, waves, waves, optimize=True).real


def with_finufft(atoms: Atoms, box: int, tolerance: float, oversampling: float, threads: int) -> np.ndarray:
    """Return the band-limited map by one nonuniform transform, in single precision unless that is too coarse."""
    single = tolerance >= 1e-6
    real, complex_ = (np.float32, np.complex64) if single else (np.float64, np.complex128)
    x, y, z = (np.ascontiguousarray(axis * (2 * np.pi / (box * PIXEL_SIZE)), real) for axis in atoms.coordinates.T)
    options = {
        "eps": tolerance,
        "upsampfac": oversampling,
        "nthreads": threads,
        "isign": -1,
        "modeord": 1,
        "showwarn": 0,
    }
    transform = finufft.nufft3d1(z, y, x, atoms.weights.astype(complex_), (box, box, box), **options)
    k = np.fft.fftfreq(box, 1 / box)
    gaussian = np.exp(-2 * (np.pi * sigma_of_resolution(RESOLUTION) * k / (box * PIXEL_SIZE)) ** 2) / PIXEL_SIZE
    gaussian[box // 2] = 0
    factor = (gaussian * np.exp(1j * np.pi * k)).astype(complex_)  # the origin at D/2
    half = transform[:, :, : box // 2 + 1] * factor[: box // 2 + 1]
    half *= factor[:, None]
    half *= factor[:, None, None]
    return np.asarray(scipy.fft.irfftn(half, s=(box, box, box), workers=threads))


def gemmi_model(atoms: Atoms, box: int) -> gemmi.Model:
    """Return the atoms as gemmi's, the origin moved to the middle of the cell."""
    residue = gemmi.Residue()
    shifted = atoms.coordinates + box // 2 * PIXEL_SIZE
    for position, number, b in zip(shifted.tolist(), atoms.numbers.tolist(), atoms.b_factors.tolist(), strict=True):
        atom = gemmi.Atom()
        atom.element, atom.b_iso, atom.pos = gemmi.Element(number), b, gemmi.Position(*position)
        residue.add_atom(atom)
    chain, model = gemmi.Chain("A"), gemmi.Model(1)
    chain.add_residue(residue)
    model.add_chain(chain)
    return model


def with_gemmi(model: gemmi.Model, box: int, cutoff: float) -> np.ndarray:
    """Return the electron map of a model that is made already."""
    calculator = gemmi.DensityCalculatorE()
    calculator.blur, calculator.cutoff = blur(), cutoff
    calculator.grid.unit_cell = gemmi.UnitCell(*[box * PIXEL_SIZE] * 3, 90, 90, 90)
    calculator.grid.spacegroup = gemmi.SpaceGroup("P 1")
    calculator.grid.set_size(box, box, box)
    calculator.add_model_density_to_grid(model)
    return np.array(calculator.grid, copy=False).transpose(2, 1, 0)


def compare(name: str, ways: dict[str, Way], truth: np.ndarray, planes: np.ndarray) -> bool:
    """Print the table of one kind, ours first; return whether our error is small enough."""
    print(f"\n{name}\n                                      CPU s     wall s    error     CPU / ours  wall / ours")
    costs: dict[str, list[Cost]] = {way: [] for way in ways}
    errors: dict[str, float] = {}
    for _ in range(REPEATS):  # by turns, so that a busy spell of the machine meets them all
        for way, work in ways.items():
            if costs[way] and costs[way][0].wall > 10:
                continue
            cost, made = measured(work)
            costs[way].append(cost)
            errors[way] = float(np.abs(made[planes] - truth).max() / truth.max())
            del made
    ours = least(costs[next(iter(ways))])
    for way in ways:
        cost = least(costs[way])
        print(f"{way:32s} {cost.cpu:10.3f} {cost.wall:10.3f}    {errors[way]:.1e} {cost.cpu / ours.cpu:12.1f} "
              f"{cost.wall / ours.wall:12.1f}")  # fmt: skip
    return errors[next(iter(ways))] <= MOST_ERROR


def compare_box(box: int, threads: int) -> bool:
    """Print the tables of one box; return whether our errors are small enough."""
    count, radius = SIZES[box]
    atoms = random_atoms(count, radius)
    print(f"\n*** {count} atoms, box {box}, {RESOLUTION:g} Å, {PIXEL_SIZE:g} Å/px")
    every = np.arange(box)
    some = np.unique(np.linspace(box // 2 - 0.4 * radius, box // 2 + 0.4 * radius, 4).astype(int))
    spheres, scatterers = molmap_gaussians(atoms), scattering_gaussians(atoms)
    model = gemmi_model(atoms, box)

    molmap: dict[str, Way] = {
        "ours, molmap": lambda: render_density(atoms, RESOLUTION, box, PIXEL_SIZE).data,
        "numpy, a cube an atom": lambda: cube_loop(spheres, box),
    }
    band_limited: dict[str, Way] = {
        "ours, band-limited": lambda: render_density(atoms, RESOLUTION, box, PIXEL_SIZE, "band-limited").data,
    }
    for name, choice in FINUFFT.items():
        band_limited[name] = lambda choice=choice: with_finufft(atoms, box, *choice, threads)
    if box < 128:  # beyond, these take minutes
        molmap["numpy, direct sum in chunks"] = lambda: direct_sum(spheres, box, every)
        band_limited["numpy, direct sum"] = lambda: frequency_sum(atoms, box)
    electron: dict[str, Way] = {
        "ours, electron": lambda: render_density(atoms, RESOLUTION, box, PIXEL_SIZE, "electron").data,
        "gemmi, its cut-off (1e-5)": lambda: with_gemmi(model, box, 1e-5),
        "gemmi, cut-off 1e-7": lambda: with_gemmi(model, box, 1e-7),
    }
    waves = frequency_sum(atoms, box) if box < 128 else with_finufft(atoms, box, 1e-9, 0.0, threads)
    return all([
        compare("molmap", molmap, direct_sum(spheres, box, some), some),
        compare("band-limited", band_limited, waves, every),
        compare("electron (gemmi's atoms made beforehand)", electron, direct_sum(scatterers, box, some), some),
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of each (default: all cores)")
    parser.add_argument("--box", type=int, choices=SIZES, action="append", help="only this box; may be repeated")
    options = parser.parse_args()
    set_threads(options.threads)
    print(f"{options.threads} threads; the least of {REPEATS} measurements; load average {os.getloadavg()[0]:.1f}")
    small = random_atoms(10, 5.0)
    for kind in ("molmap", "band-limited", "electron"):  # compiles
        render_density(small, RESOLUTION, 16, PIXEL_SIZE, kind)
    with threadpool_limits(options.threads, user_api="blas"):
        good = [compare_box(box, options.threads) for box in options.box or SIZES]
    if not all(good):
        sys.exit(f"an error of ours is above {MOST_ERROR:g}")


if __name__ == "__main__":
    main()
