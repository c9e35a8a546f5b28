from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from cryobench.core import InputError
from cryobench.structures._folds import folds
from cryobench.structures._packing import NEAR, TOUCHING, hangs_together, touching_along
from cryobench.structures.load import load_structure
from cryobench.structures.synthetic_assemblies import _rotations, synthetic_assembly

# Masses in kDa of some of the complexes stood in for, and the heaviest.
MASSES = {0: 156.0, 1: 162.0, 2: 168.0, 12: 206.0, 13: 206.0, 18: 240.0, 22: 251.0, 34: 316.0, 99: 1131.0}
REAL = {"2cg9": 156, "1u6g": 205, "3d2f": 215, "3cf3": 226, "1bxn": 240, "1qvr": 260}


@pytest.fixture(scope="module")
def assemblies():
    return {index: synthetic_assembly(index, mass) for index, mass in MASSES.items()}


def radius_of_gyration(atoms):
    squares = np.sum((atoms.coordinates - atoms.centre()) ** 2, axis=1)
    return np.sqrt(np.average(squares, weights=atoms.weights))


def likeness(one, other):
    """Best correlation of the CA densities in voxels of 10 Å, over attitudes: about 0.8 for the same complex."""
    bins = [np.arange(-100, 110, 10.0)] * 3

    def density(points):
        counts, _ = np.histogramdd(points, bins=bins)
        return (counts / np.linalg.norm(counts)).ravel()

    fixed, moving = (atoms.coordinates[atoms.names == "CA"] for atoms in (one, other))
    turns = Rotation.from_quat(np.random.default_rng(0).normal(size=(1000, 4))).as_matrix()
    return max(density(fixed) @ density(moving @ turn.T) for turn in turns)


def test_weighs_what_was_asked_for(assemblies):
    for index, atoms in assemblies.items():
        assert atoms.weights.sum() == pytest.approx(1000 * MASSES[index] * 0.535, rel=1e-12)
        np.testing.assert_allclose(atoms.weights / atoms.numbers, atoms.weights[0] / atoms.numbers[0])
        # About the electrons that a protein has in these atoms.
        assert 0.9 < atoms.weights[0] / atoms.numbers[0] < 1.6
        np.testing.assert_allclose(atoms.centre(), 0, atol=1e-9)
        assert "not an experimental structure" in atoms.title


def test_residues_are_whole_and_numbered_in_each_chain(assemblies):
    for atoms in assemblies.values():
        np.testing.assert_array_equal(atoms.names.reshape(-1, 7)[0], ["N", "CA", "C", "O", "CB", "CG", "CD"])
        for chain in np.unique(atoms.chains):
            numbers = atoms.residues[(atoms.chains == chain) & (atoms.names == "CA")]
            np.testing.assert_array_equal(numbers, np.arange(1, len(numbers) + 1))


def test_chains_touch_and_do_not_overlap(assemblies):
    for atoms in assemblies.values():
        ca = atoms.names == "CA"
        trace, chains = atoms.coordinates[ca], atoms.chains[ca]
        pairs = cKDTree(trace).query_pairs(TOUCHING - 1e-6, output_type="ndarray")
        assert (chains[pairs[:, 0]] == chains[pairs[:, 1]]).all()
        assert hangs_together([trace[chains == chain] for chain in np.unique(chains)])


def test_domains_of_a_chain_do_not_overlap_either(assemblies):
    for atoms in assemblies.values():
        trace = atoms.coordinates[atoms.names == "CA"]
        pairs = cKDTree(trace).query_pairs(3.9, output_type="ndarray")
        # Within a fold, neighbours along the chain alone come so close; the folds of four helices have tight loops.
        assert (np.abs(pairs[:, 0] - pairs[:, 1]) <= 3).all()


def test_is_as_large_as_a_complex_of_its_mass(assemblies):
    for index, atoms in assemblies.items():
        assert 6.2 < radius_of_gyration(atoms) / MASSES[index] ** (1 / 3) < 9.5
        assert np.linalg.norm(atoms.coordinates, axis=1).max() < 180


@pytest.mark.slow
def test_any_of_a_hundred_can_be_built():
    for index, mass in list(enumerate(np.linspace(156, 1131, 100).tolist()))[3::8]:
        atoms = synthetic_assembly(index, mass)
        assert 6.2 < radius_of_gyration(atoms) / mass ** (1 / 3) < 9.5
        assert np.linalg.norm(atoms.coordinates, axis=1).max() < 180


def test_radii_are_those_of_real_complexes(cache: Path, assemblies):
    real = [
        radius_of_gyration(load_structure(cache / "structures" / f"{name}.pdb.gz")) / mass ** (1 / 3)
        for name, mass in REAL.items()
    ]
    ours = [radius_of_gyration(atoms) / MASSES[index] ** (1 / 3) for index, atoms in assemblies.items()]
    assert min(real) / 1.5 < min(ours)
    assert max(ours) < max(real) * 1.5


