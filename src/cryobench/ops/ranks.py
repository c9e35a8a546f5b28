"""Exact ranks of given points among the neighbours of others.

The rank of j at i is one more than the number of points nearer to i, so nothing needs to be sorted: single precision
counts all but the few that are too close to call.
"""

from __future__ import annotations

import numba
import numpy as np
from jaxtyping import Int32

from cryobench.ops.bitmasks import count_bits, lowest_bit, within
from cryobench.ops.distances import Space, block_squares, exact_square, surely_less, surely_more

_TILE = 8
_STRIPS_A_THREAD = 4


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
    strips = _STRIPS_A_THREAD * numba.get_num_threads()
    _rank_kernel(space.exact, space.blocks, space.slack, space.slope, others, start, strips, ranks)
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
def _rank_kernel(exact, blocks, slacks, slope, others, start, strips, ranks):  # type: ignore[no-untyped-def]
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
                            squares,
                            512 * b,
                            exact,
                            i,
                            others[first + q, m],
                            exacts[q, m],
                            below[q, m],
                            above[q, m],
                        )
