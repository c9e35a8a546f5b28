"""Exact nearest neighbours.

For each query a sample of the points gives a square that about enough points lie below. One pass over all points
collects those; they are selected, sorted, and settled in double precision where single precision leaves doubt. Should
the guess have been too small, the pass is made again with a larger one, so the result never depends on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
from jaxtyping import Float, Int32

from cryobench.core.checks import require_shape
from cryobench.core.errors import InputError
from cryobench.ops.bitmasks import lowest_bit, within
from cryobench.ops.distances import FARTHEST, Space, block_squares, prepare_space, reach
from cryobench.ops.ordering import select, settle, sort_candidates

_TILE = 8
_STRIPS_A_THREAD = 4


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest other points of each point, nearest first.

    Parameters
    ----------
    indices
        Shape (n, k), int32: row i holds the k nearest other points of point i. Ties go to the smaller index.

    Raises
    ------
    InputError
        If the indices have another shape or type, name no point, or name the point itself.
    """

    indices: Int32[np.ndarray, "n k"]

    def __post_init__(self) -> None:
        require_shape("neighbours", self.indices, (None, None))
        n, k = self.indices.shape
        if self.indices.dtype != np.int32 or not 1 <= k < n:
            raise InputError(
                f"neighbours are {self.indices.dtype} of shape {self.indices.shape}: expected int32 of shape (n, k) "
                "with k from 1 to n - 1"
            )
        if self.indices.min() < 0 or self.indices.max() >= n:
            raise InputError(f"neighbours run from {self.indices.min()} to {self.indices.max()}: there are {n} points")
        if (self.indices == np.arange(n, dtype=np.int32)[:, None]).any():
            raise InputError("a point is among its own neighbours: leave it out")

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def k(self) -> int:
        """Number of neighbours of each point."""
        return int(self.indices.shape[1])

    def first(self, k: int) -> Neighbours:
        """Return the nearest k of them, a view.

        Raises
        ------
        InputError
            If k is not from 1 to the number that is held.
        """
        if not 1 <= k <= self.k:
            raise InputError(f"{k} neighbours asked for of {self.k}: choose from 1 to {self.k}")
        return Neighbours(self.indices[:, :k])


def nearest_neighbours(points: Float[np.ndarray, "n d"], k: int) -> Neighbours:
    """Return the k nearest other points of each point.

    Distances are Euclidean, in double precision. Ties go to the smaller index, so of several equal points each has the
    others as its first neighbours, in the order of their indices. A point is not its own neighbour.

    The result takes 4 n k bytes; :func:`neighbour_rows` gives a part of it.

    Parameters
    ----------
    points
        Shape (n, d), any float type.
    k
        From 1 to n - 1.

    Raises
    ------
    InputError
        If k is out of range or a value is not finite.
    """
    space = prepare_space(points, "the points")
    require_neighbours(len(space), k)
    return Neighbours(neighbour_rows(space, k, 0, len(space)))


def require_neighbours(n: int, k: int) -> None:
    """Raise unless n points have k neighbours each.

    Raises
    ------
    InputError
        Naming both numbers.
    """
    if not isinstance(k, int | np.integer) or isinstance(k, bool) or not 1 <= k < n:
        raise InputError(f"{k} neighbours asked for among {n} points: choose from 1 to {n - 1}")


def neighbour_rows(space: Space, k: int, start: int, stop: int) -> Int32[np.ndarray, "m k"]:
    """Return the k nearest other points of the points from ``start`` to ``stop``, nearest first."""
    found = np.empty((stop - start, k), dtype=np.int32)
    sampled = min(len(space), int(np.isfinite(space.sample[:, 0]).sum()))
    expected = k * sampled / len(space)
    # Three standard deviations above what is expected: one query in hundreds needs another pass.
    rank = math.ceil(expected + 3 * math.sqrt(expected) + 4)
    strips = _STRIPS_A_THREAD * numba.get_num_threads()
    _neighbour_kernel(
        space.exact,
        space.blocks,
        space.sample,
        space.slack,
        space.slope,
        start,
        rank,
        sampled,
        strips,
        found,
    )
    return found


