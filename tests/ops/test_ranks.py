"""Ranks and sums of distances against matrices of all of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from cryobench.core import InputError
from cryobench.ops.distance_sums import distance_sums
from cryobench.ops.neighbour_ranks import neighbour_ranks
from cryobench.ops.neighbours import nearest_neighbours

SEEDS = st.integers(0, 10_000)


def ranks_of(points: np.ndarray) -> np.ndarray:
    """Return the rank of every point from every other, by sorting; that of a point from itself is 0."""
    ranks = np.empty((len(points), len(points)), int)
    for i, point in enumerate(points.astype(float)):
        squares = sum((points[:, d].astype(float) - point[d]) ** 2 for d in range(points.shape[1]))
        squares = squares + np.where(np.arange(len(points)) == i, -np.inf, 0)
        ranks[i, np.argsort(squares, kind="stable")] = np.arange(len(points))
    return ranks


@given(seed=SEEDS, n=st.integers(2, 70), d=st.integers(1, 5), grid=st.booleans())
@settings(max_examples=60, deadline=None)
def test_ranks_are_those_of_a_full_sort(seed: int, n: int, d: int, grid: bool) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, d)).astype(np.float32)
    if grid:
        points = np.round(points)  # many ties and duplicates
    k = int(rng.integers(1, n))
    indices = np.array([rng.permutation(np.delete(np.arange(n), i))[:k] for i in range(n)])
    expected = np.take_along_axis(ranks_of(points), indices, axis=1)
    np.testing.assert_array_equal(neighbour_ranks(points, indices), expected)


def test_neighbours_have_the_first_ranks() -> None:
    points = np.round(np.random.default_rng(0).normal(size=(1500, 2)), 1)
    ranks = neighbour_ranks(points, nearest_neighbours(points, 40).indices)
    np.testing.assert_array_equal(ranks, np.tile(np.arange(1, 41), (1500, 1)))


@pytest.mark.parametrize("scale", [0.0, 1e-170, 1e-3, 1e150])
def test_ranks_at_extreme_scales(scale: float) -> None:
    points = scale * np.random.default_rng(0).normal(size=(40, 3))
    indices = np.array([np.delete(np.arange(40), i) for i in range(40)])
    expected = np.take_along_axis(ranks_of(points), indices, axis=1)
    np.testing.assert_array_equal(neighbour_ranks(points, indices), expected)


def test_ranks_need_sound_indices() -> None:
    points = np.zeros((3, 1))
    with pytest.raises(InputError, match="row 1: a point has no rank from itself"):
        neighbour_ranks(points, np.array([[1], [1], [0]]))
    with pytest.raises(InputError, match="expected 0 to 2"):
        neighbour_ranks(points, np.array([[1], [3], [0]]))
    with pytest.raises(InputError, match="2 rows of indices for 3 points"):
        neighbour_ranks(points, np.array([[1], [0]]))


@pytest.mark.parametrize("n", [511, 512, 1100])
def test_distance_sums_over_several_blocks(n: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=(n, 3)), rng.normal(size=(n, 1))
    a, b = cdist(x, x), cdist(y, y)
    expected = [m.sum(axis=1) for m in (a, b, a * a, b * b, a * b)]
    np.testing.assert_allclose(distance_sums(x, y), expected, rtol=1e-12)
