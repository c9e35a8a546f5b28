"""Ranks of many given points among the distances from another; for a few :mod:`cryobench.ops.ranks` counts."""

from __future__ import annotations

import numba
import numpy as np
from jaxtyping import Float, Int, Int32

from cryobench.core.errors import InputError

_BLOCK = 512


def neighbour_ranks(points: Float[np.ndarray, "n d"], indices: Int[np.ndarray, "m k"]) -> Int32[np.ndarray, "n k"]:
    """Return the rank of given points among all others by distance from each point, shape (n, k).

    The rank of j from i is 1 + the number of points l other than i that are nearer to i than j, or as near with l < j.
    So the nearest neighbour has rank 1. Distances are Euclidean, in float64. The memory is that of the result.

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
    ranks = np.empty(indices.shape, dtype=np.int32)
    columns = np.ascontiguousarray(points.T, dtype=np.float64)
    _rank_kernel(columns, np.ascontiguousarray(indices), ranks)
    return ranks


@numba.njit(parallel=True, cache=True)
def _rank_kernel(columns, indices, ranks):  # type: ignore[no-untyped-def]
    # Of each row only the k asked for are sorted; every other point is counted between two of them. A table over
    # evenly spaced distances says which of them can be near, so that there is little left to search.
    dimensions, n = columns.shape
    k = indices.shape[1]
    cells = 4 * k
    for i in numba.prange(n):
        wanted = np.empty(k)
        for c in range(k):
            total = 0.0
            for d in range(dimensions):
                difference = columns[d, indices[i, c]] - columns[d, i]
                total += difference * difference
            wanted[c] = total
        # By distance, and by index among equals: stable sorts by the second key, then by the first.
        by_index = np.argsort(indices[i], kind="mergesort")
        order = by_index[np.argsort(wanted[by_index], kind="mergesort")]
        limits = wanted[order]
        names = indices[i][order]
        lowest, highest = limits[0], limits[k - 1]
        scale = (cells - 1) / (highest - lowest) if highest > lowest else 0.0
        # Close distances can make the scale overflow: a table of one cell then.
        if not scale < 1e300:
            scale = 0.0
        first = np.zeros(cells + 1, dtype=np.int32)
        for c in range(k):
            first[int((limits[c] - lowest) * scale) + 1] += 1
        for cell in range(cells):
            first[cell + 1] += first[cell]
        # nearer[c]: how many points come before limit c, but not before limit c - 1.
        nearer = np.zeros(k, dtype=np.int32)
        squares = np.empty(_BLOCK)
        for start in range(0, n, _BLOCK):
            size = min(_BLOCK, n - start)
            squares[:size] = 0.0
            for d in range(dimensions):
                here = columns[d, i]
                for b in range(size):
                    difference = columns[d, start + b] - here
                    squares[b] += difference * difference
            for b in range(size):
                square = squares[b]
                if square > highest:
                    continue
                other = start + b
                low, high = 0, 0
                if square >= lowest:
                    cell = int((square - lowest) * scale)
                    low, high = first[cell], first[cell + 1]
                while low < high:
                    middle = (low + high) // 2
                    if limits[middle] < square or (limits[middle] == square and names[middle] <= other):
                        low = middle + 1
                    else:
                        high = middle
                if low < k and other != i:
                    nearer[low] += 1
        before = 0
        for c in range(k):
            before += nearer[c]
            ranks[i, order[c]] = before + 1
