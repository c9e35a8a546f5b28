"""Sums over shells of Fourier space."""

from __future__ import annotations

import math

import numba
import numpy as np
from jaxtyping import Complex64, Float32, Float64, Int

from cryobench.ops.fft import signed_frequencies


def shell_products(
    first: Complex64[np.ndarray, "D D H"], second: Complex64[np.ndarray, "D D H"], *, rounded: bool
) -> Float64[np.ndarray, "3 S"]:
    """Return the sums over shells of Re(A conj B), |A|^2 and |B|^2, shape (3, D/2 + 1).

    Parameters
    ----------
    first, second
        Centred half transforms A and B of two volumes of the same box D.
    rounded
        Whether shell i holds the voxels with round(|k|) = i, or those with i - 1 <= |k| < i (shell 0 then holds none).
    """
    planes = np.zeros((first.shape[0], 3, first.shape[0] // 2 + 1))
    _shell_kernel(first, second, rounded, planes)
    return np.asarray(planes.sum(axis=0))


def shell_mean(values: Float32[np.ndarray, "M M H"]) -> Float32[np.ndarray, "M M H"]:
    """Return the mean of a half transform over each shell round(|k|), spread over the shell's voxels again."""
    shells = _shell_indices(values.shape[0])
    totals = np.bincount(shells.ravel(), weights=values.ravel())
    counts = np.bincount(shells.ravel())
    return np.asarray((totals / np.maximum(counts, 1)).astype(np.float32)[shells])


def _shell_indices(box: int) -> Int[np.ndarray, "M M H"]:
    """Return round(|k|) for each voxel of a half transform, shape (box, box, box/2 + 1)."""
    k = signed_frequencies(box)
    half = np.arange(box // 2 + 1)
    squared = (k**2)[:, None, None] + (k**2)[:, None] + half**2
    return np.asarray(np.rint(np.sqrt(squared)), dtype=np.int64)


@numba.njit(parallel=True, cache=True)
def _shell_kernel(first, second, rounded, planes):  # type: ignore[no-untyped-def]
    box, _, half = first.shape
    for z in numba.prange(box):
        kz = z if z < box // 2 else z - box
        for y in range(box):
            ky = y if y < box // 2 else y - box
            for x in range(half):
                radius = math.sqrt(kz * kz + ky * ky + x * x)
                shell = int(radius + 0.5) if rounded else int(radius) + 1
                if shell > box // 2:
                    continue
                # The other half of space mirrors this one, but for the planes kx = 0 and Nyquist, which are their own
                # mirror.
                weight = 1.0 if x in (0, half - 1) else 2.0
                a, b = first[z, y, x], second[z, y, x]
                ar, ai, br, bi = np.float64(a.real), np.float64(a.imag), np.float64(b.real), np.float64(b.imag)
                planes[z, 0, shell] += weight * (ar * br + ai * bi)
                planes[z, 1, shell] += weight * (ar * ar + ai * ai)
                planes[z, 2, shell] += weight * (br * br + bi * bi)
