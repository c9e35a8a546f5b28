from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from cryobench.core import InputError
from cryobench.structures import Atoms
from cryobench.structures._near_rigid import NearRigid
from cryobench.structures.load import load_structure
from cryobench.structures.normal_modes import LEAST_COLLECTIVITY, _settled, collectivity, normal_modes
from cryobench.structures.synthetic_igg import synthetic_igg


def chain_of(points, names=None, numbers=None) -> Atoms:
    """One CA (or other atom) a residue."""
    n = len(points)
    return Atoms(
        coordinates=np.asarray(points, dtype=np.float64),
        weights=np.full(n, 6.0),
        numbers=np.full(n, 6) if numbers is None else numbers,
        b_factors=np.zeros(n),
        chains=np.full(n, "A"),
        residues=np.arange(1, n + 1),
        residue_names=np.full(n, "ALA"),
        names=np.full(n, "CA") if names is None else names,
        title="chain",
    )


def cloud(n=60, seed=0):
    return np.random.default_rng(seed).uniform(-12, 12, (n, 3))


def dense_hessian(points, cutoff):
    """Equations 3 to 6 of Atilgan et al., one pair at a time."""
    n = len(points)
    hessian = np.zeros((n, n, 3, 3))
    for i, j in combinations(range(n), 2):
        between = points[j] - points[i]
        if between @ between <= cutoff**2:
            block = np.outer(between, between) / (between @ between)
            hessian[i, j] = hessian[j, i] = -block
            hessian[i, i] += block
            hessian[j, j] += block
    return hessian.transpose(0, 2, 1, 3).reshape(3 * n, 3 * n)


def lengths(coordinates, pairs):
    return np.linalg.norm(coordinates[pairs[:, 0]] - coordinates[pairs[:, 1]], axis=1)


def bonds_and_clashes(atoms, coordinates):
    """Changes of all bonds in Å, and the number of other pairs closer than 2 Å."""
    bonded = cKDTree(atoms.coordinates).query_pairs(2.0, output_type="ndarray")
    close = cKDTree(coordinates).query_pairs(2.0)
    return np.abs(lengths(coordinates, bonded) - lengths(atoms.coordinates, bonded)), len(
        close - set(map(tuple, bonded.tolist()))
    )


@pytest.fixture(scope="module")
def igg():
    return normal_modes(synthetic_igg())


def test_modes_are_those_of_the_dense_network():
    points = cloud()
    found = normal_modes(chain_of(points), n_modes=5)
    values, vectors = scipy.linalg.eigh(dense_hessian(points, 15.0))
    assert abs(values[:6]).max() < 1e-10
    shapes = vectors.T[6:].reshape(-1, 60, 3)
    collective = collectivity(shapes) >= LEAST_COLLECTIVITY
    np.testing.assert_allclose(found.eigenvalues, values[6:][collective][:5], rtol=1e-9)
    overlaps = np.einsum("kni,kni->k", found.modes, shapes[collective][:5]) / np.sqrt(60)
    np.testing.assert_allclose(abs(overlaps), 1, atol=1e-9)


def test_an_amplitude_is_a_displacement_in_angstrom(igg):
    np.testing.assert_allclose(np.mean(np.sum(igg.modes**2, axis=2), axis=1), 1)
    gram = np.einsum("kni,lni->kl", igg.modes, igg.modes) / igg.modes.shape[1]
    np.testing.assert_allclose(gram, np.eye(10), atol=1e-6)


def test_collectivity_is_the_share_that_moves():
    modes = np.zeros((3, 8, 3))
    modes[0, 2] = [1, 2, 3]
    modes[1, :4, 1] = 1
    modes[2] = 5
    np.testing.assert_allclose(collectivity(modes), [1 / 8, 1 / 2, 1])


def test_modes_do_not_depend_on_the_solvers_choice():
    """Any basis of the same space of equal eigenvalues gives the same modes."""
    rng = np.random.default_rng(1)
    values = np.array([1.0, 2.0, 2.0, 2.0, 3.0, 9.0])
    vectors = np.linalg.qr(rng.normal(size=(30, 6)))[0]
    other = vectors.copy()
    other[:, 1:4] = vectors[:, 1:4] @ Rotation.from_rotvec([1, 2, 3]).as_matrix()
    other[:, 4] *= -1
    kept, modes = _settled(values, vectors)
    np.testing.assert_array_equal(kept, values[:5])  # of the last, others may lie beyond
    np.testing.assert_allclose(_settled(values, other)[1], modes, atol=1e-12)
    np.testing.assert_allclose(abs(modes[0].ravel() @ vectors[:, 0]), 1)


def test_the_answer_is_the_same_every_time(igg):
    again = normal_modes(synthetic_igg())
    np.testing.assert_array_equal(igg.modes, again.modes)
    amplitudes = igg.amplitudes(5.0, 3, 7)
    np.testing.assert_array_equal(igg.displaced(amplitudes), again.displaced(again.amplitudes(5.0, 3, 7)))
    assert (amplitudes != igg.amplitudes(5.0, 3, 8)).all()
    assert (amplitudes != igg.amplitudes(5.0, 4, 7)).all()


def test_amplitudes_have_the_spread_of_thermal_equilibrium(igg):
    drawn = np.array([igg.amplitudes(4.0, 0, i) for i in range(4000)])
    assert np.sqrt(np.mean(np.sum(drawn**2, axis=1))) == pytest.approx(4.0, rel=0.05)
    np.testing.assert_allclose(
        drawn.var(axis=0) * igg.eigenvalues / (drawn[:, 0].var() * igg.eigenvalues[0]), 1, rtol=0.1
    )
    correlations = np.corrcoef(drawn.T) - np.eye(10)
    assert abs(correlations).max() < 0.07


