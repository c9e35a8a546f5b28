"""The output of a method of others: recognised, read, and its volumes found or made."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from cryobench.core import InputError, Particles, VolumeProvider
from cryobench.core.words import counted
from cryobench.methods.file_volumes import FileVolumes
from cryobench.methods.listed_maps import ListedMaps
from cryobench.methods.made_volumes import MadeVolumes
from cryobench.methods.map_grid import GridVolumes, MapGrid
from cryobench.methods.systems import SYSTEMS, Choice, Found, detect_system
from cryobench.methods.volume_cache import CachedMaker, volume_identity


@dataclass(frozen=True, eq=False)
class NativeOutput:
    """A folder that was read.

    Parameters
    ----------
    folder
        Which.
    system
        Name of the system, in :data:`SYSTEMS`.
    reason
        Why the folder is taken to be its output.
    choice
        Which of several results was wanted.
    found
        What was read.
    """

    folder: Path
    system: str
    reason: str
    choice: Choice
    found: Found


def read_native(
    folder: Path, particles: Particles, choice: Choice | None = None, system: str | None = None
) -> NativeOutput:
    """Recognise and read the output of a method of others.

    Parameters
    ----------
    folder
        The output.
    particles
        Those of the dataset that the method was run on.
    choice
        Which of several results is wanted.
    system
        Name of the system; recognised by default.

    Raises
    ------
    FormatError
        If the folder is not recognised, or does not hold what it should.
    InputError
        If there is no such folder, or its latents have another number of dimensions than was asked for.
    UnknownNameError
        If there is no such system.
    """
    wanted = Choice() if choice is None else choice
    if system is None:
        detected = detect_system(folder)
        name, reason = detected.name, detected.reason
    else:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder: expected the output of a method")
        name, reason = system, "as it was said"
    found = SYSTEMS[name].read(folder, particles, wanted)
    latents = found.submission.latents
    if wanted.zdim is not None and latents is not None and latents.shape[1] != wanted.zdim:
        raise InputError(
            f"{folder}: latents of {counted(latents.shape[1], 'dimension')}, but --zdim {wanted.zdim} was asked for: "
            "leave it out, or give the output of another run"
        )
    return NativeOutput(folder, name, reason, wanted, found)


@dataclass(frozen=True, eq=False)
class OfferedVolumes:
    """The volumes of some particles, or why there are none.

    Parameters
    ----------
    volumes
        None where there are none.
    particles
        Those that have one.
    notes
        Where they come from, or what is missing and how to mend it.
    made
        Whether the system's program makes them as they are asked for.
    """

    volumes: VolumeProvider | None
    particles: Int64[np.ndarray, " q"]
    notes: tuple[str, ...] = ()
    made: bool = False


NO_VOLUMES = OfferedVolumes(None, np.empty(0, dtype=np.int64))


@contextlib.contextmanager
def volumes_of(
    output: NativeOutput,
    particles: Particles,
    wanted: Int64[np.ndarray, " q"],
    listed: Path | None = None,
    command: tuple[str, ...] = (),
    keep: Path | None = None,
) -> Iterator[OfferedVolumes]:
    """Yield the volumes of some particles, on the dataset's grid.

    Maps made elsewhere come first, then those of the output where it has all that are wanted, then those that the
    system's own program makes, and last the few that the output has.

    Parameters
    ----------
    output
        What was read.
    particles
        Those of the dataset.
    wanted
        The particles whose volumes will be asked for, in this order.
    listed
        A folder or a zip archive of maps made elsewhere, one for each wanted particle.
    command
        What runs the system's program; by default its own name on the path, where its licence lets anybody run it.
    keep
        A folder for volumes that the program makes, from which they are taken where they were made before; another
        machine that runs the program has to see it. The caller deletes it. None to keep none.

    Raises
    ------
    FormatError
        If maps made elsewhere do not fit.
    ProgramError
        If the program fails, when a volume is asked for. One that is not there is no error: the notes say so.
    """
    grid = MapGrid.of(particles)
    if listed is not None:
        maps = ListedMaps(listed, wanted, grid)
        note = f"Volumes are the maps of {listed}, in the order of the queries."
        yield OfferedVolumes(maps, wanted, (note, *maps.notes))
        return
    submission = output.found.submission
    there = submission.volumes
    few = isinstance(there, FileVolumes) and np.setdiff1d(wanted, there.particles).size > 0
    if there is not None and not few:
        yield OfferedVolumes(GridVolumes(there, grid), wanted)
        return
    # Where the program runs on another machine, paths that begin here say nothing.
    folder = output.folder.absolute()
    maker = SYSTEMS[output.system].maker(folder, output.choice, command, particles.pixel_size)
    notes: tuple[str, ...] = ()
    if maker is not None and submission.latents is not None:
        try:
            maker.check()
        except InputError as error:
            notes = (f"The volumes were not made: {error}",)
        else:
            if keep is not None:
                program = f"{output.system} {submission.method.version} {' '.join(command)}"
                maker = CachedMaker(maker, volume_identity(maker, program), keep / "volumes")
            with MadeVolumes(maker, submission.latents, wanted, np.arange(len(wanted)), beside=keep) as made:
                note = f"Volumes are made by the program of {output.system}."
                yield OfferedVolumes(GridVolumes(made, grid, same_edge=True), wanted, (note,), made=True)
            return
    if isinstance(there, FileVolumes):
        notes = (*notes, f"Volumes are those that are there, of {len(there.particles)} particles, not the ones wanted.")
        yield OfferedVolumes(GridVolumes(there, grid), there.particles, notes)
        return
    yield OfferedVolumes(None, NO_VOLUMES.particles, notes)
