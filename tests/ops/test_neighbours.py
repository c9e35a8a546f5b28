"""Neighbours, ranks and overlaps against plain numpy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from cryobench.core import InputError
from cryobench.ops.distances import BLOCK, prepare_space
from cryobench.ops.neighbours import Neighbours, nearest_neighbours, neighbour_rows
from cryobench.ops.overlaps import overlap_counts
from cryobench.ops.ranks import rank_rows
from cryobench.ops.threads import get_threads, set_threads


def squares_of(points: np.ndarray) -> np.ndarray:
    """Squared distances in double precision, column by column; a point is infinitely far from itself."""
    points = points.astype(np.float64)
    squares = np.zeros((len(points), len(points)))
    for column in points.T:
        squares += (column[:, None] - column) ** 2
    np.fill_diagonal(squares, np.inf)
    return squares


def by_argsort(points: np.ndarray) -> np.ndarray:
    return np.argsort(squares_of(points), axis=1, kind="stable")[:, :-1]


def ranks_by_argsort(points: np.ndarray) -> np.ndarray:
    order = np.argsort(squares_of(points), axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, len(points) + 1)[None] + np.zeros_like(order), axis=1)
    return ranks


KINDS = {
    "normal": lambda rng, n, d: rng.normal(size=(n, d)),
    "single precision": lambda rng, n, d: rng.normal(size=(n, d)).astype(np.float32),
    "on a lattice": lambda rng, n, d: rng.integers(0, 3, size=(n, d)).astype(np.float64),
    "in groups of equal points": lambda rng, n, d: (
        rng.normal(size=(max(1, n // 9), d))[rng.integers(0, max(1, n // 9), n)]
    ),
    "all but equal": lambda rng, n, d: np.ones((n, d)) + 1e-12 * rng.integers(0, 50, size=(n, d)),
    "all equal": lambda rng, n, d: np.full((n, d), 0.1),
    "clusters too tight for single precision": lambda rng, n, d: (
        rng.normal(size=(4, d))[rng.integers(0, 4, n)] + 1e-9 * rng.normal(size=(n, d))
    ),
    "far from the origin": lambda rng, n, d: 1e6 + 1e-3 * rng.normal(size=(n, d)),
    "one far outlier": lambda rng, n, d: np.concatenate((rng.normal(size=(n - 1, d)), np.full((1, d), 1e7))),
    "heavy tails": lambda rng, n, d: rng.standard_t(1, size=(n, d)),
    "a constant column": lambda rng, n, d: np.column_stack((rng.normal(size=(n, d)), np.full(n, 3.0))),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 150), d=st.integers(1, 33), fraction=st.floats(0, 1))
@example(seed=0, n=2, d=1, fraction=1.0)
@example(seed=1, n=1500, d=3, fraction=0.01)
@example(seed=2, n=1100, d=8, fraction=0.3)
@settings(max_examples=20, deadline=None)
def test_they_are_those_of_a_stable_argsort(kind: str, seed: int, n: int, d: int, fraction: float) -> None:
    points = KINDS[kind](np.random.default_rng(seed), n, d)
    k = 1 + round(fraction * (n - 2))
    np.testing.assert_array_equal(nearest_neighbours(points, k).indices, by_argsort(points)[:, :k])


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 150), d=st.integers(1, 33), k=st.integers(1, 40))
@example(seed=1, n=1500, d=3, k=7)
@settings(max_examples=15, deadline=None)
def test_ranks_are_those_of_a_stable_argsort(kind: str, seed: int, n: int, d: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    points = KINDS[kind](rng, n, d)
    others = by_argsort(rng.normal(size=(n, 2)))[:, :k].astype(np.int32)
    expected = np.take_along_axis(ranks_by_argsort(points), others, axis=1)
    np.testing.assert_array_equal(rank_rows(prepare_space(points), others, 0), expected)


@given(seed=st.integers(0, 10_000), n=st.integers(3, 200), d=st.integers(1, 32))
@settings(max_examples=30, deadline=None)
def test_distances_are_those_of_scikit_learn(seed: int, n: int, d: int) -> None:
    points = np.random.default_rng(seed).integers(-2, 3, size=(n, d)) * 0.1
    k = min(n - 1, 7)
    distances, _ = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(points).kneighbors()
    found = nearest_neighbours(points, k).indices
    np.testing.assert_allclose(np.linalg.norm(points[found] - points[:, None], axis=2), distances, atol=1e-7)


@given(seed=st.integers(0, 10_000), n=st.integers(2, 80))
@settings(max_examples=30, deadline=None)
def test_overlaps_are_those_of_sets(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = (by_argsort(rng.integers(0, 5, size=(n, 2))).astype(np.int32) for _ in range(2))
    counts = np.unique(rng.integers(1, n, size=5))
    found = overlap_counts(first, second, counts, n)
    for c, k in enumerate(counts):
        expected = [len(set(a[:k]) & set(b[:k])) for a, b in zip(first.tolist(), second.tolist(), strict=True)]
        np.testing.assert_array_equal(found[:, c], expected)


def test_ties_go_to_the_smaller_index() -> None:
    points = np.array([[0.0], [1.0], [1.0], [1.0], [-1.0]])
    np.testing.assert_array_equal(nearest_neighbours(points, 3).indices[0], [1, 2, 3])
    np.testing.assert_array_equal(nearest_neighbours(points, 2).indices[3], [1, 2])


@pytest.mark.parametrize("scale", [2.0**-700, 2.0**1000])
def test_scale_changes_nothing_however_large(scale: float) -> None:
    points = np.random.default_rng(0).normal(size=(300, 3))
    expected = nearest_neighbours(points, 20).indices
    np.testing.assert_array_equal(nearest_neighbours(scale * points, 20).indices, expected)


def test_a_sample_that_misleads_is_made_good() -> None:
    n = 4 * BLOCK
    points = np.random.default_rng(0).normal(size=(n, 2))
    points[::4] = 1e-3 * points[::4]  # those of the sample are all near each other, and to others they are not near
    for k in (1, 100, 1000):
        np.testing.assert_array_equal(nearest_neighbours(points, k).indices, by_argsort(points)[:, :k])


def test_parts_and_threads_change_nothing() -> None:
    rng = np.random.default_rng(3)
    points, threads = rng.normal(size=(1300, 5)).round(1), get_threads()
    space = prepare_space(points)
    whole = nearest_neighbours(points, 40).indices
    ranks = rank_rows(space, whole, 0)
    try:
        set_threads(1)
        for start, stop in ((0, 1), (5, 700), (1290, 1300)):
            np.testing.assert_array_equal(neighbour_rows(space, 40, start, stop), whole[start:stop])
            np.testing.assert_array_equal(rank_rows(space, whole[start:stop], start), ranks[start:stop])
    finally:
        set_threads(threads)
    np.testing.assert_array_equal(ranks, np.arange(1, 41)[None] + np.zeros_like(ranks))


def test_neighbours_are_shared_by_their_first() -> None:
    points = np.random.default_rng(4).normal(size=(50, 3))
    found = nearest_neighbours(points, 20)
    assert (len(found), found.k) == (50, 20)
    np.testing.assert_array_equal(found.first(6).indices, nearest_neighbours(points, 6).indices)
    for k in (0, 21):
        with pytest.raises(InputError, match="choose from 1 to 20"):
            found.first(k)


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        (np.zeros(3, np.int32), "shape"),
        (np.ones((3, 1)), "float64"),
        (np.ones((2, 2), np.int32), "k from 1 to n - 1"),
        (np.array([[1], [3], [0]], np.int32), "there are 3 points"),
        (np.array([[1], [1], [0]], np.int32), "its own neighbours"),
    ],
)
def test_neighbours_are_checked(indices: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Neighbours(indices)


@pytest.mark.parametrize("k", [0, 5])
def test_out_of_range(k: int) -> None:
    with pytest.raises(InputError, match="choose from 1 to 4"):
        nearest_neighbours(np.zeros((5, 2)), k)


@pytest.mark.parametrize("points", [np.zeros((1, 2)), np.zeros((5, 0)), np.zeros(5)])
def test_points_have_rows_and_columns(points: np.ndarray) -> None:
    with pytest.raises(InputError, match="at least 2 points"):
        nearest_neighbours(points, 1)


def test_what_is_not_a_number_is_named() -> None:
    points = np.zeros((5, 2))
    points[3, 1] = np.nan
    with pytest.raises(InputError, match=r"index \(3, 1\)"):
        nearest_neighbours(points, 1)
