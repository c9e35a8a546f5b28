"""How many neighbours two spaces share, for many numbers of neighbours at once.

A point that is r-th in one list of neighbours and s-th in the other is shared at every k >= max(r, s). So one look at
each pair of places fills a histogram, whose running sum is the answer for all k.
"""

from __future__ import annotations

import numba
import numpy as np
from jaxtyping import Int, Int32


def overlap_counts(
    first: Int32[np.ndarray, "m K"], second: Int32[np.ndarray, "m K"], counts: Int[np.ndarray, " c"], points: int
) -> Int32[np.ndarray, "m c"]:
    """Return for each row how many of its k nearest neighbours two spaces share, for each k.

    Parameters
    ----------
    first, second
        Neighbours in the two spaces, nearest first.
    counts
        The numbers k, ascending and different, at most K.
    points
        Number of points that the neighbours are taken from.
    """
    shared = np.zeros((len(first), len(counts)), dtype=np.int32)
    most = int(counts[-1])
    # By place in a list of neighbours, from 0: the first k that holds it, and for what is in no list, one more.
    bins = np.searchsorted(counts, np.arange(1, most + 2)).astype(np.int32)
    _overlap_kernel(first, second, bins, points, 4 * numba.get_num_threads(), shared)
    return shared


@numba.njit(parallel=True, cache=True)
def _overlap_kernel(first, second, bins, points, strips, shared):  # type: ignore[no-untyped-def]
    rows, most = len(first), np.int32(len(bins) - 1)
    for strip in numba.prange(strips):
        places = np.full(points, most, dtype=np.int32)
        histogram = np.empty(shared.shape[1] + 1, dtype=np.int32)
        for row in range(strip * rows // strips, (strip + 1) * rows // strips):
            histogram[:] = 0
            for place in range(most):
                places[first[row, place]] = place
            # Without a branch, which could not be foreseen.
            for place in range(most):
                histogram[bins[max(places[second[row, place]], np.int32(place))]] += 1
            for place in range(most):
                places[first[row, place]] = most
            total = np.int32(0)
            for c in range(shared.shape[1]):
                total += histogram[c]
                shared[row, c] = total