def test_no_two_are_alike(assemblies):
    spectra = []
    for atoms in assemblies.values():
        trace = atoms.coordinates[atoms.names == "CA"][::7]
        counts, _ = np.histogram(cdist(trace, trace), bins=np.arange(0, 400, 8))
        spectra.append(counts / counts.sum())
    assert min(abs(a - b).sum() for a, b in combinations(spectra, 2)) > 0.02


def test_two_of_the_same_mass_differ(assemblies):
    turned = assemblies[12].moved(assemblies[12].coordinates @ Rotation.from_rotvec([1.0, 2.0, 3.0]).as_matrix())
    assert likeness(assemblies[12], turned) > 0.7
    assert likeness(assemblies[12], assemblies[13]) < 0.6  # as between complexes of the PDB


def test_is_deterministic(assemblies):
    again = synthetic_assembly(12, 206.0)
    for field in ("coordinates", "weights", "chains", "residues", "names"):
        assert getattr(again, field).tobytes() == getattr(assemblies[12], field).tobytes()


@pytest.mark.parametrize("group", ["C1", "C5", "D3", "T", "O"])
def test_rotations_make_a_group(group):
    turns = _rotations(group)
    np.testing.assert_allclose(turns[0], np.eye(3), atol=1e-12)
    assert len(turns) == {"C1": 1, "C5": 5, "D3": 6, "T": 12, "O": 24}[group]
    products = np.einsum("aij,bjk->abik", turns, turns).reshape(-1, 9)
    assert cKDTree(turns.reshape(-1, 9)).query(products)[0].max() < 1e-9


def test_symmetry_is_that_of_the_title(assemblies):
    """Where nothing is bound to one side, some turn of the group brings the atoms onto themselves."""
    seen = 0
    for atoms in assemblies.values():
        group = atoms.title.split(", ")[2].split()[0]
        nearest, _ = cKDTree(atoms.coordinates).query(atoms.coordinates @ _rotations(group)[-1].T)
        seen += group != "C1" and nearest.max() < 1e-6
    assert seen >= 3


@pytest.mark.parametrize("seed", range(6))
def test_sliding_stops_at_the_first_touch(seed):
    rng = np.random.default_rng(seed)
    moving, fixed = rng.normal(0, 8, (40, 3)), rng.normal(0, 15, (200, 3))
    direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    turns = Rotation.from_rotvec([[0, 0, np.pi]]).as_matrix()
    away, contacts = touching_along(moving, direction, fixed, turns)

    def gap(distance):
        body = moving + distance * direction
        return min(cdist(body, fixed).min(), cdist(body, body @ turns[0].T).min())

    assert gap(away) == pytest.approx(TOUCHING, abs=1e-6)
    assert all(gap(away + step) > TOUCHING for step in np.linspace(0.01, 60, 200))
    body = moving + away * direction
    assert contacts == (cdist(body, fixed) < NEAR).sum() + (cdist(body, body @ turns[0].T) < NEAR).sum()


def test_folds_are_chains_of_left_handed_residues():
    for fold in folds():
        n, ca, c, o, cb, cg, cd = fold.transpose(1, 0, 2)
        assert 95 < len(fold) < 116
        steps = np.linalg.norm(np.diff(ca, axis=0), axis=1)
        assert steps.min() > 3.3
        assert steps.max() < 4.1
        for a, b, length in (
            (n, ca, 1.46),
            (ca, c, 1.52),
            (c, o, 1.23),
            (ca, cb, 1.53),
            (cb, cg, 1.53),
            (cg, cd, 1.53),
        ):
            np.testing.assert_allclose(np.linalg.norm(a - b, axis=1), length, atol=0.16)
        np.testing.assert_allclose(np.linalg.norm(c[:-1] - n[1:], axis=1), 1.33, atol=0.02)
        assert (np.einsum("ri,ri->r", np.cross(n - ca, c - ca), cb - ca) > 0).all()
        np.testing.assert_allclose(ca.mean(axis=0), 0, atol=1e-9)
        assert np.argmax(np.ptp(ca, axis=0)) == 2


def test_helices_are_right_handed_and_hold_their_hydrogen_bonds():
    """O of a residue lies against N of the fourth after it."""
    fold = folds()[6]
    n, ca, _, o, *_ = fold.transpose(1, 0, 2)[:, :22]
    np.testing.assert_allclose(np.linalg.norm(o[:-6] - n[4:-2], axis=1), 2.9, atol=0.25)
    np.testing.assert_allclose(np.linalg.norm(ca[3:] - ca[:-3], axis=1), 5.1, atol=0.3)
    axis = ca[18:].mean(axis=0) - ca[:4].mean(axis=0)
    twist = np.cross(ca[1:-1] - ca[:-2], ca[2:] - ca[1:-1]) @ axis
    assert (twist > 0).all()


@pytest.mark.parametrize(
    ("index", "mass", "message"), [(-1, 200.0, "index is -1"), (0, 10.0, "expected 50 to 2000 kDa")]
)
def test_what_cannot_be_built(index, mass, message):
    with pytest.raises(InputError, match=message):
        synthetic_assembly(index, mass)