@numba.njit(cache=True)
def collect(first, i, limit, squares, candidates, count):  # type: ignore[no-untyped-def]
    """Append the points of a block that lie within a limit, other than i; return how many there are now."""
    bits = squares.view(np.uint32)
    for start in range(0, 512, 64):
        near = within(squares, start, limit)
        while near:
            j = start + lowest_bit(near)
            near &= near - np.uint64(1)
            candidates[count] = (np.uint64(bits[j]) << np.uint64(32)) | np.uint64(first + j)
            count += np.int64(first + j != i)
    return count


@numba.njit(cache=True)
def sampled_limit(sample, sampled, rank, query, squares, values, slope, slack):  # type: ignore[no-untyped-def]
    """Return the square of a rank among those of the sample, widened by its doubt."""
    if rank >= sampled:
        return FARTHEST
    for b in range(len(sample)):
        block_squares(sample[b], query, squares)
        values[512 * b : 512 * b + 512] = squares
    return reach(select(values, sampled, rank), slope, slack)


@numba.njit(cache=True)
def nearest_of(candidates, count, k, limit, exact, i, slope, slack, spare):  # type: ignore[no-untyped-def]
    """Put the k nearest candidates first, in order; return whether the limit they were collected within sufficed."""
    if count < k:
        return False
    squares = candidates.view(np.float32)  # of each candidate the index, then the square
    if count > 2 * k + 32:
        for p in range(count):
            spare[p] = candidates[p]
        select(spare, count, k - 1)
        enough = reach(spare.view(np.float32)[2 * k - 1], slope, slack)
        kept = 0
        for p in range(count):
            near = squares[2 * p + 1] <= enough
            candidates[kept] = candidates[p]
            kept += near
        count = kept
    sort_candidates(candidates, count, spare)
    if reach(squares[2 * k - 1], slope, slack) > limit:
        return False
    settle(candidates, count, k, exact, i, slope, slack)
    return True


@numba.njit(parallel=True, cache=True)
def _neighbour_kernel(  # type: ignore[no-untyped-def]
    exact, blocks, sample, slacks, slope, start, rank, sampled, strips, found
):
    n = len(exact)
    rows, k = found.shape
    columns = blocks.shape[1]
    tiles = (rows + _TILE - 1) // _TILE
    for strip in numba.prange(strips):
        candidates = np.empty((_TILE, n + 1), dtype=np.uint64)
        spare = np.empty(n + 1, dtype=np.uint64)
        values = np.empty(512 * len(sample), dtype=np.float32)
        squares = np.empty(512, dtype=np.float32)
        queries = np.empty((_TILE, columns), dtype=np.float32)
        limits = np.empty(_TILE, dtype=np.float32)
        counts = np.empty(_TILE, dtype=np.int64)
        for tile in range(strip * tiles // strips, (strip + 1) * tiles // strips):
            first = tile * _TILE
            size = min(_TILE, rows - first)
            for q in range(size):
                i = start + first + q
                queries[q] = blocks[i // 512, :, i % 512]
                limits[q] = sampled_limit(sample, sampled, rank, queries[q], squares, values, slope, slacks[i])
            counts[:] = 0
            for b in range(len(blocks)):
                for q in range(size):
                    block_squares(blocks[b], queries[q], squares)
                    counts[q] = collect(512 * b, start + first + q, limits[q], squares, candidates[q], counts[q])
            for q in range(size):
                i = start + first + q
                trial, limit = rank, limits[q]
                while not nearest_of(candidates[q], counts[q], k, limit, exact, i, slope, slacks[i], spare):
                    trial *= 2
                    limit = sampled_limit(sample, sampled, trial, queries[q], squares, values, slope, slacks[i])
                    counts[q] = 0
                    for b in range(len(blocks)):
                        block_squares(blocks[b], queries[q], squares)
                        counts[q] = collect(512 * b, i, limit, squares, candidates[q], counts[q])
                for m in range(k):
                    found[first + q, m] = np.int32(candidates[q, m] & np.uint64(0xFFFFFFFF))
