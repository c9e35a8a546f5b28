"""Soft masks, and the maps of several states that they are made from."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator

import numpy as np
import scipy.ndimage
from jaxtyping import Bool, Float32

from cryobench.core import InputError, Volume
from cryobench.core.checks import require_positive

_log = logging.getLogger(__name__)

_ALIKE = 1e-4
"""Largest relative difference of pixel sizes that count as one: files hold them in single precision."""

_NO_MAP = "no map was given: at least one is needed"


def soft_mask(volume: Volume, threshold: float, dilation: float, edge: float) -> Volume:
    """Return a mask that is 1 where a map exceeds a threshold, grown, with a cosine edge.

    Parameters
    ----------
    volume
        The map.
    threshold
        Level, as a fraction of the map's maximum: from 0 to less than 1.
    dilation, edge
        Growth and width of the edge outside it, in Å; 0 for none.

    Raises
    ------
    InputError
        If the map has no value above 0, or a length or the threshold is out of range.
    """
    top = float(volume.data.max())
    if not (math.isfinite(top) and top > 0):
        raise InputError(f"the map's largest value is {top:g}: a mask needs a map that is above 0 somewhere")
    _require_fraction("threshold", threshold)
    return _grown(volume.data > threshold * top, volume.pixel_size, dilation, edge)


def moving_region_mask(variance: Volume, threshold: float = 0.1, dilation: float = 5.0, edge: float = 5.0) -> Volume:
    """Return a soft mask of where states differ.

    It is 1 where the standard deviation over the states exceeds a fraction of its maximum, grown, with a cosine edge.
    Where nothing varies (one state, or identical ones) no voxel moves, and the mask is 0 everywhere.

    Parameters
    ----------
    variance
        Variance over the states, as of :func:`variance_map`.
    threshold
        Level, as a fraction of the largest standard deviation: from 0 to less than 1.
    dilation, edge
        Growth and width of the edge outside it, in Å; 0 for none.

    Raises
    ------
    InputError
        If a variance is negative or no number, or a length or the threshold is out of range.
    """
    low, top = float(variance.data.min()), float(variance.data.max())
    if not (low >= 0 and math.isfinite(top)):
        raise InputError(f"variances run from {low:g} to {top:g}, expected numbers of at least 0")
    _require_fraction("threshold", threshold)
    if top == 0:
        _log.info("the states do not differ: the mask of the moving region is 0 everywhere")
    return _grown(variance.data > np.float64(threshold) ** 2 * top, variance.pixel_size, dilation, edge)


def union_map(volumes: Iterable[Volume]) -> Volume:
    """Return the largest value of each voxel over some maps, which are taken one at a time.

    Raises
    ------
    InputError
        If there is no map, or they differ in box or pixel size.
    """
    union, pixel_size = None, 0.0
    for volume in _alike(volumes):
        if union is None:
            union, pixel_size = volume.data.copy(), volume.pixel_size
        else:
            np.maximum(union, volume.data, out=union)
    if union is None:
        raise InputError(_NO_MAP)
    return Volume(union, pixel_size)


def variance_map(volumes: Iterable[Volume]) -> Volume:
    """Return the variance of each voxel over some maps, which are taken one at a time.

    The maps are all there are, not a sample: the sum of squares is divided by their number, and one map has variance 0,
    as have identical ones, exactly.

    Raises
    ------
    InputError
        If there is no map, or they differ in box or pixel size.

    References
    ----------
    Welford, Technometrics 4 (1962) 419: the recurrence, here in double precision.
    """
    mean, squares, pixel_size, count = np.empty(0), np.empty(0), 0.0, 0
    for count, volume in enumerate(_alike(volumes), start=1):
        if count == 1:
            mean, pixel_size = volume.data.astype(np.float64), volume.pixel_size
            squares = np.zeros_like(mean)
            continue
        # Plane by plane, which stays in the processor's cache.
        for z, plane in enumerate(volume.data):
            difference = plane - mean[z]
            mean[z] += difference / count
            squares[z] += difference * (plane - mean[z])
    if count == 0:
        raise InputError(_NO_MAP)
    squares /= count
    return Volume(squares.astype(np.float32), pixel_size)


def _alike(volumes: Iterable[Volume]) -> Iterator[Volume]:
    """Yield maps, checking that each has the box and pixel size of the first."""
    box, pixel_size = 0, 0.0
    for index, volume in enumerate(volumes):
        if index == 0:
            box, pixel_size = volume.box, volume.pixel_size
        if volume.box != box or not math.isclose(volume.pixel_size, pixel_size, rel_tol=_ALIKE):
            raise InputError(
                f"map {index} has a box of {volume.box} and {volume.pixel_size:g} Å/px, but map 0 one of {box} and "
                f"{pixel_size:g} Å/px: bring all to one box and pixel size first"
            )
        yield volume


def _grown(inside: Bool[np.ndarray, "D D D"], pixel_size: float, dilation: float, edge: float) -> Volume:
    """Return 1 up to a distance from the voxels inside, falling to 0 over the edge (both in Å)."""
    for name, length in (("dilation", dilation), ("edge", edge)):
        if length != 0:
            require_positive(name, length)
    mask: Float32[np.ndarray, "D D D"] = np.zeros(inside.shape, dtype=np.float32)
    if inside.any():
        # Beyond this region the mask is 0, and every voxel inside lies within it, so distances in it are exact.
        region = _around(inside, math.ceil((dilation + edge) / pixel_size))
        distance = scipy.ndimage.distance_transform_edt(~inside[region], sampling=pixel_size) - dilation
        ramp = np.clip(distance / edge, 0.0, 1.0) if edge else distance > 0
        mask[region] = 0.5 + 0.5 * np.cos(np.pi * ramp)
    return Volume(mask, pixel_size)


def _around(inside: Bool[np.ndarray, "D D D"], margin: int) -> tuple[slice, ...]:
    """Return the smallest region that holds all voxels inside, with a margin as far as the map goes."""
    region = []
    for axis, size in enumerate(inside.shape):
        found = np.flatnonzero(inside.any(axis=tuple(other for other in range(3) if other != axis)))
        region.append(slice(max(0, int(found[0]) - margin), min(size, int(found[-1]) + margin + 1)))
    return tuple(region)


def _require_fraction(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise InputError(f"{name} is {value:g}, expected a fraction of the maximum from 0 to less than 1")
