"""What is asked of a map before it is scored or aligned: there is no score for nothing.

A map is a :class:`~cryobench.core.volumes.Volume`, which knows its pixel size, or an array of shape (D, D, D),
which does not.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float32
from numpy.typing import NDArray

from cryobench.core.checks import require_finite, require_positive
from cryobench.core.errors import InputError
from cryobench.core.volumes import Volume

MapLike = Volume | NDArray[Any]

_CONSTANT = 1e-6
"""A range of values below this fraction of the largest magnitude is rounding: single precision has 6e-8."""

_ALIKE = 1e-3
"""Largest relative difference of pixel sizes that count as one."""


def as_array(x: MapLike, name: str) -> Float32[np.ndarray, "D D D"]:
    """Return a map as a float32 array of shape (D, D, D), which is not copied where it is one.

    Raises
    ------
    InputError
        If it does not have three equal axes of at least one voxel, or does not hold real numbers.
    """
    data = x.data if isinstance(x, Volume) else x
    if not isinstance(data, np.ndarray):
        raise InputError(f"{name} is a {type(data).__name__}, expected an array of shape (D, D, D) or a Volume")
    if data.ndim != 3:
        raise InputError(f"{name} has shape {data.shape}, expected a map with three axes (D, D, D)")
    if len(set(data.shape)) != 1:
        raise InputError(f"{name} has shape {data.shape}, expected a cubic map (D, D, D): pad or crop it to a cube")
    if not data.size:
        raise InputError(f"{name} is empty: it has shape {data.shape}, expected at least one voxel")
    if data.dtype.kind not in "fiub":
        raise InputError(f"{name} holds values of type {data.dtype}, expected real numbers")
    with np.errstate(over="ignore"):  # what overflows becomes infinite, and is found by who asks for finite values
        return np.asarray(data, dtype=np.float32)


def require_map(
    x: MapLike, name: str, like: MapLike | None = None, like_name: str = ""
) -> Float32[np.ndarray, "D D D"]:
    """Return a map as :func:`as_array` does, if there is something in it to score.

    Parameters
    ----------
    x, name
        The map, and what messages call it, such as ``"the volume"``.
    like, like_name
        Another map, whose box and (where both are known) pixel size this one must have.

    Raises
    ------
    InputError
        If it is no cubic map, holds a value that is not finite (named by its first index), is constant, also but for
        rounding, or differs from ``like`` in box or pixel size.
    """
    data = as_array(x, name)
    require_finite(name, data)
    if like is not None:
        require_same_grid(x, name, like, like_name)
    if is_constant(data):
        raise InputError(f"{name} is constant ({data.flat[0]:g} everywhere): there is nothing to score")
    return data


def require_mask(mask: MapLike, like: MapLike, like_name: str) -> Float32[np.ndarray, "D D D"]:
    """Return a mask as :func:`as_array` does, if it selects something.

    Raises
    ------
    InputError
        If it is no cubic map, holds a value that is negative or not finite, is empty (0 everywhere), or differs from
        ``like`` in box or pixel size.
    """
    name = "the mask"
    data = as_array(mask, name)
    require_finite(name, data)
    require_same_grid(mask, name, like, like_name)
    if data.min() < 0:
        first = tuple(int(i) for i in np.argwhere(data < 0)[0])
        raise InputError(f"{name} is {data[first]:g} at index {first}, expected weights of at least 0")
    if not data.any():
        raise InputError(f"{name} is empty (0 everywhere): it selects no voxel to score")
    return data


def require_same_grid(x: MapLike, name: str, like: MapLike, like_name: str) -> None:
    """Raise unless two maps have the same box and, where both are known, the same pixel size.

    Raises
    ------
    InputError
        Naming both.
    """
    first, second = as_array(x, name), as_array(like, like_name)
    if first.shape != second.shape:
        raise InputError(
            f"{name} has a box of {len(first)} voxels but {like_name} one of {len(second)}: bring them to the same "
            "grid first"
        )
    if isinstance(x, Volume) and isinstance(like, Volume) and not alike(x.pixel_size, like.pixel_size):
        raise InputError(
            f"{name} has a pixel size of {x.pixel_size:g} Å but {like_name} one of {like.pixel_size:g} Å: bring them "
            "to the same grid first"
        )


def pixel_size_of(volume: MapLike, reference: MapLike, pixel_size: float | None) -> float:
    """Return the pixel size of two maps in Å: the one given, or else the one that a map knows.

    Raises
    ------
    InputError
        If nobody knows it, it is not above 0, or it is not that of a map.
    """
    known = [
        (each.pixel_size, name)
        for each, name in ((reference, "the reference"), (volume, "the volume"))
        if isinstance(each, Volume)
    ]
    if pixel_size is None:
        if not known:
            raise InputError("the pixel size is not known: give pixel_size in Å, or maps that know theirs (Volume)")
        return known[0][0]
    require_positive("pixel size", pixel_size)
    for size, name in known:
        if not alike(pixel_size, size):
            raise InputError(f"pixel_size is {pixel_size:g} Å but that of {name} {size:g} Å: leave it out")
    return float(pixel_size)


def is_constant(data: NDArray[Any]) -> bool:
    """Return whether finite values are all the same but for rounding."""
    low, high = float(data.min()), float(data.max())
    return high - low <= _CONSTANT * max(abs(low), abs(high))


def alike(size: float, other: float) -> bool:
    """Return whether two pixel sizes count as one: files hold them in single precision."""
    return math.isclose(size, other, rel_tol=_ALIKE)
