"""Sums over shells of Fourier space, for many small boxes at once."""

from __future__ import annotations

import math

import numba
import numpy as np
from jaxtyping import Complex64, Float64


def block_shell_products(
    first: Complex64[np.ndarray, "n B B H"], second: Complex64[np.ndarray, "n B B H"]
) -> Float64[np.ndarray, "n 3 S"]:
    """Return for each block the sums over shells of Re(A conj B), |A|^2 and |B|^2, shape (n, 3, B/2 + 1).

    Shell i holds the voxels with round(|k|) = i.

    Parameters
    ----------
    first, second
        Half transforms A and B of n pairs of blocks, in the layout of ``rfftn``; B is even.
    """
    sums = np.zeros((len(first), 3, first.shape[1] // 2 + 1))
    _block_kernel(first, second, sums)
    return sums


@numba.njit(parallel=True, cache=True)
def _block_kernel(first, second, sums):  # type: ignore[no-untyped-def]
    blocks, box, _, half = first.shape
    last = box // 2
    for n in numba.prange(blocks):
        for z in range(box):
            kz = z if z < last else z - box
            for y in range(box):
                ky = y if y < last else y - box
                for x in range(half):
                    shell = int(math.sqrt(kz * kz + ky * ky + x * x) + 0.5)
                    if shell > last:
                        continue
                    # The other half of space mirrors this one, but for the planes kx = 0 and Nyquist, which are their
                    # own mirror.
                    weight = 1.0 if x in (0, half - 1) else 2.0
                    a, b = first[n, z, y, x], second[n, z, y, x]
                    ar, ai, br, bi = np.float64(a.real), np.float64(a.imag), np.float64(b.real), np.float64(b.imag)
                    sums[n, 0, shell] += weight * (ar * br + ai * bi)
                    sums[n, 1, shell] += weight * (ar * ar + ai * ai)
                    sums[n, 2, shell] += weight * (br * br + bi * bi)
