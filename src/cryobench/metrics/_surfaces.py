"""Shapes of two maps: overlap of the regions above a level, and distances between the surfaces at it.

**The level.** A level is the density at which a map's surface is drawn. Two maps of one molecule differ in scale and in
sharpness, so one number for both would compare those. By default the levels are such that both surfaces enclose the
same volume: that of the voxels above a fifth of the maximum of the reference. For both maps it lies halfway between the
smallest value among so many voxels and the largest of the others. So scores say whether density is at the same place
and of the same shape, and do not change with a positive scale of either map. Where equal values leave no level that
encloses just so many voxels, the nearest possible number is taken.

**The surface.** It is sampled where the straight lines between neighbouring voxels cross the level: the density is
interpolated linearly along the line, so the samples lie on the surface exactly where the density is linear. Distances
are measured from the crossings of lines along the axes, to crossings of lines along the axes and the diagonals of
faces and cells, of which there are several times more, so that the nearest sample is close to the nearest point of the
surface. All samples count alike, so an oblique part of a surface, which more lines cross, counts up to 1.7 times as
much as one across an axis. Of more than 100,000 samples, which only noise has, so many are drawn, always the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Bool, Float32, Float64
from scipy.spatial import cKDTree

from cryobench.core import InputError, MetricCard, stream
from cryobench.core.maps import MapLike, pixel_size_of, require_map
from cryobench.metrics._registry import METRICS
from cryobench.ops.threads import get_threads

Levels = float | tuple[float, float]

VOLUME_OVERLAP = METRICS.add(
    "volume-overlap",
    MetricCard(
        name="volume-overlap",
        label="Volume overlap",
        summary="Intersection over union of the regions above a level in a recovered map and in the true one; by "
        "default at levels that enclose the same volume in both.",
        reference="Jaccard, New Phytol. 11 (1912) 37",
        range=(0.0, 1.0),
        direction="higher",
        unit="",
    ),
)

CHAMFER_DISTANCE = METRICS.add(
    "chamfer-distance",
    MetricCard(
        name="chamfer-distance",
        label="Chamfer distance",
        summary="Mean distance from the surface of a recovered map to that of the true one, averaged with that from "
        "the true one's to the recovered one's; by default at levels that enclose the same volume in both.",
        reference="Barrow et al., Proc. IJCAI (1977) 659; Fan, Su & Guibas, arXiv:1612.00603",
        range=(0.0, None),
        direction="lower",
        unit="Å",
    ),
)

FRACTION = 0.2
"""The default levels enclose the voxels above this fraction of the reference's maximum."""

_Step = tuple[int, int, int]
_AXES: tuple[_Step, ...] = ((0, 0, 1), (0, 1, 0), (1, 0, 0))
_LINES: tuple[_Step, ...] = tuple((z, y, x) for z, y, x in product((-1, 0, 1), repeat=3) if (z, y, x) > (0, 0, 0))
"""From a voxel to half of its 26 neighbours: each line between two voxels once."""


_MOST = 100_000
"""Distances are measured from so many samples at most: it takes minutes to go through all of those of noise."""


@dataclass(frozen=True, eq=False)
class ChamferDistance:
    """Distances between the surfaces of a volume and a reference, in Å.

    Parameters
    ----------
    mean
        Mean of the two one-sided means.
    to_reference
        Mean over the volume's surface of the distance to the reference's: large where the volume has too much.
    to_volume
        Mean over the reference's surface of the distance to the volume's: large where the volume lacks something.
    hausdorff_95
        The larger of the two one-sided 95th percentiles: the distance that a twentieth of one surface exceeds.
    levels
        Where the surfaces were drawn, in the volume and in the reference.
    """

    mean: float
    to_reference: float
    to_volume: float
    hausdorff_95: float
    levels: tuple[float, float]


def matched_levels(volume: MapLike, reference: MapLike, fraction: float = FRACTION) -> tuple[float, float]:
    """Return levels of two maps that enclose the same volume: that of the voxels above a fraction of the reference.

    Parameters
    ----------
    volume, reference
        Maps of the same grid, shape (D, D, D).
    fraction
        Of the reference's maximum, from 0 to less than 1.

    Returns
    -------
    tuple of float
        The level of the volume, and that of the reference.

    Raises
    ------
    InputError
        If a map is constant, not finite or of another grid, the fraction is out of range, the reference is nowhere
        above 0, or every voxel of it is above the fraction.
    """
    a = require_map(volume, "the volume")
    b = require_map(reference, "the reference", volume, "the volume")
    if not 0 <= fraction < 1:
        raise InputError(f"fraction is {fraction:g}, expected a part of the maximum from 0 to less than 1")
    top = float(b.max())
    if top <= 0:
        raise InputError(
            f"the reference's largest value is {top:g}, so no level is a fraction of it: give a map with density above "
            "0, or the levels"
        )
    count = int(_inside(b, fraction * top).sum())
    if count == b.size:
        raise InputError(
            f"every voxel of the reference is above {fraction:g} of its maximum: take off its background, or give the "
            "levels"
        )
    return _level_around(a, count), _level_around(b, count)


