"""Shifts of images by phase factors."""

from __future__ import annotations

import math

import numba
import numpy as np
from jaxtyping import Complex64, Float


def displace(
    transforms: Complex64[np.ndarray, "n D H"], displacements: Float[np.ndarray, "n 2"]
) -> Complex64[np.ndarray, "n D H"]:
    """Return centred half transforms of images whose content moved by (x, y) pixels, shape (n, D, D/2 + 1)."""
    out = np.empty_like(transforms)
    _displace_kernel(transforms, displacements.astype(np.float64), out)
    return out


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
