"""Which row of a method's output each particle is, where the method keeps the order of the images that it was given.

The order is matched by the names of images, or is the user's word; it is never assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from jaxtyping import Int64

from cryobench.core import FormatError, InputError, Particles
from cryobench.io import read_indices
from cryobench.methods.systems.base import Choice
from cryobench.methods.systems.input_lists import STACKS, TABLES, dataset_folders, find_named, read_names
from cryobench.methods.systems.matching import rows_of_particles

_INDICES = (".pkl", ".npy", ".txt")
_MOST = 1 << 40


@dataclass(frozen=True, eq=False)
class InputOrder:
    """Rows of an output put into the order of the particles.

    Parameters
    ----------
    rows
        The row of each particle, shape (N,).
    sources
        The files that it was taken from.
    note
        How it is known.
    """

    rows: Int64[np.ndarray, " N"]
    sources: tuple[Path, ...]
    note: str

    @property
    def particles(self) -> Int64[np.ndarray, " N"]:
        """The particle of each row."""
        return np.argsort(self.rows)


@dataclass(frozen=True, eq=False)
class _Input:
    """What the rows of an output were made of.

    ``chosen`` are the images of the input that were used, shape (k,), None for all.
    """

    chosen: Int64[np.ndarray, " k"] | None
    count: int
    particles: Particles
    folder: Path
    settings: Path

    def rows(self, path: Path) -> Int64[np.ndarray, " N"]:
        """Return the row of each particle, by a list of the images of the input."""
        named = read_names(path, self.particles)
        used = np.arange(len(named.stacks)) if self.chosen is None else self.chosen
        beyond = used[used >= len(named.stacks)]
        if beyond.size or len(used) != self.count:
            why = f"{len(used):,} images" if not beyond.size else f"no image {beyond[0] + 1:,}"
            raise FormatError(
                f"{path}: {why}, but the output in {self.folder} has {self.count:,} rows: expected the list of the "
                "images that the method was run on"
            )
        stacks = [named.stacks[i] for i in used.tolist()]
        return rows_of_particles(stacks, named.positions[used], self.particles, str(path))

    def rows_in_order(self) -> Int64[np.ndarray, " N"]:
        """Return the row of each particle of an input that is the dataset's particles in their order."""
        n = len(self.particles)
        used = np.arange(self.count) if self.chosen is None else self.chosen
        rows = np.full(n, -1, dtype=np.int64)
        inside = np.flatnonzero(used < n)
        rows[used[inside]] = inside
        missing = np.flatnonzero(rows < 0)
        if len(used) != n or missing.size:
            which = f"; particle {missing[0]} is missing" if missing.size else ""
            raise FormatError(
                f"{self.settings}: the output has {self.count:,} rows for {n:,} particles{which}: expected one for "
                "each: give the dataset that the method was run on, and run it without a selection"
            )
        return rows


def order_of_input(
    images: Any, selection: Any, count: int, particles: Particles, folder: Path, settings: Path, choice: Choice
) -> InputOrder:
    """Return the row of each particle.

    Parameters
    ----------
    images
        The input file that the settings name: a ``.star`` or ``.cs`` file, a list of stacks or a stack. It is read only
        for the names of the images in it, and only in a folder of the dataset or in the output.
    selection
        What the settings name as the rows of the input that were used: None for all, a number for the first so many, or
        a file of indices, in the same folders.
    count
        Number of rows in the output.
    particles
        Those of the dataset.
    folder
        The output.
    settings
        The file of settings, for messages.
    choice
        What the user says of the order: the list of images, the selection, or that it is the dataset's.

    Raises
    ------
    FormatError
        If the order is not known, or rows and particles cannot be matched.
    InputError
        If a file that the user gives is missing.
    """
    chosen, sources = _selection(selection, count, particles, folder, settings, choice)
    source = _Input(chosen, count, particles, folder, settings)
    if choice.images is not None:
        rows = source.rows(_there(choice.images, "--images"))
        note = f"order of the particles: matched by image names in {choice.images}, the list that was given"
        return InputOrder(rows, (choice.images, *sources), note)
    path, why = _recorded(images, particles, folder)
    if choice.in_order:
        return InputOrder(_as_said(source, path), sources, f"order of the particles: {_SAID}")
    if path is None:
        raise _unknown(settings, f"the input of the run, {images!s:.200}, {why}" if images else _NO_RECORD)
    read = () if path.suffix in STACKS else (path,)
    return InputOrder(source.rows(path), (*read, *sources), _matched(path, str(images), particles))


