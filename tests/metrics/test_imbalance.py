"""Information imbalance against dadapy's numbers, a full sort, and spaces whose imbalance is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from cryobench.core import InputError
from cryobench.metrics import (
    conditional_ranks,
    ctf_space,
    imbalance_per_point,
    imbalance_plane,
    information_imbalance,
    nearest_neighbours,
    rotation_space,
    subsampled_imbalance,
)
from cryobench.metrics._imbalance_plane import imbalance_of_parts


@pytest.mark.parametrize("k", [1, 3])
def test_whole_sets_are_those_of_dadapy(published: Path, k: int) -> None:
    data = np.load(published / "e_information_imbalance.npz")
    n = int(data["n_first"])
    found = information_imbalance(data["z1"][:n], data["z2"][:n], k)
    np.testing.assert_allclose(found, data[f"ii_k{k}"][:, 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("k", [1, 3])
def test_errors_of_subsets_are_those_of_dadapy(published: Path, k: int) -> None:
    data = np.load(published / "e_information_imbalance.npz")
    parts = np.random.default_rng(42).choice(1000, 1000, replace=False).reshape(4, 250)  # what dadapy draws by default
    found = imbalance_of_parts(data["z1"], data["z2"], k, parts)
    expected = data[f"ii_sub250_n1000_k{k}"]
    np.testing.assert_allclose([found.a_to_b, found.b_to_a], expected[:, 0], rtol=0, atol=1e-12)
    np.testing.assert_allclose([found.a_to_b_error, found.b_to_a_error], expected[:, 1], rtol=0, atol=1e-12)
    assert (found.size, found.subsets) == (250, 4)


@given(seed=st.integers(0, 10_000), n=st.integers(3, 60), k=st.integers(1, 60), lattice=st.booleans())
@settings(max_examples=40, deadline=None)
def test_it_is_that_of_a_full_sort(seed: int, n: int, k: int, lattice: bool) -> None:
    rng = np.random.default_rng(seed)
    spaces = [rng.normal(size=(n, 2)), rng.normal(size=(n, 3))]
    if lattice:
        spaces = [space.round() + np.eye(n, space.shape[1]) for space in spaces]  # ties, but not all equal
    k = min(k, n - 1)
    orders = [nearest_neighbours(space, n - 1).indices for space in spaces]
    ranks = [np.argsort(np.column_stack((np.arange(n), order)), axis=1) for order in orders]
    contributions = [np.take_along_axis(ranks[1 - s], orders[s][:, :k], axis=1).mean(axis=1) * 2 / n for s in (0, 1)]
    found = imbalance_per_point(spaces[0], spaces[1], k)
    np.testing.assert_allclose(found, contributions, rtol=1e-12)
    np.testing.assert_allclose(information_imbalance(spaces[0], spaces[1], k), np.mean(found, axis=1), rtol=1e-12)
    np.testing.assert_array_equal(
        conditional_ranks(spaces[1], nearest_neighbours(spaces[0], k)),
        np.take_along_axis(ranks[1], orders[0][:, :k], axis=1),
    )


def test_ends_are_known() -> None:
    rng = np.random.default_rng(0)
    n = 2000
    a, b = rng.normal(size=(n, 3)), rng.normal(size=(n, 3))
    assert information_imbalance(a, a) == (2 / n, 2 / n)
    # The rank of any one point among n - 1 is uniform: its mean is n/2.
    np.testing.assert_allclose(information_imbalance(a, b), 1.0, atol=5 * np.sqrt(1 / 3 / n) * 2)
    whole, part = information_imbalance(np.column_stack((a, b)), a)
    assert whole < part


def test_clusters_of_equal_points_end_at_one_over_their_number() -> None:
    states = np.repeat(np.arange(10.0), 200)[:, None]
    spread = states + 1e-3 * np.random.default_rng(0).normal(size=states.shape)
    np.testing.assert_allclose(information_imbalance(states, spread), 0.1, atol=0.02)


def test_parts_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(900, 2)), rng.normal(size=(900, 3))
    whole = imbalance_per_point(a, b, 4)
    monkeypatch.setattr("cryobench.metrics._imbalance._PART", 1)
    np.testing.assert_array_equal(imbalance_per_point(a, b, 4), whole)


def test_subsets_repeat_and_cover_the_spread_of_draws() -> None:
    rng = np.random.default_rng(1)
    a = rng.normal(size=(4000, 2))
    b = a + 0.5 * rng.normal(size=a.shape)
    first, again = subsampled_imbalance(a, b, size=200, seed=7), subsampled_imbalance(a, b, size=200, seed=7)
    assert first == again
    assert first.subsets == 20
    others = np.array([subsampled_imbalance(a, b, size=200, seed=s).a_to_b for s in range(20)])
    assert others.std() < 2 * first.a_to_b_error  # all drawn from the same points
    assert abs(others.mean() - first.a_to_b) < 4 * first.a_to_b_error
    with pytest.raises(InputError, match="choose a size from 2 to 2000"):
        subsampled_imbalance(a, b, size=2001)


def test_the_plane_tells_conformation_from_nuisance() -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(size=(800, 1))
    rotations = Rotation.random(800, rng=rng).as_matrix()
    table = np.tile([15000.0, 15000.0, 30.0, 300.0, 2.7, 0.1, 0.0], (800, 1))
    table[:, 0] += rng.uniform(0, 10000, 800)
    spaces = {"truth": truth, "pose": rotation_space(rotations), "CTF": ctf_space(table)}
    latent = np.column_stack((truth**3, 0.05 * rng.normal(size=800)))
    plane = {point.space: point for point in imbalance_plane(latent, spaces)}
    assert plane["truth"].to_space < 0.2
    for nuisance in ("pose", "CTF"):
        assert plane[nuisance].to_space > 0.9
        assert plane[nuisance].from_space > 0.9
    assert (plane["CTF"].to_space, plane["CTF"].from_space) == information_imbalance(latent, spaces["CTF"])


def test_rotations_are_as_far_as_their_angle() -> None:
    turns = Rotation.random(40, rng=np.random.default_rng(0))
    points = rotation_space(turns.as_matrix())
    angles = np.array([[(x.inv() * y).magnitude() for y in turns] for x in turns])
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    np.testing.assert_allclose(apart, np.sqrt(8) * np.sin(angles / 2), atol=1e-7)


def test_ctf_space_knows_that_angles_are_periodic() -> None:
    rng = np.random.default_rng(3)
    table = np.tile([15000.0, 14000.0, 0.0, 300.0, 2.7, 0.1, 0.0], (50, 1))
    table[:, :2] += rng.uniform(0, 5000, (50, 1))
    table[:, 2] = rng.uniform(0, 180, 50)
    table[:, 6] = rng.uniform(0, 90, 50)
    points = ctf_space(table)
    assert points.shape == (50, 4)
    np.testing.assert_allclose(points[:, :3].var(axis=0).sum(), 1)
    np.testing.assert_allclose(points[:, 3].std(), 1)
    turned, swapped = table.copy(), table.copy()
    turned[:25, 2] += 180
    np.testing.assert_allclose(ctf_space(turned), points, atol=1e-9)
    swapped[:25, :2] = table[:25, 1::-1]  # V is the defocus at a right angle to U
    swapped[:25, 2] += 90
    np.testing.assert_allclose(ctf_space(swapped), points, atol=1e-9)
    with pytest.raises(InputError, match="no CTF parameter varies"):
        ctf_space(np.tile(table[:1], (50, 1)))


def test_a_constant_space_is_refused() -> None:
    a = np.random.default_rng(0).normal(size=(30, 2))
    with pytest.raises(InputError, match="all points of the second space are equal"):
        information_imbalance(a, np.full((30, 3), 0.1))
    with pytest.raises(InputError, match="all points of the first space are equal"):
        imbalance_per_point(np.full((30, 3), 0.1), a)


def test_what_does_not_fit_is_refused() -> None:
    a = np.random.default_rng(0).normal(size=(30, 2))
    with pytest.raises(InputError, match="30 and 29 points"):
        information_imbalance(a, a[:29])
    with pytest.raises(InputError, match="choose from 1 to 29"):
        information_imbalance(a, a, 30)
    with pytest.raises(InputError, match="30 and 29 points"):
        conditional_ranks(a[:29], nearest_neighbours(a, 2))
