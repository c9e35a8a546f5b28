"""The output of a method of others: recognised, read, and its volumes found or made."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int

from cryobench.core import InputError, Particles, VolumeProvider
from cryobench.methods.listed_maps import ListedMaps
from cryobench.methods.made_volumes import MadeVolumes
from cryobench.methods.map_grid import MapGrid
from cryobench.methods.systems import SYSTEMS, Choice, Found, detect_system


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
        If there is no such folder.
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
    return NativeOutput(folder, name, reason, wanted, SYSTEMS[name].read(folder, particles, wanted))


@dataclass(frozen=True, eq=False)
class OfferedVolumes:
    """The volumes of some particles, or why there are none.

    Parameters
    ----------
    volumes
        None where there are none.
    notes
        Where they come from, or what is missing and how to mend it.
    """

    volumes: VolumeProvider | None
    notes: tuple[str, ...]


@contextlib.contextmanager
def volumes_of(
    output: NativeOutput,
    particles: Particles,
    wanted: Int[np.ndarray, " q"],
    listed: Path | None = None,
    command: tuple[str, ...] = (),
) -> Iterator[OfferedVolumes]:
    """Yield the volumes of some particles: maps made elsewhere, those of the output, or those its program makes.

    Parameters
    ----------
    output
        What was read.
    particles
        Those of the dataset.
    wanted
        The particles whose volumes will be asked for, in this order.
    listed
        A folder or a zip archive of maps made elsewhere, one for each wanted particle, which come first.
    command
        What runs the system's program; its own name on the path by default.

    Raises
    ------
    FormatError
        If maps made elsewhere do not fit.
    ProgramError
        If the program fails, when a volume is asked for. One that is not there is no error: the notes say so.
    """
    if listed is not None:
        maps = ListedMaps(listed, wanted, MapGrid.of(particles))
        yield OfferedVolumes(maps, (f"Volumes are the maps of {listed}, in the order of the queries.", *maps.notes))
        return
    submission = output.found.submission
    if submission.volumes is not None:
        yield OfferedVolumes(submission.volumes, ())
        return
    maker = SYSTEMS[output.system].maker(output.folder, output.choice, command, particles.pixel_size)
    if maker is None or submission.latents is None:
        yield OfferedVolumes(None, ())
        return
    try:
        maker.check()
    except InputError as error:
        yield OfferedVolumes(None, (f"No volumes were made: {error}",))
        return
    with MadeVolumes(maker, submission.latents, wanted, np.arange(len(wanted))) as made:
        yield OfferedVolumes(made, (f"Volumes are made by the program of {output.system}.",))