_SAID = "that of the dataset, as was said (--in-order); nothing in the output shows it"
_NO_RECORD = "they name no input of the run"


def _recorded(images: Any, particles: Particles, folder: Path) -> tuple[Path | None, str]:
    """Return the list that the settings name or, never opened, the stack; or why there is none."""
    if not isinstance(images, str):
        return None, "is no path"
    if not dataset_folders(particles):
        return None, "cannot be compared, for the dataset's images have no names"
    if "\0" in images or PurePosixPath(images).suffix not in STACKS:
        path, why = find_named(images, TABLES, particles, folder)
        if path is None or path.suffix != ".txt":
            return path, why
    else:
        path = Path(images)
    try:
        read_names(path, particles)
    except FormatError as error:
        return None, f"is of other stacks ({error})"
    return path, ""


def _matched(path: Path, name: str, particles: Particles) -> str:
    if path.suffix in STACKS:
        return f"order of the particles: that of the stack that the settings name, {path}, the dataset's of that name"
    what = "a file of the dataset" if path.absolute().parent in dataset_folders(particles) else "in the output"
    other = "" if name == str(path) else f", of the name that the settings give ({name:.200})"
    return f"order of the particles: matched by image names in {path}, {what}{other}"


def _as_said(source: _Input, path: Path | None) -> Int64[np.ndarray, " N"]:
    """Return the order of the dataset, unless a list that the settings name has all images in another."""
    rows = source.rows_in_order()
    try:
        recorded = rows if path is None else source.rows(path)
    except FormatError:
        return rows
    if not np.array_equal(recorded, rows):
        raise FormatError(
            f"{path}: the input of the run has the particles in another order than the dataset: leave --in-order out, "
            "or give the list of images that the method was run on with --images FILE"
        )
    return rows


def _unknown(settings: Path, why: str) -> FormatError:
    return FormatError(
        f"{settings}: the order of the rows is not known: {why}: give the list of images that the method was run on "
        f"({', '.join((*TABLES, '.mrcs'))}) with --images FILE; or, if it was run on the dataset's particles in the "
        "dataset's order, say so with --in-order"
    )


def _there(path: Path, option: str) -> Path:
    if not path.is_file():
        raise InputError(f"{option} {path}: no such file: check its path")
    return path


def _selection(
    selection: Any, count: int, particles: Particles, folder: Path, settings: Path, choice: Choice
) -> tuple[Int64[np.ndarray, " k"] | None, tuple[Path, ...]]:
    if choice.ind is not None and not isinstance(selection, str):
        raise InputError(f"--ind {choice.ind}: {settings} names no file of a selection: leave --ind out")
    if selection is None:
        return None, ()
    if type(selection) is int and selection >= 0:
        return np.arange(min(selection, count), dtype=np.int64), ()
    path, why = None, "is no path"
    if choice.ind is not None:
        path = _there(choice.ind, "--ind")
    elif isinstance(selection, str):
        path, why = find_named(selection, _INDICES, particles, folder)
    if path is None:
        raise FormatError(
            f"{settings}: run on a selection of particles, ind: {selection!s:.200}, which {why}: give it with --ind "
            f"FILE, copy it into {folder}, or run the method without a selection"
        )
    chosen = read_indices(path, _MOST)
    if len(chosen) != count:
        raise FormatError(
            f"{path}: {len(chosen):,} indices, but the output in {folder} has {count:,} rows: expected the selection "
            "that the method was run with"
        )
    return chosen, (path,)
