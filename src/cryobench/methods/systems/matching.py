"""Rows of a file matched to a dataset's particles, by the name of the stack and the place in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
from jaxtyping import Int64

from cryobench.core import FormatError, InputError, Particles
from cryobench.io import StackImages

_PREFIX = re.compile(r"[0-9]+_")
_NAMED = 3


def rows_of_particles(
    stacks: Sequence[str], positions: Int64[np.ndarray, " m"], particles: Particles, source: str
) -> Int64[np.ndarray, " N"]:
    """Return the row of each particle.

    A stack is the dataset's of the same file name; where several have it, the one whose folders agree the furthest.
    cryoSPARC puts a number and ``_`` before the name of a stack that it imports.

    Parameters
    ----------
    stacks
        Path of the stack of each row, as the file names it; no path is opened.
    positions
        Place in the stack of each row, from 0, shape (m,).
    particles
        Those of the dataset.
    source
        The file, for messages.

    Raises
    ------
    FormatError
        If a stack is none of the dataset's, a row is no particle or comes twice, or a particle has no row.
    InputError
        If the dataset's images have no names.
    """
    known_stacks, known = _particles_by_image(particles)
    place_of: dict[str, int] = {}
    rows = np.full(len(particles), -1, dtype=np.int64)
    for row, (stack, position) in enumerate(zip(stacks, positions.tolist(), strict=True)):
        if stack not in place_of:
            place_of[stack] = stack_of(stack, known_stacks, f"{source}: row {row + 1}")
        particle = known.get((place_of[stack], position))
        if particle is None:
            raise FormatError(
                f"{source}: row {row + 1}: image {position + 1} of '{stack}' is no particle of the dataset: give the "
                "dataset that the method was run on"
            )
        if rows[particle] >= 0:
            raise FormatError(
                f"{source}: rows {rows[particle] + 1} and {row + 1} are the same image, {position + 1} of '{stack}': "
                "expected each particle once"
            )
        rows[particle] = row
    missing = np.flatnonzero(rows < 0)
    if missing.size:
        names = _names(particles)
        some = ", ".join(f"{i} ({_short(names[i])})" for i in missing[:_NAMED].tolist())
        more = " ..." if len(missing) > _NAMED else ""
        raise FormatError(
            f"{source}: {len(missing):,} of {len(particles):,} particles are missing: {some}{more}: run the method on "
            "all particles of the dataset, without a selection"
        )
    return rows


def _names(particles: Particles) -> list[str]:
    if not isinstance(particles.images, StackImages):
        raise InputError("the images of the dataset have no names: rows can be matched only to stacks on disk")
    return particles.images.names


def _particles_by_image(particles: Particles) -> tuple[list[PurePosixPath], dict[tuple[int, int], int]]:
    stacks: dict[str, int] = {}
    known: dict[tuple[int, int], int] = {}
    for particle, name in enumerate(_names(particles)):
        number, _, stack = name.partition("@")
        known[stacks.setdefault(stack, len(stacks)), int(number) - 1] = particle
    return [PurePosixPath(stack) for stack in stacks], known


def stack_of(name: str, known: Sequence[PurePosixPath], where: str) -> int:
    """Return which of the dataset's stacks a name is, as in :func:`rows_of_particles`.

    Parameters
    ----------
    name
        Path of a stack, as a file has it; it is not opened.
    known
        The dataset's, each once.
    where
        What names it, for messages.

    Raises
    ------
    FormatError
        If it is none of them, or may be several.
    """
    path = PurePosixPath(name)
    if ".." in path.parts or "\0" in name:
        raise FormatError(f"{where}: '{name}' climbs out of its folder: expected the path of a stack of the dataset")
    base = path.name
    alike = [place for place, stack in enumerate(known) if stack.name == base]
    if not alike and _PREFIX.match(base):
        base = _PREFIX.sub("", base, count=1)
        alike = [place for place, stack in enumerate(known) if stack.name == base]
    if not alike:
        some = ", ".join(stack.name for stack in known[:_NAMED])
        raise FormatError(
            f"{where}: '{name}' is no stack of the dataset ({some}{' ...' if len(known) > _NAMED else ''}): particles "
            "are matched by the name of their stack: give the dataset that the method was run on, and run it on these "
            "stacks, not on copies under other names"
        )
    agreeing = [_common_end(path.parent.parts, known[place].parent.parts) for place in alike]
    best = [place for place, count in zip(alike, agreeing, strict=True) if count == max(agreeing)]
    if len(best) > 1:
        raise FormatError(
            f"{where}: '{name}' may be {known[best[0]]} or {known[best[1]]}: expected a path that tells them apart"
        )
    return best[0]


def _common_end(first: Sequence[str], second: Sequence[str]) -> int:
    count = 0
    for one, other in zip(reversed(first), reversed(second), strict=False):
        if one != other:
            break
        count += 1
    return count


def _short(name: str) -> str:
    number, _, stack = name.partition("@")
    return f"{number}@{PurePosixPath(stack).name}"
