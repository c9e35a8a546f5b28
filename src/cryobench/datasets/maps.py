"""A dataset of a user's own maps: ``cryobench simulate``."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from cryobench.core import Coordinate, Dataset, FormatError, InputError, Progress, State, Strict, Volume, silent
from cryobench.datasets.build import build_dataset
from cryobench.datasets.folder import load_dataset
from cryobench.datasets.inputs import ctf_input, pose_input, require_boxes, with_names_only
from cryobench.datasets.journal import is_dataset
from cryobench.datasets.merge import merged, validated
from cryobench.datasets.recipe import Ensemble, Inputs
from cryobench.datasets.spec import DatasetSpec, Maps, Source
from cryobench.imaging import FileRotations, ImagingOptions, ImagingSpec, read_spectrum
from cryobench.io import check_output, find_files, read_text, read_volume, sha256

_MAP = "map"
_ALIKE = 1e-3  # headers hold the edge of the box in single precision


class SimulationSpec(Strict):
    """What ``cryobench simulate`` makes.

    ``volumes`` is a map, a folder of maps (``.mrc``, in the order of their numbers), or a list of either. ``images``
    counts those of each state, one number for all or one for each. ``pixel_size`` (Å) replaces the maps' own. Relative
    paths count from the folder of the file that the spec is read from.
    """

    volumes: Path | tuple[Path, ...]
    images: Annotated[int, Field(ge=1)] | tuple[Annotated[int, Field(ge=1)], ...] = 1000
    images_per_stack: int = Field(default=1000, ge=1, le=1_000_000)
    name: str = Field(default="maps", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    pixel_size: float | None = Field(default=None, gt=0, le=1000)
    seed: int = Field(default=0, ge=0)
    imaging: ImagingOptions = ImagingOptions()


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


def read_spec(spec: SimulationSpec | Mapping[str, Any] | str | os.PathLike[str]) -> SimulationSpec:
    """Return the spec in a mapping or a file, its paths counted from the file's folder.

    Raises
    ------
    InputError
        If a field is unknown, missing or out of range.
    FormatError
        If the file cannot be read.
    """
    if isinstance(spec, SimulationSpec):
        return spec
    if isinstance(spec, Mapping):
        return _from_fields(spec, Path())
    path = Path(spec)
    if path.suffix not in {".toml", ".json"}:
        raise FormatError(f"{path}: not a spec: expected a .toml or .json file")
    text = read_text(path)
    try:
        fields = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        if not isinstance(fields, dict):
            raise InputError("holds no table of settings")
        return _from_fields(fields, path.parent)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError, InputError) as error:
        raise FormatError(f"{path}: {error}") from error


def with_changes(spec: SimulationSpec, changes: Mapping[str, Any]) -> SimulationSpec:
    """Return a spec with some fields set anew, nested as they are; paths among them count from here.

    Raises
    ------
    InputError
        If a field is unknown or out of range.
    """
    return _from_fields(merged(spec.model_dump(), changes), Path())


def _from_fields(fields: Mapping[str, Any], folder: Path) -> SimulationSpec:
    """Return the spec of some fields, its paths counted from a folder."""
    read = validated(lambda: SimulationSpec.model_validate(_with_spectrum(fields, folder)))
    return _resolved(read, folder)


def _with_spectrum(fields: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """Return the fields with the rows of a noise spectrum in place of the name of its file."""
    colour = fields
    for name in ("imaging", "noise", "colour"):
        colour = colour.get(name, {})
        if not isinstance(colour, Mapping):
            return fields
    if colour.get("kind") != "spectrum" or "file" not in colour:
        return fields
    if "points" in colour:
        raise InputError("imaging.noise.colour has both a file and points: give one of the two")
    read = {"points": read_spectrum(folder / str(colour["file"]))}
    noise = fields["imaging"]["noise"] | {"colour": {k: v for k, v in colour.items() if k != "file"} | read}
    return {**fields, "imaging": {**fields["imaging"], "noise": noise}}


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
        if other.box != first.box or abs(other.pixel_size / first.pixel_size - 1) > _ALIKE:
            raise InputError(
                f"{other.path} has a box of {other.box} and {other.pixel_size:g} Å/px, but {first.path} one of "
                f"{first.box} and {first.pixel_size:g} Å/px: maps must be alike, or give one pixel size for all"
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
    return _Map(path, volume.box, volume.pixel_size, sha256(path))


def _map_paths(given: Path | tuple[Path, ...]) -> list[Path]:
    found: list[Path] = []
    for path in given if isinstance(given, tuple) else (given,):
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


def _resolved(spec: SimulationSpec, folder: Path) -> SimulationSpec:
    """Return a spec with its paths counted from a folder."""
    volumes = spec.volumes
    imaging = spec.imaging
    if imaging.ctf.is_file:
        source = str(folder / imaging.ctf.source)
        imaging = imaging.model_copy(update={"ctf": imaging.ctf.model_copy(update={"source": source})})
    rotations = imaging.poses.rotations
    if isinstance(rotations, FileRotations):
        named = rotations.model_copy(update={"file": str(folder / rotations.file)})
        imaging = imaging.model_copy(update={"poses": imaging.poses.model_copy(update={"rotations": named})})
    here = tuple(folder / path for path in volumes) if isinstance(volumes, tuple) else folder / volumes
    return spec.model_copy(update={"volumes": here, "imaging": imaging})
