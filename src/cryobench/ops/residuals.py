"""Power of what slices leave unexplained in images, shell by shell.

Shell s holds the frequencies with round(|k|) = s of the whole plane of an image, for 0 < |k| < d/2; sums have d/2 + 1
entries, the first of which is 0.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from jaxtyping import Complex64, Float32, Float64, Int64

from cryobench.ops.fft import signed_frequencies


def shell_counts(box: int) -> Int64[np.ndarray, " S"]:
    """Return the number of frequencies 0 < |k| < d/2 of the whole plane in each shell, shape (d/2 + 1,)."""
    k = signed_frequencies(box)
    squared = (k**2)[:, None] + k**2
    reached = (squared > 0) & (squared < (box // 2) ** 2)
    shells = np.rint(np.sqrt(squared[reached])).astype(np.int64)
    return np.bincount(shells, minlength=box // 2 + 1).astype(np.int64)


def shell_residuals(
    slices: Complex64[np.ndarray, "n d h C"], ctf: Float32[np.ndarray, "n d h"], values: Complex64[np.ndarray, "n d h"]
) -> Float64[np.ndarray, "n C S"]:
    """Return the power of image - CTF * slice in each shell, for each image and each of its C slices.

    Parameters
    ----------
    slices
        Half transforms of C slices for each of n images.
    ctf, values
        CTF and half transform of each image.
    """
    n, box, _, components = slices.shape
    out = np.zeros((n, components, box // 2 + 1))
    _residual_kernel(slices, ctf, values, out)
    return out


def linear_residuals(
    slices: Complex64[np.ndarray, "n d h C"],
    ctf: Float32[np.ndarray, "n d h"],
    values: Complex64[np.ndarray, "n d h"],
    first: Float64[np.ndarray, "n C"],
    second: Float64[np.ndarray, "n C C"],
) -> Float64[np.ndarray, "n S"]:
    """Return the expected power of image - CTF * sum_c u_c slice c in each shell, for random factors u.

    Parameters
    ----------
    slices
        Half transforms of C slices for each of n images.
    ctf, values
        CTF and half transform of each image.
    first, second
        Moments E[u] and E[u u^T] of the factors of each image; ``second`` symmetric.
    """
    n, box, _, _ = slices.shape
    out = np.zeros((n, box // 2 + 1))
    _linear_kernel(slices, ctf, values, first, second, out)
    return out


@numba.njit(parallel=True, cache=True)
def _residual_kernel(slices, ctf, values, out):  # type: ignore[no-untyped-def]
    n, box, half, components = slices.shape
    limit = (box // 2) ** 2
    # A thread owns whole images, so that no sum depends on the threads.
    for i in numba.prange(n):
        sums = np.zeros((out.shape[2], components))
        for y in range(box):
            ky = y if y < box // 2 else y - box
            for x in range(half - 1):
                squared = x * x + ky * ky
                if squared == 0 or squared >= limit:
                    continue
                shell = math.floor(math.sqrt(squared) + 0.5)
                weight = np.float32(2.0 if x > 0 else 1.0)  # for the mirrored half of the plane
                c = ctf[i, y, x]
                yr, yi = values[i, y, x].real, values[i, y, x].imag
                for a in range(components):
                    re = yr - c * slices[i, y, x, a].real
                    im = yi - c * slices[i, y, x, a].imag
                    sums[shell, a] += weight * (re * re + im * im)
        for a in range(components):
            for shell in range(out.shape[2]):
                out[i, a, shell] = sums[shell, a]


@numba.njit(parallel=True, cache=True)
def _linear_kernel(slices, ctf, values, first, second, out):  # type: ignore[no-untyped-def]
    n, box, half, components = slices.shape
    limit = (box // 2) ** 2
    for i in numba.prange(n):
        for y in range(box):
            ky = y if y < box // 2 else y - box
            for x in range(half - 1):
                squared = x * x + ky * ky
                if squared == 0 or squared >= limit:
                    continue
                shell = math.floor(math.sqrt(squared) + 0.5)
                weight = 2.0 if x > 0 else 1.0
                c = np.float64(ctf[i, y, x])
                yr, yi = np.float64(values[i, y, x].real), np.float64(values[i, y, x].imag)
                power = yr * yr + yi * yi
                for a in range(components):
                    ar, ai = c * slices[i, y, x, a].real, c * slices[i, y, x, a].imag
                    power -= 2.0 * first[i, a] * (ar * yr + ai * yi)
                    for b in range(a):
                        br, bi = c * slices[i, y, x, b].real, c * slices[i, y, x, b].imag
                        power += 2.0 * second[i, a, b] * (ar * br + ai * bi)
                    power += second[i, a, a] * (ar * ar + ai * ai)
                out[i, shell] += weight * power
