"""Volumes of a submission folder, read when they are asked for."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int32, Int64

from cryobench.core import FormatError, InputError, Volume
from cryobench.io import inside, read_text, read_volume
from cryobench.methods.submission_folder import CLASS_COLUMNS, INDEX_COLUMNS

_NAMED = 5  # particles that a message names
_LISTED = 20  # rows that are named


class FileVolumes:
    """The volumes claimed at some of the particles, one file each or one for several.

    Parameters
    ----------
    paths
        The file of each particle that has one.
    source
        What the paths were read from, for messages.
    pixel_size
        In Å, in place of what the headers say.
    """

    def __init__(self, paths: Mapping[int, Path], source: str, pixel_size: float | None = None) -> None:
        self._paths = dict(paths)
        self._source = source
        self._pixel_size = pixel_size

    @property
    def files(self) -> tuple[Path, ...]:
        """The distinct files, in the order in which the index names them."""
        return tuple(dict.fromkeys(self._paths.values()))

    @property
    def particles(self) -> Int64[np.ndarray, " m"]:
        """The particles that have a volume, ascending."""
        return np.array(sorted(self._paths), dtype=np.int64)

    def at(self, particle: int) -> Volume:
        """Read the volume of a particle; none is kept.

        Raises
        ------
        InputError
            If the particle has none.
        FormatError
            If its file cannot be read.
        """
        path = self._paths.get(particle)
        if path is None:
            having = self.particles
            some = ", ".join(map(str, having[:_NAMED].tolist())) + (" ..." if len(having) > _NAMED else "")
            raise InputError(
                f"{self._source}: no volume of particle {particle}, there are volumes of {len(having):,} particles "
                f"({some}): add a row for it, or ask for one of these"
            )
        return read_volume(path, self._pixel_size)


def inspect_volume_index(
    path: Path, particles: int, classes: Int32[np.ndarray, " N"] | None
) -> tuple[FileVolumes | None, tuple[str, ...]]:
    """Read the index of a submission's volumes; no volume is read.

    Parameters
    ----------
    path
        A table with the columns ``file`` (relative to the table's folder) and ``particle`` or ``class``.
    particles
        Number of particles N.
    classes
        Class of each particle, shape (N,), where they are known: a volume of a class is that of each of its particles.

    Returns
    -------
    The volumes, None where there are none without a fault; and everything that is wrong, naming the row: a file that is
    missing or lies outside the folder, a particle that is no number from 0 to N - 1, a class that no particle has,
    either of them twice.
    """
    try:
        table = csv.reader(io.StringIO(read_text(path)), strict=True)
        head = tuple(next(table, ()))
        if head not in {INDEX_COLUMNS, CLASS_COLUMNS}:
            either = f"'{','.join(INDEX_COLUMNS)}' or '{','.join(CLASS_COLUMNS)}'"
            raise FormatError(f"{path}: row 1 is not {either}: expected these column names")
        of_class = head == CLASS_COLUMNS
        if of_class and classes is None:
            raise FormatError(
                f"{path}: volumes of classes, but no labels.npy or posteriors.npy says which class a particle has: "
                "add it, or name a particle for each file"
            )
        known = set(np.unique(classes).tolist()) if of_class and classes is not None else set(range(particles))
        paths, faults = _rows(table, path, head, known)
    except FormatError as error:
        return None, (str(error),)
    if faults:
        return None, _shortened(faults, path)
    if not paths:
        return None, (f"{path}: no row: expected the file of each volume, or no file {path.name} at all",)
    if of_class and classes is not None:
        paths = {i: paths[label] for i, label in enumerate(classes.tolist()) if label in paths}
    return FileVolumes(paths, str(path)), ()


def _rows(table: Any, path: Path, head: tuple[str, ...], known: set[int]) -> tuple[dict[int, Path], list[str]]:
    """Return the file of each particle or class that is named, and what is wrong with rows."""
    paths: dict[int, Path] = {}
    faults: list[str] = []
    try:
        for row in table:
            if not row:
                continue
            where = f"{path}: row {table.line_num}"
            try:
                if len(row) != len(head):
                    raise FormatError(f"{where}: {len(row)} cells, expected {len(head)}: {','.join(head)}")
                number = _number(row[1], head[1], known, where)
                if number in paths:
                    raise FormatError(f"{where}: {head[1]} {number} has a volume already: expected one row a {head[1]}")
                paths[number] = _file(path.parent, row[0], where)
            except FormatError as error:
                faults.append(str(error))
    except csv.Error as error:
        faults.append(f"{path}: row {table.line_num}: {error}: expected a table of {','.join(head)}")
    return paths, faults


def _shortened(faults: list[str], path: Path) -> tuple[str, ...]:
    if len(faults) <= _LISTED:
        return tuple(faults)
    return (*faults[:_LISTED], f"{path}: {len(faults) - _LISTED:,} more rows are wrong: mend these first")


def _number(word: str, column: str, known: set[int], where: str) -> int:
    digits = word.removeprefix("-") if column == CLASS_COLUMNS[1] else word
    number = int(word) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
    if number is None or number not in known:
        if column == CLASS_COLUMNS[1]:
            some = ", ".join(map(str, sorted(known)[:_NAMED])) + (" ..." if len(known) > _NAMED else "")
            raise FormatError(f"{where}: class is '{word}', expected a class that a particle has ({some})")
        raise FormatError(f"{where}: particle is '{word}', expected a whole number from 0 to {len(known) - 1}")
    return number


def _file(folder: Path, name: str, where: str) -> Path:
    try:
        inside(folder, name, where)
        path = folder / os.path.normpath(name)  # a link keeps its name
        if not path.is_relative_to(folder) or ".." in path.relative_to(folder).parts:
            raise FormatError(f"{where}: path '{name}' leads out of its folder: expected a path below {folder}")
        inside(folder, os.path.normpath(name), where)
        found = path.is_file()
    except (ValueError, OSError) as error:  # a null byte, or a name that is too long
        raise FormatError(f"{where}: file '{name}' is no path ({error}): expected a file below {folder}") from error
    if not found:
        raise FormatError(f"{where}: no such file {path}: expected a map below {folder}")
    return path
