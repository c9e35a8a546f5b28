"""Sum of Gaussians on a grid: atoms to density."""

from __future__ import annotations

import math

import numba
import numpy as np
from jaxtyping import Float32, Float64


def splat_gaussians(
    points: Float64[np.ndarray, "n 3"],
    weights: Float64[np.ndarray, " n"],
    sigma: float,
    box: int,
    pixel_size: float,
    cutoff: float = 5.0,
) -> Float32[np.ndarray, "D D D"]:
    """Return the sum of normalised Gaussians sampled at the voxel centres, per Å^3.

    The integral of the map (its sum times the voxel volume) is the sum of the weights whose Gaussians lie within the
    box.

    Parameters
    ----------
    points
        Centres (x, y, z) in Å from the origin, the voxel with index D/2; shape (n, 3).
    weights
        Integral of each Gaussian, shape (n,).
    sigma
        Standard deviation in Å.
    box, pixel_size
        Edge of the map in voxels, and of a voxel in Å.
    cutoff
        A Gaussian is cut where a coordinate differs by more than this many sigma.
    """
    density = np.zeros((box, box, box), dtype=np.float64)
    order = np.argsort(points[:, 2], kind="stable")
    _splat_kernel(points[order] / pixel_size + box // 2, weights[order], sigma / pixel_size, cutoff, density)
    density /= pixel_size**3
    return density.astype(np.float32)


@numba.njit(parallel=True, cache=True)
def _splat_kernel(points, weights, sigma, cutoff, density):  # type: ignore[no-untyped-def]
    box = density.shape[0]
    reach = cutoff * sigma
    norm = (2.0 * math.pi) ** -1.5 / sigma**3
    scale = -0.5 / (sigma * sigma)
    most = int(2 * reach) + 2
    heights = points[:, 2].copy()
    # A thread owns whole planes and visits the atoms in one fixed order, so the sum does not depend on the threads.
    for z in numba.prange(box):
        first = np.searchsorted(heights, z - reach)
        last = np.searchsorted(heights, z + reach, side="right")
        along_x = np.empty(most)
        for i in range(first, last):
            px, py, pz = points[i, 0], points[i, 1], points[i, 2]
            x0, x1 = max(0, math.ceil(px - reach)), min(box - 1, math.floor(px + reach))
            y0, y1 = max(0, math.ceil(py - reach)), min(box - 1, math.floor(py + reach))
            for x in range(x0, x1 + 1):
                along_x[x - x0] = math.exp(scale * (x - px) ** 2)
            w_z = weights[i] * norm * math.exp(scale * (z - pz) ** 2)
            for y in range(y0, y1 + 1):
                w = w_z * math.exp(scale * (y - py) ** 2)
                for x in range(x0, x1 + 1):
                    density[z, y, x] += w * along_x[x - x0]
