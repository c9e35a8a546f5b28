"""What ``cryobench simulate`` makes, as a user writes it down: fields, files, options."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from cryobench.core import FormatError, InputError, Strict
from cryobench.datasets.merge import merged, validated
from cryobench.imaging import FileRotations, ImagingOptions, read_spectrum
from cryobench.io import read_text


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
