"""Exact ranks of given points among the neighbours of others.

The rank of j at i is one more than the number of points nearer to i, so nothing needs to be sorted: single precision
counts all but the few that are too close to call. Where many ranks are asked for at each point, sorting is cheaper.
"""

from __future__ import annotations

import numba
import numpy as np
from jaxtyping import Float, Int, Int32

from cryobench.core.errors import InputError
from cryobench.ops.bitmasks import count_bits, lowest_bit, within
from cryobench.ops.distances import Space, block_squares, exact_square, prepare_space, surely_less, surely_more
from cryobench.ops.neighbours import collect
from cryobench.ops.ordering import settle, sort_candidates

_TILE = 8
_STRIPS_A_THREAD = 4

_FEW = 16
"""Up to so many ranks a point, counting is cheaper than sorting."""


def neighbour_ranks(points: Float[np.ndarray, "n d"], indices: Int[np.ndarray, "m k"]) -> Int32[np.ndarray, "n k"]:
    """Return the rank of given points among all others by distance from each point, shape (n, k).

    The rank of j from i is 1 + the number of points l other than i that are nearer to i than j, or as near with l < j.

    Parameters
    ----------
    points
        Shape (n, d).
    indices
        For each point the points to rank, shape (n, k), never itself.

    Raises
    ------
    InputError
        If there is not a row of indices for each point, an index is out of range, or a point is to be ranked from
        itself.
    """
    n = len(points)
    if len(indices) != n:
        raise InputError(f"{len(indices)} rows of indices for {n} points: give a row for each point")
    if indices.size and not 0 <= indices.min() <= indices.max() < n:
        raise InputError(f"indices run from {indices.min()} to {indices.max()}: expected 0 to {n - 1}")
    itself = np.flatnonzero((indices == np.arange(n)[:, None]).any(axis=1))
    if itself.size:
        raise InputError(f"indices, row {itself[0]}: a point has no rank from itself")
    return rank_rows(prepare_space(points), np.ascontiguousarray(indices, dtype=np.int32), 0)


def rank_rows(space: Space, others: Int32[np.ndarray, "m k"], start: int) -> Int32[np.ndarray, "m k"]:
    """Return the ranks of other points at the points from ``start`` on: 1 for the nearest, ties by the smaller index.

    Parameters
    ----------
    space
        Where distances are taken.
    others
        For each of m points, k other points, not itself.
    start
        The first of the m points.
    """
    ranks = np.empty(others.shape, dtype=np.int32)
    kernel = _counting_kernel if others.shape[1] <= _FEW else _sorting_kernel
    strips = _STRIPS_A_THREAD * numba.get_num_threads()
    kernel(space.exact, space.blocks, space.slack, space.slope, others, start, strips, ranks)
    return ranks


@numba.njit(cache=True)
def _count_nearer(squares, first, exact, i, j, square, below, above):  # type: ignore[no-untyped-def]
    """Return how many points of a block are nearer to i than j is."""
    nearer = np.int64(0)
    for start in range(0, 512, 64):
        sure = within(squares, start, below)
        nearer += count_bits(sure)
        doubtful = within(squares, start, above) & ~sure
        while doubtful:
            other = first + start + lowest_bit(doubtful)
            doubtful &= doubtful - np.uint64(1)
            if other != j:
                found = exact_square(exact, i, other)
                nearer += np.int64(found < square or (found == square and other < j))
    return nearer


@numba.njit(parallel=True, cache=True)
def _counting_kernel(exact, blocks, slacks, slope, others, start, strips, ranks):  # type: ignore[no-untyped-def]
    rows, k = others.shape
    tiles = (rows + _TILE - 1) // _TILE
    for strip in numba.prange(strips):
        squares = np.empty(512, dtype=np.float32)
        queries = np.empty((_TILE, blocks.shape[1]), dtype=np.float32)
        exacts = np.empty((_TILE, k))
        below, above = np.empty((_TILE, k), dtype=np.float32), np.empty((_TILE, k), dtype=np.float32)
        for tile in range(strip * tiles // strips, (strip + 1) * tiles // strips):
            first = tile * _TILE
            size = min(_TILE, rows - first)
            for q in range(size):
                i = start + first + q
                queries[q] = blocks[i // 512, :, i % 512]
                for m in range(k):
                    exacts[q, m] = exact_square(exact, i, others[first + q, m])
                    below[q, m] = surely_less(exacts[q, m], slope, slacks[i])
                    above[q, m] = surely_more(exacts[q, m], slope, slacks[i])
                    ranks[first + q, m] = 1
            for b in range(len(blocks)):
                for q in range(size):
                    i = start + first + q
                    block_squares(blocks[b], queries[q], squares)
                    if i // 512 == b:
                        squares[i % 512] = np.inf
                    for m in range(k):
                        ranks[first + q, m] += _count_nearer(
                            squares, 512 * b, exact, i, others[first + q, m], exacts[q, m], below[q, m], above[q, m]
                        )


@numba.njit(parallel=True, cache=True)
def _sorting_kernel(exact, blocks, slacks, slope, others, start, strips, ranks):  # type: ignore[no-untyped-def]
    n = len(exact)
    rows, k = others.shape
    tiles = (rows + _TILE - 1) // _TILE
    for strip in numba.prange(strips):
        candidates = np.empty((_TILE, n + 1), dtype=np.uint64)
        spare = np.empty(n + 1, dtype=np.uint64)
        places = np.empty(n, dtype=np.int32)
        squares = np.empty(512, dtype=np.float32)
        queries = np.empty((_TILE, blocks.shape[1]), dtype=np.float32)
        limits = np.empty(_TILE, dtype=np.float32)
        counts = np.empty(_TILE, dtype=np.int64)
        for tile in range(strip * tiles // strips, (strip + 1) * tiles // strips):
            first = tile * _TILE
            size = min(_TILE, rows - first)
            for q in range(size):
                i = start + first + q
                queries[q] = blocks[i // 512, :, i % 512]
                farthest = 0.0
                for m in range(k):
                    farthest = max(farthest, exact_square(exact, i, others[first + q, m]))
                limits[q] = surely_more(farthest, slope, slacks[i])
            counts[:] = 0
            for b in range(len(blocks)):
                for q in range(size):
                    block_squares(blocks[b], queries[q], squares)
                    counts[q] = collect(512 * b, start + first + q, limits[q], squares, candidates[q], counts[q])
            for q in range(size):
                i = start + first + q
                sort_candidates(candidates[q], counts[q], spare)
                settle(candidates[q], counts[q], exact, i, slope, slacks[i])
                for p in range(counts[q]):
                    places[candidates[q, p] & np.uint64(0xFFFFFFFF)] = p + 1
                for m in range(k):
                    ranks[first + q, m] = places[others[first + q, m]]
