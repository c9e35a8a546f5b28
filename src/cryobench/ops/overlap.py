"""The overlap of a turned and shifted volume with another, and how it changes with the turn and the shift."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from jaxtyping import Complex64, Float32, Float64

from cryobench.ops.fft import signed_frequencies


class Overlap(NamedTuple):
    """Re sum w conj(B) A over the root of sum w |A|^2, over Fourier space, and its derivatives.

    The denominator makes B itself the best match: a sum over grid points changes a little when a volume turns that
    fills more than half of its box. ``by_turn`` is the derivative by a further turn of A's volume (axis times angle, in
    radians, x y z), ``by_shift`` that by its shift in voxels (x y z).
    """

    value: float
    by_turn: Float64[np.ndarray, " 3"]
    by_shift: Float64[np.ndarray, " 3"]


def overlap(
    turned: Complex64[np.ndarray, "d d h 4"],
    conjugate: Complex64[np.ndarray, "d d h"],
    weights: Float32[np.ndarray, "d d h"],
    matrix: Float64[np.ndarray, "3 3"],
    shift: Float64[np.ndarray, " 3"],
) -> Overlap:
    """Return the overlap of a volume, turned and then shifted, with a reference.

    Parameters
    ----------
    turned
        Half transforms of the turned volume and of its first moments, x, y and z (in voxels) times the density before
        the turn, shape (d, d, d/2 + 1, 4).
    conjugate
        Half transform of the reference, conjugated and weighted.
    weights
        The weights w, which count mirror images too.
    matrix
        The turn A.
    shift
        The shift t in voxels of a box d.
    """
    box = len(turned)
    frequencies = signed_frequencies(box).astype(np.float64)
    phases = np.exp(-2j * np.pi / box * frequencies[:, None] * shift)
    planes = np.zeros((box, 11))
    _overlap_kernel(turned, conjugate, weights, matrix, phases, planes)
    sums = planes.sum(axis=0)
    value, power = sums[0], sums[7]
    # The transform of x f(x) is i D / (2 pi) times the gradient of that of f.
    slopes = 2 * np.pi / box / np.sqrt(power)
    by_turn = slopes * (sums[1:4] - value / power * sums[8:])
    return Overlap(float(value / np.sqrt(power)), by_turn, slopes * sums[4:7])


@numba.njit(parallel=True, cache=True)
def _overlap_kernel(turned, conjugate, weights, matrix, phases, planes):  # type: ignore[no-untyped-def]
    box, _, half, _ = turned.shape
    for z in numba.prange(box):
        kz = np.float64(z) if z < box // 2 else np.float64(z) - box
        value = tx = ty = tz = sx = sy = sz = 0.0
        power = px = py = pz = 0.0
        for y in range(box):
            ky = np.float64(y) if y < box // 2 else np.float64(y) - box
            across = phases[z, 2] * phases[y, 1]
            for x in range(half):
                weight = np.float64(weights[z, y, x])
                if weight == 0:
                    continue
                own = weight * np.complex128(turned[z, y, x, 0].conjugate())
                kx = np.float64(x)
                factor = np.complex128(conjugate[z, y, x]) * across * phases[x, 0]
                product = factor * turned[z, y, x, 0]
                value += product.real
                # Of -2 pi i / D x f the moment is the gradient; of -2 pi i k / D f the shift's derivative.
                sx += kx * product.imag
                sy += ky * product.imag
                sz += kz * product.imag
                mx = (factor * turned[z, y, x, 1]).imag
                my = (factor * turned[z, y, x, 2]).imag
                mz = (factor * turned[z, y, x, 3]).imag
                gx = matrix[0, 0] * mx + matrix[0, 1] * my + matrix[0, 2] * mz
                gy = matrix[1, 0] * mx + matrix[1, 1] * my + matrix[1, 2] * mz
                gz = matrix[2, 0] * mx + matrix[2, 1] * my + matrix[2, 2] * mz
                tx += gy * kz - gz * ky
                ty += gz * kx - gx * kz
                tz += gx * ky - gy * kx
                power += (own * turned[z, y, x, 0]).real
                mx = (own * turned[z, y, x, 1]).imag
                my = (own * turned[z, y, x, 2]).imag
                mz = (own * turned[z, y, x, 3]).imag
                gx = matrix[0, 0] * mx + matrix[0, 1] * my + matrix[0, 2] * mz
                gy = matrix[1, 0] * mx + matrix[1, 1] * my + matrix[1, 2] * mz
                gz = matrix[2, 0] * mx + matrix[2, 1] * my + matrix[2, 2] * mz
                px += gy * kz - gz * ky
                py += gz * kx - gx * kz
                pz += gx * ky - gy * kx
        planes[z, 0] = value
        planes[z, 1], planes[z, 2], planes[z, 3] = tx, ty, tz
        planes[z, 4], planes[z, 5], planes[z, 6] = sx, sy, sz
        planes[z, 7] = power
        planes[z, 8], planes[z, 9], planes[z, 10] = px, py, pz
