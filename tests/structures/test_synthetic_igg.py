from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from cryobench.structures._beta_sandwich import CONSTANT, SPACING, VARIABLE, strand_traces
from cryobench.structures.synthetic_igg import synthetic_igg

LENGTHS = {"H": 450, "L": 214, "K": 450, "M": 214}


@pytest.fixture(scope="module")
def igg():
    return synthetic_igg()


def backbone(atoms, chain):
    """N, CA, C, O and CB of each residue of a chain, shape (5, R, 3)."""
    return atoms.coordinates[atoms.chains == chain].reshape(-1, 5, 3).transpose(1, 0, 2)


def apart(a, b):
    return np.linalg.norm(b - a, axis=-1)


def pivot(atoms):
    """Position of CA and direction of the CA-C bond of residue 230 of chain H."""
    _, ca, c, _, _ = backbone(atoms, "H")[:, 229]
    return ca, (c - ca) / apart(ca, c)


def turned(atoms, degrees):
    """Coordinates with the Fab of chains H and L turned about the CA-C bond of residue 230."""
    ca, axis = pivot(atoms)
    moving = atoms.select("H", 1, 230) | atoms.select("L", 1, 214)
    coordinates = atoms.coordinates.copy()
    coordinates[moving] = Rotation.from_rotvec(np.deg2rad(degrees) * axis).apply(coordinates[moving] - ca) + ca
    return coordinates, moving


def test_is_deterministic(igg):
    again = synthetic_igg()
    np.testing.assert_array_equal(igg.coordinates, again.coordinates)
    np.testing.assert_array_equal(igg.weights, again.weights)
    assert "not an experimental structure" in igg.title


def test_residues_are_numbered_as_in_an_igg(igg):
    assert list(dict.fromkeys(igg.chains.tolist())) == list(LENGTHS)
    for chain, length in LENGTHS.items():
        chosen = igg.chains == chain
        np.testing.assert_array_equal(igg.residues[chosen], np.repeat(np.arange(1, length + 1), 5))
        np.testing.assert_array_equal(igg.names[chosen], ["N", "CA", "C", "O", "CB"] * length)


def test_weighs_150_kda_in_proportion_to_z(igg):
    assert igg.weights.sum() / 0.535 == pytest.approx(150_000)
    z = np.array([{"N": 7, "O": 8}.get(name, 6) for name in igg.names])
    np.testing.assert_allclose(igg.weights / z, igg.weights[0] / 7)


def test_is_centred_and_as_large_as_an_igg(igg):
    np.testing.assert_allclose(igg.centre(), 0, atol=1e-9)
    assert 80 < np.linalg.norm(igg.coordinates, axis=1).max() < 100
    fab = igg.coordinates[igg.select("H", 1, 219) | igg.select("L", 1, 214)]
    fc = igg.coordinates[igg.select("H", 246, 450) | igg.select("K", 246, 450)]
    for part, expected in ((fab, (80, 50, 40)), (fc, (80, 70, 35))):
        _, directions = np.linalg.eigh(np.cov(part.T))
        np.testing.assert_allclose(np.ptp(part @ directions, axis=0)[::-1], expected, atol=12)


@pytest.mark.parametrize("chain", LENGTHS)
def test_chain_is_continuous_with_the_bonds_of_a_protein(igg, chain):
    n, ca, c, o, cb = backbone(igg, chain)
    steps = apart(ca[:-1], ca[1:])
    assert steps.min() > 3.5
    assert steps.max() < 4.1
    for bond, length in ((apart(n, ca), 1.46), (apart(ca, c), 1.52), (apart(ca, cb), 1.53), (apart(c, o), 1.23)):
        np.testing.assert_allclose(bond, length, atol=0.15)
    np.testing.assert_allclose(apart(c[:-1], n[1:]), 1.33, atol=0.01)


def test_nothing_overlaps(igg):
    ca = igg.names == "CA"
    pairs = cKDTree(igg.coordinates[ca]).query_pairs(3.9, output_type="ndarray")
    same_chain = igg.chains[ca][pairs[:, 0]] == igg.chains[ca][pairs[:, 1]]
    np.testing.assert_array_equal((pairs[:, 1] - pairs[:, 0])[same_chain], 1)
    assert same_chain.all()


def test_amino_acids_are_left_handed(igg):
    n, ca, c, _, cb = backbone(igg, "H")
    # Seen with the hydrogen towards the viewer, CO, R and N follow each other clockwise.
    assert (np.einsum("ri,ri->r", np.cross(n - ca, c - ca), cb - ca) > 0).all()


def test_side_chains_of_a_strand_alternate(igg):
    _, ca, _, _, cb = backbone(igg, "H")[:, 351:355]
    out = cb - ca
    assert (np.einsum("ri,ri->r", out[:-1], out[1:]) < 0).all()


@pytest.mark.parametrize(("topology", "n_residues"), [(CONSTANT, 9), (VARIABLE, 7)])
def test_strands_make_two_antiparallel_sheets(topology, n_residues):
    traces = strand_traces(topology, n_residues)
    directions = traces[:, -1] - traces[:, 0]
    sheets = [sorted((place, k) for k, (s, place) in enumerate(topology) if s == sheet) for sheet in (0, 1)]
    spacings = []
    for sheet in sheets:
        for (_, k), (_, neighbour) in pairwise(sheet):
            # The ends of a strand may have no residue beside them.
            spacings.append(cdist(traces[k], traces[neighbour]).min(axis=1)[2:-2])
            assert directions[k] @ directions[neighbour] < 0
    assert np.median(np.concatenate(spacings)) == pytest.approx(SPACING, abs=0.4)
    np.testing.assert_allclose(np.concatenate(spacings), SPACING, atol=1.3)
    below, above = (traces[[k for _, k in sheet]].reshape(-1, 3) for sheet in sheets)
    assert 8 < np.median(cdist(below, above).min(axis=1)) < 11


def test_sheets_cross_by_minus_30_degrees():
    traces = strand_traces(((0, 0.0), (0, 1.0), (1, 0.0)), 9)
    below, _, above = traces[:, -2:].mean(axis=1) - traces[:, :2].mean(axis=1)
    assert np.rad2deg(np.arctan2(np.cross(below, above)[2], below @ above)) == pytest.approx(-30, abs=5)


def test_fab_sweeps_a_wide_ring(igg):
    ca, axis = pivot(igg)
    fab = igg.coordinates[igg.select("H", 1, 219) | igg.select("L", 1, 214)]
    long_axis = np.linalg.eigh(np.cov(fab.T))[1][:, -1]
    assert np.rad2deg(np.arccos(abs(long_axis @ axis))) > 60
    assert np.linalg.norm(np.cross(fab.mean(axis=0) - ca, axis)) > 35


@pytest.mark.parametrize("degrees", range(0, 360, 10))
def test_turned_fab_clashes_with_nothing_and_stays_in_the_box(igg, degrees):
    coordinates, moving = turned(igg, degrees)
    ca = igg.names == "CA"
    junction = igg.select("H", 228, 233)
    fab, rest = coordinates[moving & ca & ~junction], coordinates[~moving & ca & ~junction]
    assert cdist(fab, rest).min() > 4
    assert np.linalg.norm(coordinates, axis=1).max() < 105


def test_half_a_turn_is_no_symmetry(igg):
    coordinates, moving = turned(igg, 180)
    nearest, _ = cKDTree(igg.coordinates).query(coordinates[moving])
    assert np.median(nearest) > 20
