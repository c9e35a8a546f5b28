"""Masks from the true volumes of a dataset."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cryobench.core import Progress, Volume
from cryobench.datasets.manifest import volume_name
from cryobench.datasets.recipe import Inputs
from cryobench.datasets.spec import DatasetSpec
from cryobench.imaging import downsample_volume
from cryobench.io import read_volume
from cryobench.structures import moving_region_mask, soft_mask, union_map, variance_map

_LEVEL = 0.05
_MOST_RENDERED = 100


class TrueMasks(NamedTuple):
    """Soft masks, 0 to 1: around the union of the states, and around what differs between them."""

    union: Volume
    moving: Volume


def true_masks(inputs: Inputs, folder: Path, progress: Progress) -> TrueMasks:
    """Return the masks of a dataset whose true volumes are complete.

    Volumes that are rendered on demand are looked at for 100 states, evenly spread, at most.
    """
    grain = max(inputs.ensemble.resolution, 2 * inputs.spec.pixel_size)
    union = union_map(_volumes(inputs, folder, progress, "Finding the union of the true volumes"))
    variance = variance_map(_volumes(inputs, folder, progress, "Finding what differs between true volumes"))
    return TrueMasks(
        union=soft_mask(union, _LEVEL, dilation=grain, edge=grain),
        moving=moving_region_mask(variance, dilation=grain, edge=grain),
    )


def looked_at(spec: DatasetSpec) -> int:
    """Return the number of true volumes that masks are made of."""
    return len(spec.images) if spec.truth == "files" else min(len(spec.images), _MOST_RENDERED)


def _volumes(inputs: Inputs, folder: Path, progress: Progress, label: str) -> Iterator[Volume]:
    count = len(inputs.spec.images)
    some = looked_at(inputs.spec)
    advance = progress(label, some)
    for i in range(some):
        state = i * count // some
        if inputs.spec.truth == "files":
            yield read_volume(folder / volume_name(state))
        else:
            yield downsample_volume(inputs.ensemble.volume(state), inputs.spec.box)
        advance(1)
