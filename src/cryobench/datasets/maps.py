"""A dataset of a user's own maps: ``cryobench simulate``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cryobench.core import Coordinate, Dataset, FormatError, InputError, Progress, State, Volume, silent
from cryobench.datasets.build import build_dataset
from cryobench.datasets.folder import load_dataset
from cryobench.datasets.inputs import ctf_input, pose_input, require_boxes, with_names_only
from cryobench.datasets.journal import is_dataset
from cryobench.datasets.merge import validated
from cryobench.datasets.recipe import Ensemble, Inputs
from cryobench.datasets.simulation_spec import SimulationSpec, read_spec
from cryobench.datasets.spec import DatasetSpec, Maps, Source
from cryobench.imaging import ImagingSpec
from cryobench.io import check_output, find_files, read_volume, sha256

_MAP = "map"
_ALIKE = 1e-3  # headers hold the edge of the box in single precision


def simulate(
    spec: SimulationSpec | Mapping[str, Any] | str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    progress: Progress = silent,
    overwrite: bool = False,
    chunk: int | None = None,
) -> Dataset:
    """Make a dataset folder of particle images of maps, and return it.

    If the folder holds an unfinished build of the same spec, it is continued; if it holds a finished one, it is kept.

    Parameters
    ----------
    spec
        What to make: the spec, a mapping of its fields, or a ``.toml`` or ``.json`` file of them.
    output
        The folder.
    progress
        Told of images made.
    overwrite
        Start anew in a folder that holds something else.
    chunk
        Images made at a time. It changes the memory needed, and no byte.

    Raises
    ------
    InputError
        If a value is out of range, or the maps do not belong together.
    FormatError
        If a file cannot be read.
    OutputError
        If the folder holds something else.
    """
    folder = Path(output)
    simulate_inputs(prepare_simulation(read_spec(spec)), folder, progress=progress, overwrite=overwrite, chunk=chunk)
    return load_dataset(folder)


def simulate_inputs(
    inputs: Inputs, folder: Path, *, progress: Progress = silent, overwrite: bool = False, chunk: int | None = None
) -> bool:
    """Make the dataset folder of prepared inputs, as :func:`simulate` does; return whether there was anything to do."""
    begun = check_simulation(folder, overwrite=overwrite)
    return build_dataset(inputs, folder, progress, resume=begun, chunk=chunk)


def check_simulation(folder: Path, *, overwrite: bool = False) -> bool:
    """Return whether a folder holds a build to go on with.

    Raises
    ------
    OutputError
        If it holds something else, or cannot be made.
    """
    begun = is_dataset(folder) and not overwrite
    check_output(folder, overwrite=overwrite, resume=begun)
    return begun


def prepare_simulation(spec: SimulationSpec) -> Inputs:
    """Return everything a build needs, after every check that needs no image.

    Raises
    ------
    InputError
        If the maps differ in box or pixel size, or a value is out of range.
    FormatError
        If a file cannot be read.
    """
    paths = _map_paths(spec.volumes)
    first, *others = [_checked(path, spec.pixel_size) for path in paths]
    for other in others:
        if other.box != first.box:
            raise InputError(
                f"{other.path} has a box of {other.box}, but {first.path} one of {first.box}: maps must be alike"
            )
        if abs(other.pixel_size / first.pixel_size - 1) > _ALIKE:
            raise InputError(
                f"{other.path} has {other.pixel_size:g} Å/px, but {first.path} {first.pixel_size:g} Å/px: maps must be "
                "alike, or give one pixel size for all (--apix)"
            )
    options = spec.imaging
    imaging = validated(
        lambda: ImagingSpec(
            **(
                options.model_dump()
                | {
                    "box": first.box,
                    "pixel_size": first.pixel_size,
                    "output_box": first.box if options.output_box is None else options.output_box,
                }
            )
        )
    )
    require_boxes(imaging)
    images = spec.images if isinstance(spec.images, tuple) else (spec.images,) * len(paths)
    if len(images) != len(paths):
        raise InputError(f"there are {len(paths)} maps but {len(images)} numbers of images: give one for each map")
    if not (imaging.ctf.shuffle or imaging.ctf.is_file):
        raise InputError("CTF parameters can be taken in order from a table alone: name one as their source")
    ctf_source, ctf_table = ctf_input(imaging.ctf.source, is_file=imaging.ctf.is_file)
    poses_source, pose_table = pose_input(imaging)
    if pose_table is not None and len(pose_table) < sum(images):
        raise InputError(f"{poses_source.name} holds {len(pose_table)} poses, but there are {sum(images)} images")
    dataset = DatasetSpec(
        dataset=spec.name,
        variant="custom",
        scale="custom",
        seed=spec.seed,
        images=images,
        images_per_stack=spec.images_per_stack,
        states=Maps(maps=tuple(Source(name=m.path.name, title=m.path.name, sha256=m.sha256) for m in (first, *others))),
        ctf=ctf_source,
        poses=poses_source,
        imaging=with_names_only(imaging),
    )
    return Inputs(
        spec=dataset,
        title=spec.name,
        summary=f"Images of {len(paths)} given map{'s' if len(paths) > 1 else ''}.",
        stand_in="",
        ensemble=_ensemble(paths, images, imaging),
        ctf_table=ctf_table,
        pose_table=pose_table,
    )


def _ensemble(paths: Sequence[Path], images: Sequence[int], imaging: ImagingSpec) -> Ensemble:
    def volume(state: int) -> Volume:
        return read_volume(paths[state], imaging.pixel_size)

    return Ensemble(
        states=tuple(
            State(index=i, name=path.stem, images=n, variables={_MAP: float(i)})
            for i, (path, n) in enumerate(zip(paths, images, strict=True))
        ),
        latents=np.arange(len(paths), dtype=np.float32)[:, None],
        latent_meaning="number of the map, in the order given: its distances mean nothing unless the maps are in order",
        coordinate=Coordinate(name=_MAP, unit="", cyclic=False),
        volume=volume,
        resolution=2 * imaging.pixel_size,
    )


class _Map(NamedTuple):
    """What is known of a map once it was read."""

    path: Path
    box: int
    pixel_size: float
    sha256: str


def _checked(path: Path, pixel_size: float | None) -> _Map:
    volume = read_volume(path, pixel_size)
    if not np.isfinite(volume.data).all():
        raise FormatError(f"{path}: holds a value that is not finite: every voxel must be a number")
    if volume.data.min() == volume.data.max():
        raise FormatError(f"{path}: is empty: every voxel is {volume.data.flat[0]:g}, so its images would show nothing")
    return _Map(path, volume.box, volume.pixel_size, sha256(path))


def _map_paths(given: Path | tuple[Path, ...]) -> list[Path]:
    found: list[Path] = []
    for path in given if isinstance(given, tuple) else (given,):
        if not path.exists():
            raise InputError(f"{path}: no such file or folder: check the path of the maps")
        if path.is_dir():
            inside = find_files(path, (".mrc",))
            if not inside:
                raise InputError(f"{path}: holds no .mrc file: give a folder of maps")
            found += inside
        else:
            found.append(path)
    if not found:
        raise InputError("no map is given: name a map, a folder of maps, or a list of them")
    return found
