"""Sums of Gaussians without aliasing: what a grid holds of them, frequency by frequency.

The points are spread with the Kaiser-Bessel kernel over an oversampled grid in real space; its transform, cropped to
the frequencies of the box, is multiplied by the Gaussian's transform and divided by the kernel's own.
"""

from __future__ import annotations

import math

import numpy as np
import scipy.fft
from jaxtyping import Complex64, Float32, Float64

from cryobench.ops.fft import signed_frequencies
from cryobench.ops.gridding import Gridding
from cryobench.ops.splat import add_profiles
from cryobench.ops.threads import get_threads

ALMOST_EXACT = Gridding(width=8, oversampling=1.5)
"""Off by less than 1e-6 of a map's maximum, however narrow the Gaussians. At an oversampling of 1.25 it is 1e-5."""

_STEPS = 4096
"""Entries of a gridding kernel's table in one grid point."""

_SLAB = 32
"""Planes of the oversampled grid that exist at a time."""


def band_limited_gaussians(
    points: Float64[np.ndarray, "n 3"],
    weights: Float64[np.ndarray, " n"],
    sigma: float,
    box: int,
    pixel_size: float,
    gridding: Gridding = ALMOST_EXACT,
) -> Float32[np.ndarray, "D D D"]:
    """Return the sum of normalised Gaussians after an ideal low-pass filter at Nyquist of the grid, per Å^3.

    Of the sum's Fourier transform the frequencies below Nyquist on each axis are kept, unaltered; Nyquist itself, whose
    sign is ambiguous, is not, as in :func:`cryobench.ops.fft.crop_volume`. The map is periodic: what leaves the box on
    one side comes in at the other. Its sum times the voxel volume is the sum of the weights.

    Parameters
    ----------
    points
        Centres (x, y, z) in Å from the origin, the voxel with index D/2; shape (n, 3).
    weights
        Integral of each Gaussian, shape (n,).
    sigma
        Standard deviation in Å.
    box, pixel_size
        Edge of the map in voxels, even, and of a voxel in Å.
    gridding
        The spreading kernel.
    """
    big = gridding.padded_box(box)
    spread = _spread_transform((points / pixel_size + box // 2) * (big / box), weights, box, gridding)
    frequencies = signed_frequencies(box)
    gaussian = np.exp(-2.0 * (math.pi * sigma / (box * pixel_size) * frequencies) ** 2)
    factor = (gaussian / (np.fft.ifftshift(gridding.transform(box)) * pixel_size)).astype(np.float32)
    for plane in range(box):
        spread[plane] *= (factor[plane] * factor)[:, None] * factor[: box // 2 + 1]
    return np.asarray(scipy.fft.irfftn(spread, s=(box, box, box), workers=get_threads(), overwrite_x=True))


def _spread_transform(
    points: Float64[np.ndarray, "n 3"], weights: Float64[np.ndarray, " n"], box: int, gridding: Gridding
) -> Complex64[np.ndarray, "D D H"]:
    """Return the half transform of points (in points of the oversampled grid) spread with the kernel, cropped to a box.

    An axis is transformed only along lines of frequencies that are wanted, and the grid made slab by slab.
    """
    big, half = gridding.padded_box(box), box // 2
    workers = get_threads()
    points, weights = _with_images(np.mod(points, big), weights, big, gridding.width / 2)
    order = np.argsort(points[:, 2], kind="stable")
    points, weights = points[order], weights[order]
    ones = np.ones(len(points))
    planes = np.zeros((big, box, half + 1), dtype=np.complex64)
    for start in range(0, big, _SLAB):
        grid = np.zeros((min(_SLAB, big - start), big, big), dtype=np.float32)
        add_profiles(points, weights, ones, gridding.width / 2, gridding.table, _STEPS, grid, start)
        along_x = scipy.fft.rfft(grid, axis=2, workers=workers)[:, :, :half]
        along_y = scipy.fft.fft(along_x, axis=1, workers=workers)
        slab = planes[start : start + len(grid), :, :half]
        slab[:, :half], slab[:, half + 1 :] = along_y[:, :half], along_y[:, big - half + 1 :]
    transform = np.zeros((box, box, half + 1), dtype=np.complex64)
    for start in range(0, box, _SLAB):
        rows = slice(start, start + _SLAB)
        along_z = scipy.fft.fft(planes[:, rows], axis=0, workers=workers)
        transform[:half, rows], transform[half + 1 :, rows] = along_z[:half], along_z[big - half + 1 :]
    return transform


def _with_images(
    points: Float64[np.ndarray, "n 3"], weights: Float64[np.ndarray, " n"], period: int, reach: float
) -> tuple[Float64[np.ndarray, "m 3"], Float64[np.ndarray, " m"]]:
    """Return points in a periodic grid, and the images of those that reach across a face of it."""
    for axis in range(3):
        low, high = points[:, axis] <= reach - 1, points[:, axis] >= period - reach
        moved = np.concatenate((points[low], points[high]))
        moved[:, axis] += np.repeat((period, -period), (low.sum(), high.sum()))
        points, weights = np.concatenate((points, moved)), np.concatenate((weights, weights[low], weights[high]))
    return points, weights
