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
    # By place in a list of neighbours: the first k that holds it.
    bins = np.searchsorted(counts, np.arange(1, most + 1)).astype(np.int32)
    _overlap_kernel(first, second, bins, points, 4 * numba.get_num_threads(), shared)
    return shared


@numba.njit(parallel=True, cache=True)
def _overlap_kernel(first, second, bins, points, strips, shared):  # type: ignore[no-untyped-def]
    rows, most = len(first), len(bins)
    for strip in numba.prange(strips):
        places = np.zeros(points, dtype=np.int32)
        for row in range(strip * rows // strips, (strip + 1) * rows // strips):
            for place in range(most):
                places[first[row, place]] = place + 1
            for place in range(most):
                other = places[second[row, place]]
                if other:
                    shared[row, bins[max(other - 1, place)]] += 1
            for place in range(most):
                places[first[row, place]] = 0
            for c in range(1, shared.shape[1]):
                shared[row, c] += shared[row, c - 1]
