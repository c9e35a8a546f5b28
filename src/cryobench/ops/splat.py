"""Separable profiles added to a grid at scattered points: atoms to density."""

from __future__ import annotations

import math

import numba
import numpy as np
from jaxtyping import Float32, Float64

_STEPS = 1024
"""Entries of the table of a Gaussian in one sigma; between them it is off by at most 1.2e-7 of its peak."""


def splat_gaussians(
    points: Float64[np.ndarray, "n 3"],
    weights: Float64[np.ndarray, " n"],
    sigma: float | Float64[np.ndarray, " n"],
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
        Standard deviation in Å, one for all or one for each, shape (n,).
    box, pixel_size
        Edge of the map in voxels, and of a voxel in Å.
    cutoff
        A Gaussian is cut where a coordinate differs by more than this many sigma.
    """
    widths = np.broadcast_to(np.asarray(sigma, dtype=np.float64), len(points))
    heights = weights * (2.0 * math.pi) ** -1.5 / widths**3
    table = np.exp(-0.5 * (np.arange(math.ceil(cutoff * _STEPS) + 3) / _STEPS) ** 2)
    density = np.zeros((box, box, box), dtype=np.float32)
    order = np.argsort(points[:, 2], kind="stable")
    centres = points[order] / pixel_size + box // 2
    add_profiles(centres, heights[order], widths[order] / pixel_size, cutoff, table, _STEPS, density)
    return density


def add_profiles(
    points: Float64[np.ndarray, "n 3"],
    heights: Float64[np.ndarray, " n"],
    widths: Float64[np.ndarray, " n"],
    cutoff: float,
    table: Float64[np.ndarray, " T"],
    steps: int,
    planes: Float32[np.ndarray, "Z Y X"],
    first: int = 0,
) -> None:
    """Add ``height * f(x / width) * f(y / width) * f(z / width)`` about each point to planes of a grid.

    The sum at a grid point is made in double precision and in the order of the points, whatever the number of threads.

    Parameters
    ----------
    points
        Centres (x, y, z) in grid points, in ascending order of z; shape (n, 3).
    heights, widths
        Of each point; widths in grid points.
    cutoff
        Largest distance, in widths, at which f counts.
    table, steps
        f at distances 0, 1/steps, 2/steps ... as far as the second entry beyond the cutoff.
    planes
        The grid's planes ``first``, ``first + 1`` ..., changed in place. What lies outside them is left out.
    """
    if len(points):
        _add_kernel(points, heights, widths, float(cutoff), table, float(steps), planes, first)


@numba.njit(cache=True, inline="always")
def _profile(t, table):  # type: ignore[no-untyped-def]
    """Return the table's value at t steps, interpolated."""
    cell = int(t)
    return table[cell] + (t - cell) * (table[cell + 1] - table[cell])


@numba.njit(cache=True, inline="always")
def _along(centre, reach, scale, size, table, values):  # type: ignore[no-untyped-def]
    """Fill in the profile at the points of an axis about a centre; return the first of them and one past the last."""
    start, stop = max(0, math.ceil(centre - reach)), min(size, math.floor(centre + reach) + 1)
    for i in range(start, stop):
        values[i - start] = _profile(abs(i - centre) * scale, table)
    return start, stop


@numba.njit(parallel=True, cache=True)
def _add_kernel(points, heights, widths, cutoff, table, steps, planes, first):  # type: ignore[no-untyped-def]
    depth, height, width = planes.shape
    most = cutoff * widths.max()
    room = int(2 * most) + 2
    centres = points[:, 2].copy()
    # A thread owns whole planes and visits the points in one fixed order, so the sum does not depend on the threads.
    for k in numba.prange(depth):
        z = first + k
        begin, end = np.searchsorted(centres, z - most), np.searchsorted(centres, z + most, side="right")
        if begin == end:
            continue
        plane = np.zeros((height, width))
        along_x, along_y = np.empty(room), np.empty(room)
        for i in range(begin, end):
            reach, scale, above = cutoff * widths[i], steps / widths[i], abs(z - centres[i])
            if above > reach:
                continue
            w_z = heights[i] * _profile(above * scale, table)
            x0, x1 = _along(points[i, 0], reach, scale, width, table, along_x)
            y0, y1 = _along(points[i, 1], reach, scale, height, table, along_y)
            for y in range(y0, y1):
                w = w_z * along_y[y - y0]
                row = plane[y, x0:x1]
                for x in range(x1 - x0):
                    row[x] += w * along_x[x]
        for y in range(height):
            for x in range(width):
                planes[k, y, x] += np.float32(plane[y, x])
