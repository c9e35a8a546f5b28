"""A dataset of a user's own: maps, structures, a trajectory or normal modes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cryobench.core import Dataset, FormatError, InputError, Progress, silent
from cryobench.datasets.build import build_dataset
from cryobench.datasets.inputs import prepare, with_names_only
from cryobench.datasets.journal import is_dataset
from cryobench.datasets.merge import validated
from cryobench.datasets.own.custom_spec import GivenStructure, SimulationSpec, read_spec
from cryobench.datasets.plan import require_space
from cryobench.datasets.reading import load_dataset
from cryobench.datasets.recipe import Inputs
from cryobench.datasets.sources import PDB
from cryobench.datasets.spec import DatasetSpec
from cryobench.datasets.states import AnyStates, Frames, Maps, Member, ModeDraws, Source, Structures
from cryobench.imaging import ImagingSpec
from cryobench.io import check_output, find_files, read_volume
from cryobench.structures import Trajectory

_ALIKE = 1e-3  # headers hold the edge of the box in single precision


def simulate(
    spec: SimulationSpec | Mapping[str, Any] | str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    progress: Progress = silent,
    overwrite: bool = False,
    chunk: int | None = None,
) -> Dataset:
    """Make a dataset folder of particle images of given states, and return it.

    If the folder holds an unfinished build of the same spec, it is continued; if it holds a finished one, it is kept.

    Parameters
    ----------
    spec
        What to make: the spec, a mapping of its fields, or a ``.yaml``, ``.toml`` or ``.json`` file of them.
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
        If the folder holds something else, or the disk has too little space.
    """
    folder = Path(output)
    simulate_inputs(
        prepare_simulation(read_spec(spec), progress), folder, progress=progress, overwrite=overwrite, chunk=chunk
    )
    return load_dataset(folder)


def simulate_inputs(
    inputs: Inputs, folder: Path, *, progress: Progress = silent, overwrite: bool = False, chunk: int | None = None
) -> bool:
    """Make the dataset folder of prepared inputs, as :func:`simulate` does; return whether there was anything to do."""
    begun = check_simulation(folder, overwrite=overwrite)
    if not begun:
        require_space(inputs.spec, folder)
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


def prepare_simulation(spec: SimulationSpec, progress: Progress = silent) -> Inputs:
    """Return everything a build needs, after every check that needs no image.

    Raises
    ------
    InputError
        If the maps differ in box or pixel size, a structure does not fit into the box, or a value is out of range.
    FormatError
        If a file cannot be read.
    CryobenchError
        If an entry of the Protein Data Bank cannot be fetched.
    """
    drafted, count, box, pixel_size = _states(spec)
    options = spec.imaging
    imaging = validated(
        lambda: ImagingSpec(
            **(
                options.model_dump()
                | {
                    "box": box,
                    "pixel_size": pixel_size,
                    "output_box": box if options.output_box is None else options.output_box,
                }
            )
        )
    )
    images = _images(spec, count)
    if not (imaging.ctf.shuffle or imaging.ctf.is_file):
        raise InputError("CTF parameters can be taken in order from a table alone: name one as their source")
    return prepare(
        lambda sources, ctf_source, poses_source: DatasetSpec(
            dataset=spec.name,
            variant="custom",
            scale="custom",
            seed=spec.seed,
            images=images,
            images_per_stack=spec.images_per_stack,
            truth=spec.truth,
            states=drafted.with_sources(sources),
            ctf=ctf_source,
            poses=poses_source,
            imaging=with_names_only(imaging),
        ),
        drafted,
        imaging,
        title=spec.name,
        progress=progress,
    )


class _Drafted(NamedTuple):
    """States with their sources as the user names them, their number, and the simulated box and pixel size (Å)."""

    states: AnyStates
    number: int
    box: int
    pixel_size: float


def _states(spec: SimulationSpec) -> _Drafted:
    """Return the states that a spec asks for."""
    if spec.volumes is not None:
        return _given_maps(spec.volumes, spec.pixel_size)
    assert spec.box is not None
    assert spec.pixel_size is not None
    if spec.structures is not None:
        members = [_member(one) for one in spec.structures]
        states: AnyStates = Structures(members=tuple(members), frame=spec.frame, rendering=spec.rendering)
        return _Drafted(states, len(members), spec.box, spec.pixel_size)
    if spec.trajectory is not None:
        given = spec.trajectory
        for name in (given.topology, given.frames):
            if not Path(name).is_file():
                raise InputError(f"{name}: no such file: check its path")
        held = len(Trajectory(Path(given.topology), Path(given.frames), spec.rendering.atoms))
        count = len(range(given.start, held, given.step)) if given.count is None else given.count
        if count < 1:
            raise InputError(f"{given.frames} holds {held} frames, but the first one asked for is {given.start}")
        states = Frames(
            topology=Source(name=given.topology),
            trajectory=Source(name=given.frames),
            start=given.start,
            step=given.step,
            superpose=given.superpose,
            rendering=spec.rendering,
        )
        return _Drafted(states, count, spec.box, spec.pixel_size)
    modes = spec.normal_modes
    assert modes is not None
    states = ModeDraws(
        structure=Source(name=modes.structure), modes=modes.modes, rmsd=modes.rmsd, rendering=spec.rendering
    )
    return _Drafted(states, modes.count, spec.box, spec.pixel_size)


def _member(one: GivenStructure) -> Member:
    name = one.name or Path(one.file.removeprefix(PDB)).name.split(".")[0]
    return Member(name=name, source=Source(name=one.file), assembly=one.assembly, select=one.select)


def _images(spec: SimulationSpec, count: int) -> tuple[int, ...]:
    """Return the number of images of each state."""
    if spec.populations is not None and spec.particles is not None:
        if len(spec.populations) != count:
            raise InputError(f"there are {count} states but {len(spec.populations)} populations: give one for each")
        return _shared_out(spec.particles, spec.populations)
    images = spec.images if isinstance(spec.images, tuple) else (spec.images or _default_images(spec),) * count
    if len(images) != count:
        raise InputError(f"there are {count} states but {len(images)} numbers of images: give one for each state")
    return images


def _default_images(spec: SimulationSpec) -> int:
    return 1000 if spec.trajectory is None and spec.normal_modes is None else 1


def _shared_out(particles: int, populations: Sequence[float]) -> tuple[int, ...]:
    """Return whole numbers of images in the ratio of populations, by largest remainders."""
    shares = np.array(populations) / sum(populations) * particles
    counts = np.floor(shares).astype(int)
    left = particles - int(counts.sum())
    counts[np.argsort(counts - shares, kind="stable")[:left]] += 1
    if (counts < 1).any():
        state = int(np.argmin(counts))
        raise InputError(
            f"{particles} particles leave none for state {state} with its population of {populations[state]:g}: "
            "ask for more particles"
        )
    return tuple(int(count) for count in counts)


def _given_maps(volumes: Path | tuple[Path, ...], pixel_size: float | None) -> _Drafted:
    """Return states that are maps, after a look at each."""
    first, *others = [_checked(path, pixel_size) for path in _map_paths(volumes)]
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
    maps = (first, *others)
    states = Maps(maps=tuple(Source(name=str(one.path), title=one.path.name) for one in maps))
    return _Drafted(states, len(maps), first.box, first.pixel_size)


class _Map(NamedTuple):
    """What is known of a map once it was read."""

    path: Path
    box: int
    pixel_size: float


def _checked(path: Path, pixel_size: float | None) -> _Map:
    volume = read_volume(path, pixel_size)
    if not np.isfinite(volume.data).all():
        raise FormatError(f"{path}: holds a value that is not finite: every voxel must be a number")
    if volume.data.min() == volume.data.max():
        raise FormatError(f"{path}: is empty: every voxel is {volume.data.flat[0]:g}, so its images would show nothing")
    return _Map(path, volume.box, volume.pixel_size)


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
