"""Sums over the distances within two sets of points, without the matrices of distances."""

from __future__ import annotations

import math

import numba
import numpy as np
from jaxtyping import Float, Float64

_BLOCK = 512


def distance_sums(first: Float[np.ndarray, "n p"], second: Float[np.ndarray, "m q"]) -> Float64[np.ndarray, "5 n"]:
    """Return for each point i the sums over j of a_ij, b_ij, a_ij^2, b_ij^2 and a_ij b_ij, shape (5, n).

    a and b are the Euclidean distances between the same n points in two spaces. The memory is that of the result.
    """
    sums = np.empty((5, len(first)))
    _sum_kernel(np.ascontiguousarray(first.T, dtype=np.float64), np.ascontiguousarray(second.T, dtype=np.float64), sums)
    return sums


@numba.njit(parallel=True, cache=True)
def _sum_kernel(first, second, sums):  # type: ignore[no-untyped-def]
    n = first.shape[1]
    for i in numba.prange(n):
        a, b = np.empty(_BLOCK), np.empty(_BLOCK)
        sum_a = sum_b = sum_aa = sum_bb = sum_ab = 0.0
        for start in range(0, n, _BLOCK):
            size = min(_BLOCK, n - start)
            block_aa = _distances(first[:, start : start + size], first[:, i], a[:size])
            block_bb = _distances(second[:, start : start + size], second[:, i], b[:size])
            block_a, block_b, block_ab = _sums(a[:size], b[:size])
            # Sums of blocks, added up: their rounding grows with the number of blocks alone.
            sum_a, sum_b = sum_a + block_a, sum_b + block_b
            sum_aa, sum_bb, sum_ab = sum_aa + block_aa, sum_bb + block_bb, sum_ab + block_ab
        sums[0, i], sums[1, i], sums[2, i], sums[3, i], sums[4, i] = sum_a, sum_b, sum_aa, sum_bb, sum_ab


# Sums may be taken in another order, which lets the compiler use vectors; it is the same order in every run.
@numba.njit(cache=True, fastmath={"reassoc", "nsz"})
def _distances(columns, point, distances):  # type: ignore[no-untyped-def]
    distances[:] = 0.0
    for d in range(columns.shape[0]):
        column, here = columns[d], point[d]
        for c in range(len(distances)):
            difference = column[c] - here
            distances[c] += difference * difference
    squares = 0.0
    for c in range(len(distances)):
        squares += distances[c]
    for c in range(len(distances)):
        distances[c] = math.sqrt(distances[c])
    return squares


@numba.njit(cache=True, fastmath={"reassoc", "nsz"})
def _sums(a, b):  # type: ignore[no-untyped-def]
    sum_a = sum_b = sum_ab = 0.0
    for c in range(len(a)):
        sum_a += a[c]
        sum_b += b[c]
        sum_ab += a[c] * b[c]
    return sum_a, sum_b, sum_ab
