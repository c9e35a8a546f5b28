"""Shifts of images and volumes by phase factors."""

from __future__ import annotations

import math

import numba
import numpy as np
from jaxtyping import Complex64, Float, Float64

from cryobench.ops.fft import signed_frequencies


def displace(
    transforms: Complex64[np.ndarray, "n D H"], displacements: Float[np.ndarray, "n 2"]
) -> Complex64[np.ndarray, "n D H"]:
    """Return centred half transforms of images whose content moved by (x, y) pixels, shape (n, D, D/2 + 1)."""
    out = np.empty_like(transforms)
    _displace_kernel(transforms, displacements.astype(np.float64), out)
    return out


def displace_volume(
    transform: Complex64[np.ndarray, "D D H"], displacement: Float64[np.ndarray, " 3"]
) -> Complex64[np.ndarray, "D D H"]:
    """Return the centred half transform of a volume whose content moved by (x, y, z) voxels."""
    box = len(transform)
    steps = -2j * np.pi / box * signed_frequencies(box)
    x, y, z = (np.exp(steps * each).astype(np.complex64) for each in displacement)
    return np.asarray(transform * (z[:, None, None] * y[:, None]) * x[: box // 2 + 1])


@numba.njit(parallel=True, cache=True)
def _displace_kernel(transforms, displacements, out):  # type: ignore[no-untyped-def]
    n, box, half = transforms.shape
    for i in numba.prange(n):
        step_x = -2.0 * math.pi * displacements[i, 0] / box
        step_y = -2.0 * math.pi * displacements[i, 1] / box
        for y in range(box):
            ky = y if y < box // 2 else y - box
            for x in range(half):
                phase = step_x * x + step_y * ky
                out[i, y, x] = transforms[i, y, x] * complex(math.cos(phase), math.sin(phase))