def volume_overlap(volume: MapLike, reference: MapLike, level: Levels | None = None) -> float:
    """Return the intersection over union of the regions above a level in two maps.

    Parameters
    ----------
    volume, reference
        Maps of the same grid, shape (D, D, D).
    level
        One level for both maps, or that of the volume and that of the reference. By default :func:`matched_levels`.

    Raises
    ------
    InputError
        If a map is constant, not finite or of another grid, or a level leaves no voxel, or every voxel, above it.
    """
    a, b, levels = _prepared(volume, reference, level)
    inside_a, inside_b = _inside(a, levels[0]), _inside(b, levels[1])
    return float((inside_a & inside_b).sum() / (inside_a | inside_b).sum())


def chamfer_distance(
    volume: MapLike, reference: MapLike, pixel_size: float | None = None, level: Levels | None = None
) -> ChamferDistance:
    """Return the distances between the surfaces of two maps at a level, in Å.

    Parameters
    ----------
    volume, reference
        Maps of the same grid, shape (D, D, D).
    pixel_size
        Edge of a voxel in Å; not needed for maps that know theirs.
    level
        One level for both maps, or that of the volume and that of the reference. By default :func:`matched_levels`.

    Raises
    ------
    InputError
        If a map is constant, not finite or of another grid, the pixel size is not known, or a level leaves no voxel,
        or every voxel, above it.
    """
    a, b, levels = _prepared(volume, reference, level)
    pixel_size = pixel_size_of(volume, reference, pixel_size)
    forth = _distances(a, levels[0], b, levels[1]) * pixel_size
    back = _distances(b, levels[1], a, levels[0]) * pixel_size
    return ChamferDistance(
        mean=float((forth.mean() + back.mean()) / 2),
        to_reference=float(forth.mean()),
        to_volume=float(back.mean()),
        hausdorff_95=float(max(np.quantile(forth, 0.95), np.quantile(back, 0.95))),
        levels=levels,
    )


def _prepared(
    volume: MapLike, reference: MapLike, level: Levels | None
) -> tuple[Float32[np.ndarray, "D D D"], Float32[np.ndarray, "D D D"], tuple[float, float]]:
    """Return two maps, checked, and the level of each."""
    a = require_map(volume, "the volume")
    b = require_map(reference, "the reference", volume, "the volume")
    if level is None:
        return a, b, matched_levels(a, b)
    levels = (float(level[0]), float(level[1])) if isinstance(level, tuple) else (float(level), float(level))
    for name, data, each in (("the volume", a, levels[0]), ("the reference", b, levels[1])):
        if not data.min() <= each < data.max():
            raise InputError(
                f"level {each:g} is not in the range of {name}, {data.min():g} to {data.max():g}: it would enclose "
                "nothing, or everything"
            )
    return a, b, levels


def _level_around(data: Float32[np.ndarray, "D D D"], count: int) -> float:
    """Return the level that encloses ``count`` voxels, or as nearly so many as equal values allow.

    It encloses one voxel at least, and not all, and lies halfway between the values inside and outside.
    """
    values = np.partition(data, (data.size - count - 1, data.size - count), axis=None)
    outside, inside = (float(each) for each in values[data.size - count - 1 : data.size - count + 1])
    if outside == inside:
        # The level is above these equal values, or below them: whichever encloses more nearly the number asked for.
        above, below = data[data > inside], data[data < inside]
        fewer, more = above.size, data.size - below.size
        if fewer and (more == data.size or count - fewer <= more - count):
            inside = float(above.min())
        else:
            outside = float(below.max())
    return (outside + inside) / 2


def _inside(data: Float32[np.ndarray, "D D D"], level: float) -> Bool[np.ndarray, "D D D"]:
    # A plain float would be rounded to single precision first, onto one of the values that it lies between.
    return np.asarray(data > np.float64(level))


def _samples(data: Float32[np.ndarray, "D D D"], level: float, steps: Sequence[_Step]) -> Float64[np.ndarray, "n 3"]:
    """Return where the lines from each voxel along some steps cross a level, in voxels (z, y, x), shape (n, 3)."""
    inside = _inside(data, level)
    found = []
    for step in steps:
        here = tuple(slice(max(0, -each), len(data) - max(0, each)) for each in step)
        there = tuple(slice(max(0, each), len(data) - max(0, -each)) for each in step)
        starts = np.argwhere(inside[here] ^ inside[there]) + [each.start for each in here]
        first = data[tuple(starts.T)].astype(np.float64)
        second = data[tuple((starts + step).T)].astype(np.float64)
        found.append(starts + ((level - first) / (second - first))[:, None] * np.asarray(step))
    return np.concatenate(found)


def _distances(
    first: Float32[np.ndarray, "D D D"], level: float, second: Float32[np.ndarray, "D D D"], other_level: float
) -> Float64[np.ndarray, " n"]:
    """Return the distance of each sample of a surface to the other surface, in voxels."""
    tree = cKDTree(_samples(second, other_level, _LINES))
    starts = _samples(first, level, _AXES)
    if len(starts) > _MOST:
        # Every n-th would not do: along an axis, crossings into the region and out of it alternate.
        starts = starts[stream(0, "samples of a surface").choice(len(starts), _MOST, replace=False)]
    distances, _ = tree.query(starts, workers=get_threads())
    return np.asarray(distances)