def test_bonds_do_not_break(igg):
    atoms = igg.atoms
    np.testing.assert_allclose(igg.displaced(np.zeros(10)), atoms.coordinates, atol=1e-10)
    ca = np.flatnonzero(atoms.names == "CA")
    steps = np.stack([ca[:-1], ca[1:]], axis=1)[atoms.chains[ca[:-1]] == atoms.chains[ca[1:]]]
    for index in range(5):
        amplitudes = igg.amplitudes(5.0, 0, index)
        coordinates = igg.displaced(amplitudes)
        moved = np.sqrt(np.mean(np.sum((coordinates - atoms.coordinates) ** 2, axis=1)))
        assert moved == pytest.approx(np.linalg.norm(amplitudes), rel=0.12)
        assert abs(lengths(coordinates, steps) - lengths(atoms.coordinates, steps)).max() < 0.15
        changes, clashes = bonds_and_clashes(atoms, coordinates)
        assert changes.max() < 0.2
        assert clashes < 12


def test_a_residue_is_a_rigid_body(igg):
    atoms = igg.atoms
    coordinates = igg.displaced(igg.amplitudes(8.0, 0, 0))
    for start in range(0, len(atoms), 505):
        here = slice(start, start + 5)
        pairs = np.array(list(combinations(range(5), 2)))
        np.testing.assert_allclose(
            lengths(coordinates[here], pairs), lengths(atoms.coordinates[here], pairs), atol=1e-9
        )


@given(
    rotation=st.tuples(*[st.floats(-3, 3)] * 3),
    shift=st.tuples(*[st.floats(-50, 50)] * 3),
    seed=st.integers(0, 5),
)
@settings(max_examples=25, deadline=None)
def test_rigid_motions_are_kept(rotation, shift, seed):
    points = cloud(seed=seed)
    network = NearRigid.of(points, cKDTree(points).query_pairs(15.0, output_type="ndarray").astype(np.int64))
    turn = Rotation.from_rotvec(rotation).as_matrix()
    placed, turns = network.follow(points @ turn.T + shift)
    np.testing.assert_allclose(placed, points @ turn.T + shift, atol=1e-9)
    np.testing.assert_allclose(turns, np.broadcast_to(turn, turns.shape), atol=1e-9)


def test_what_has_no_node_moves_with_the_nearest():
    points = np.vstack([cloud(40), [[30.0, 0, 0]]])
    nearest = int(np.argmin(np.linalg.norm(points[:40] - points[40], axis=1)))
    names, numbers = np.full(41, "CA", dtype="U3"), np.full(41, 6)
    names[:20] = "C1'"
    numbers[40] = 20  # a calcium ion, whose atom has the name of a carbon
    found = normal_modes(chain_of(points, names, numbers), n_modes=2)
    np.testing.assert_array_equal(found.nodes, [*range(40), nearest])


def test_residues_that_share_a_number_are_told_apart():
    atoms = chain_of(cloud(40))
    residues = atoms.residues.copy()
    residues[10:13] = 10  # 10, 10A and 10B
    shared = Atoms(**{**vars(atoms), "residues": residues})
    np.testing.assert_array_equal(normal_modes(shared, n_modes=2).nodes, np.arange(40))


@pytest.mark.parametrize(
    ("points", "n_modes", "message"),
    [
        (cloud(8), 10, "8 residues .* are too few for 10 modes"),
        (np.vstack([cloud(40), cloud(30) + 100]), 2, r"falls into 2 parts .*the smallest has 30 residues, with A:41\)"),
        (np.vstack([cloud(40), [[25.0, 0, 0]]]), 2, "cost nothing, expected the six"),
        (cloud(40), 0, "n_modes is 0"),
    ],
)
def test_networks_that_will_not_do(points, n_modes, message):
    with pytest.raises(InputError, match=message):
        normal_modes(chain_of(points), n_modes=n_modes)


def test_arguments_that_will_not_do(igg):
    with pytest.raises(InputError, match="rmsd"):
        igg.amplitudes(0.0, 0, 0)
    with pytest.raises(InputError, match="cutoff"):
        normal_modes(igg.atoms, cutoff=-1.0)
    with pytest.raises(InputError, match=r"amplitudes has shape \(3,\)"):
        igg.displaced(np.zeros(3))


def test_few_collective_modes_are_reported(monkeypatch):
    monkeypatch.setattr("cryobench.structures.normal_modes.LEAST_COLLECTIVITY", 0.95)
    with pytest.raises(
        InputError, match=r"of the \d+ softest motions 0 move a fifth of the residues, 5 were asked for"
    ):
        normal_modes(chain_of(cloud(40)), n_modes=5)


@pytest.mark.slow
def test_the_spike_keeps_its_geometry(cache: Path):
    """PDB 6VXX: 2,916 residues with glycans."""
    atoms = load_structure(cache / "structures" / "6vxx.pdb.gz")
    found = normal_modes(atoms)
    assert found.modes.shape == (10, 2916, 3)
    _, at_rest = bonds_and_clashes(atoms, atoms.coordinates)
    for index in range(3):
        changes, clashes = bonds_and_clashes(atoms, found.displaced(found.amplitudes(3.0, 0, index)))
        assert changes.max() < 0.5
        assert clashes - at_rest < 30
