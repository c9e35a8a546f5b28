"""Inner products of slices with images, over the frequencies of an image."""

from __future__ import annotations

import math

import numba
import numpy as np
from jaxtyping import Complex64, Float32, Float64


def slice_products(
    slices: Complex64[np.ndarray, "n d h C"],
    ctf: Float32[np.ndarray, "n d h"],
    values: Complex64[np.ndarray, "n d h"],
    precision: Float64[np.ndarray, " S"] | None = None,
) -> tuple[Float64[np.ndarray, "n C C"], Float64[np.ndarray, "n C"]]:
    """Return, for each image, the products of its slices among themselves and with it.

    With X_c = CTF * slice c, over all frequencies 0 < |k| < d/2 of the whole plane: Re sum(p conj X_c X_e) and
    Re sum(p conj X_c Y), where p is the precision of the frequency's shell.

    Parameters
    ----------
    slices
        Half transforms of C slices for each of n images.
    ctf, values
        CTF and half transform Y of each image.
    precision
        Weight of each shell round(|k|), shape (d/2 + 1,); 1 by default.
    """
    n, box, _, components = slices.shape
    precision = np.ones(box // 2 + 1) if precision is None else precision
    grams = np.zeros((n, components, components))
    products = np.zeros((n, components))
    _product_kernel(slices, ctf, values, precision, grams, products)
    return grams, products


@numba.njit(parallel=True, cache=True)
def _product_kernel(slices, ctf, values, precision, grams, products):  # type: ignore[no-untyped-def]
    n, box, half, components = slices.shape
    limit = (box // 2) ** 2
    for i in numba.prange(n):
        re, im = np.empty(components), np.empty(components)
        for y in range(box):
            ky = y if y < box // 2 else y - box
            for x in range(half - 1):
                squared = x * x + ky * ky
                if squared == 0 or squared >= limit:
                    continue
                weight = 2.0 if x > 0 else 1.0  # for the mirrored half of the plane
                weight *= precision[math.floor(math.sqrt(squared) + 0.5)]
                c = np.float64(ctf[i, y, x])
                yr, yi = np.float64(values[i, y, x].real), np.float64(values[i, y, x].imag)
                for a in range(components):
                    re[a] = c * slices[i, y, x, a].real
                    im[a] = c * slices[i, y, x, a].imag
                for a in range(components):
                    products[i, a] += weight * (re[a] * yr + im[a] * yi)
                    for b in range(a + 1):
                        grams[i, a, b] += weight * (re[a] * re[b] + im[a] * im[b])
        for a in range(components):
            for b in range(a):
                grams[i, b, a] = grams[i, a, b]
