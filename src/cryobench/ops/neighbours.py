"""Exact nearest neighbours."""

from __future__ import annotations

import numba
import numpy as np
from jaxtyping import Float, Int32

from cryobench.core.errors import InputError


def nearest_neighbours(points: Float[np.ndarray, "n d"], k: int) -> Int32[np.ndarray, "n k"]:
    """Return the k nearest other points of each point, nearest first, shape (n, k).

    Distances are Euclidean, in float64; ties go to the smaller index. A point is not its own neighbour.

    Raises
    ------
    InputError
        If k is not from 1 to n - 1.
    """
    n = len(points)
    if not 1 <= k < n:
        raise InputError(f"{k} neighbours asked for among {n} points: choose from 1 to {n - 1}")
    neighbours = np.empty((n, k), dtype=np.int32)
    _neighbour_kernel(np.ascontiguousarray(points, dtype=np.float64), neighbours)
    return neighbours


@numba.njit(parallel=True, cache=True)
def _neighbour_kernel(points, neighbours):  # type: ignore[no-untyped-def]
    n, dimensions = points.shape
    k = neighbours.shape[1]
    for i in numba.prange(n):
        squares = np.empty(n)
        for j in range(n):
            total = 0.0
            for d in range(dimensions):
                difference = points[j, d] - points[i, d]
                total += difference * difference
            squares[j] = total
        squares[i] = np.inf
        limit = np.partition(squares, k - 1)[k - 1]
        closer = np.flatnonzero(squares < limit)
        tied = np.flatnonzero(squares == limit)
        chosen = np.concatenate((closer, tied[: k - len(closer)]))
        # A stable sort keeps the order of indices among equals.
        neighbours[i] = chosen[np.argsort(squares[chosen], kind="mergesort")]
