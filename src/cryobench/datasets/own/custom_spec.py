"""A dataset of a user's own, as a user writes it down: fields, files, options."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, model_validator

from cryobench.core import FormatError, InputError, Strict
from cryobench.datasets.merge import merged, validated
from cryobench.datasets.spec import Count
from cryobench.datasets.states import Rendering
from cryobench.imaging import FileRotations, ImagingOptions, read_spectrum
from cryobench.io import read_text

SPEC_SUFFIXES = (".yaml", ".yml", ".toml", ".json")
"""File names that :func:`read_spec` reads."""

WAYS = ("volumes", "structures", "trajectory", "normal_modes")
"""Fields that say where the states come from: a spec has one of them."""


class GivenStructure(Strict):
    """A structure, or those parts of it that ``select`` names; see :class:`Member`.

    ``file`` is a path, or ``pdb:`` and an entry of the Protein Data Bank.
    """

    file: str
    name: str = ""
    assembly: str | None = None
    select: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, value: object) -> object:
        return {"file": value} if isinstance(value, str) else value


class GivenTrajectory(Strict):
    """Frames of a trajectory (.xtc, .trr, .dcd) on a topology (a structure file): see :class:`Frames`.

    ``count`` is the number of frames, all from ``start`` by default.
    """

    topology: str
    frames: str
    start: int = Field(default=0, ge=0)
    step: int = Field(default=1, ge=1)
    count: int | None = Field(default=None, ge=1)
    superpose: bool = True


class GivenModes(Strict):
    """Random displacements of a structure along its normal modes: see :class:`ModeDraws`."""

    structure: str
    count: int = Field(ge=1)
    modes: int = Field(default=10, ge=1, le=1000)
    rmsd: float = Field(default=3.0, gt=0)


class SimulationSpec(Strict):
    """A dataset of a user's own: what ``cryobench simulate`` and ``cryobench datasets build`` make.

    One of four fields says where the states come from: ``volumes`` (a map, a folder of maps in the order of their
    numbers, or a list of either), ``structures`` (a list of them), ``trajectory`` or ``normal_modes``. Atoms become
    density as ``rendering`` says, at ``box`` and ``pixel_size`` (Å); with maps these are the maps' own, and
    ``pixel_size`` replaces what their headers say.

    ``images`` counts those of each state, one number for all or one for each. In its place ``populations`` (numbers of
    any scale, one for each state) share out ``particles``. ``frame`` is ``shared`` where structures lie in one frame.
    ``truth`` says whether true volumes are written as ``files`` or ``rendered`` on demand. Relative paths count from
    the folder of the file that the spec is read from.
    """

    volumes: Path | tuple[Path, ...] | None = None
    structures: tuple[GivenStructure, ...] | None = Field(default=None, min_length=1)
    trajectory: GivenTrajectory | None = None
    normal_modes: GivenModes | None = None
    frame: Literal["own", "shared"] = "own"
    rendering: Rendering = Rendering()
    box: int | None = None
    pixel_size: float | None = Field(default=None, gt=0, le=1000)
    images: Count | tuple[Count, ...] | None = None
    populations: tuple[Annotated[float, Field(gt=0)], ...] | None = Field(default=None, min_length=1)
    particles: Count | None = None
    images_per_stack: int = Field(default=1000, ge=1, le=1_000_000)
    truth: Literal["files", "rendered"] = "files"
    name: str = Field(default="maps", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    seed: int = Field(default=0, ge=0)
    imaging: ImagingOptions = ImagingOptions()

    @model_validator(mode="after")
    def _one_way(self) -> SimulationSpec:
        given = [way for way in WAYS if getattr(self, way) is not None]
        if len(given) != 1:
            found = f"there are {' and '.join(given)}" if given else "nothing says where the states come from"
            raise ValueError(f"{found}: give one of {', '.join(WAYS)}")
        if self.volumes is None and (self.box is None or self.pixel_size is None):
            raise ValueError(f"{given[0]} need a box and a pixel_size (Å): give both, such as box: 128, pixel_size: 3")
        if self.volumes is not None and self.box is not None:
            raise ValueError("the box is that of the maps: leave it out, or set imaging.output_box for smaller images")
        if (self.populations is None) != (self.particles is None):
            raise ValueError("populations share out particles: give both, or images")
        if self.populations is not None and self.images is not None:
            raise ValueError("both images and populations are given: give one of the two")
        return self


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
    if path.suffix not in SPEC_SUFFIXES:
        raise FormatError(f"{path}: not a spec: expected a {', '.join(SPEC_SUFFIXES[:-1])} or {SPEC_SUFFIXES[-1]} file")
    text = read_text(path)
    try:
        fields = _parsed(text, path.suffix)
        if not isinstance(fields, dict):
            raise InputError("holds no table of settings")
        return _from_fields(fields, path.parent)
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "
        raise FormatError(f"{path}: {line}{error.problem or error.context}: is a colon or a quote missing?") from error
    except (json.JSONDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError, RecursionError, InputError) as error:
        raise FormatError(f"{path}: {' '.join(str(error).split())}") from error


def with_changes(spec: SimulationSpec, changes: Mapping[str, Any]) -> SimulationSpec:
    """Return a spec with some fields set anew, nested as they are; paths among them count from here.

    Raises
    ------
    InputError
        If a field is unknown or out of range.
    """
    fields = spec.model_dump()
    if "images" in changes:
        fields |= {"populations": None, "particles": None}
    return _from_fields(merged(fields, changes), Path())


def spec_schema() -> dict[str, Any]:
    """Return the JSON schema of a spec, for editors."""
    schema = SimulationSpec.model_json_schema()
    given = schema["$defs"]["GivenStructure"]
    schema["$defs"]["GivenStructure"] = {"anyOf": [{"type": "string", "description": "A file."}, given]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "cryobench dataset spec"} | {
        name: value for name, value in schema.items() if name != "title"
    }


def _parsed(text: str, suffix: str) -> object:
    if suffix == ".json":
        return json.loads(text)
    return tomllib.loads(text) if suffix == ".toml" else yaml.load(text, _StrictLoader)


class _StrictLoader(yaml.SafeLoader):
    """Reads plain data alone, and refuses a field that is given twice."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{twice} is given twice: keep one of the two")
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


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
    imaging = spec.imaging
    if imaging.ctf.is_file:
        source = str(folder / imaging.ctf.source)
        imaging = imaging.model_copy(update={"ctf": imaging.ctf.model_copy(update={"source": source})})
    rotations = imaging.poses.rotations
    if isinstance(rotations, FileRotations):
        named = rotations.model_copy(update={"file": str(folder / rotations.file)})
        imaging = imaging.model_copy(update={"poses": imaging.poses.model_copy(update={"rotations": named})})
    return spec.model_copy(update={"imaging": imaging, **_resolved_states(spec, folder)})


def _resolved_states(spec: SimulationSpec, folder: Path) -> dict[str, Any]:
    def here(name: str) -> str:
        return name if name.startswith("pdb:") else str((folder / name).absolute())

    if spec.volumes is not None:
        volumes = spec.volumes
        several = isinstance(volumes, tuple)
        return {"volumes": tuple(folder / path for path in volumes) if several else folder / volumes}  # type: ignore[union-attr,operator]
    if spec.structures is not None:
        return {"structures": tuple(one.model_copy(update={"file": here(one.file)}) for one in spec.structures)}
    if spec.trajectory is not None:
        names = {"topology": here(spec.trajectory.topology), "frames": here(spec.trajectory.frames)}
        return {"trajectory": spec.trajectory.model_copy(update=names)}
    assert spec.normal_modes is not None
    named_structure = {"structure": here(spec.normal_modes.structure)}
    return {"normal_modes": spec.normal_modes.model_copy(update=named_structure)}
