"""The truth that a folder of true maps holds, as the published archives and scripts have it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Int

from cryobench.core import Coordinate, FormatError, InputError, Progress, State, Truth, Volume, silent
from cryobench.datasets.reading import ReadVolumes
from cryobench.io import find_files, read_volume
from cryobench.structures import moving_region_mask, variance_map

_MOST_MAPS = 100


def truth_of_maps(
    folder: Path,
    labels: Int[np.ndarray, " N"],
    pixel_size: float | None = None,
    mask: Path | None = None,
    *,
    moving: bool = False,
    progress: Progress = silent,
) -> Truth:
    """Return the truth of particles whose states are the maps of a folder, in the natural order of their names.

    Parameters
    ----------
    folder
        Holds the ``.mrc`` files, which are read when they are asked for.
    labels
        State of each particle, shape (N,).
    pixel_size
        In Å, in place of what the headers say.
    mask
        A mask file, or None.
    moving
        Whether the region in which the maps differ is looked for, which reads them (at most 100, evenly spread).
    progress
        Told of maps read.

    Raises
    ------
    FormatError
        If the folder holds no map, or a file cannot be read.
    InputError
        If labels name a state that has no map.
    """
    paths = find_files(folder, (".mrc",)) if folder.is_dir() else []
    if not paths:
        raise FormatError(f"{folder}: no .mrc file there: expected the true map of each state")
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(paths):
        raise InputError(
            f"{folder}: {len(paths)} maps, but particles have states {labels.min()} to {labels.max()}: expected a map "
            "for each state; check --num-vols, or the labels"
        )
    counts = np.bincount(labels, minlength=len(paths))
    volumes = ReadVolumes(paths, pixel_size)
    return Truth(
        labels=labels.astype(np.int32),
        latents=labels[:, None].astype(np.float32),
        latent_meaning="number of the state",
        states=tuple(
            State(index=i, name=path.stem, images=int(counts[i]), variables={"state": float(i)})
            for i, path in enumerate(paths)
        ),
        coordinate=Coordinate(name="state", unit="", cyclic=False),
        volumes=volumes,
        mask=None if mask is None else read_volume(mask, pixel_size),
        moving_mask=_moving_mask(volumes, progress) if moving else None,
    )


def _moving_mask(volumes: ReadVolumes, progress: Progress) -> Volume:
    some = min(len(volumes), _MOST_MAPS)
    advance = progress("Finding what differs between true volumes", some)

    def chosen() -> Iterator[Volume]:
        for i in range(some):
            yield volumes[i * len(volumes) // some]
            advance(1)

    variance = variance_map(chosen())
    grain = 2 * variance.pixel_size
    return moving_region_mask(variance, dilation=grain, edge=grain)
