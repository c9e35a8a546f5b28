"""Volumes of a submission folder, read when they are asked for."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from cryobench.core import FormatError, InputError, Volume
from cryobench.io import inside, read_text, read_volume
from cryobench.methods.submission_folder import INDEX_COLUMNS

_NAMED = 5  # particles that a message names


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


def read_volume_index(path: Path, particles: int) -> FileVolumes:
    """Read the index of a submission's volumes; no volume is read.

    Parameters
    ----------
    path
        A table with the columns ``file`` (relative to the table's folder) and ``particle``.
    particles
        Number of particles N.

    Raises
    ------
    FormatError
        Naming the row, if a file is missing or lies outside the folder, or a particle is no number from 0 to N - 1 or
        comes twice.
    """
    head = ",".join(INDEX_COLUMNS)
    reader = csv.reader(io.StringIO(read_text(path)), strict=True)
    paths: dict[int, Path] = {}
    try:
        if tuple(next(reader, ())) != INDEX_COLUMNS:
            raise FormatError(f"{path}: row 1 is not '{head}': expected these column names")
        for row in reader:
            if not row:
                continue
            where = f"{path}: row {reader.line_num}"
            if len(row) != len(INDEX_COLUMNS):
                raise FormatError(f"{where}: {len(row)} cells, expected {len(INDEX_COLUMNS)}: {head}")
            particle = _particle(row[1], particles, where)
            if particle in paths:
                raise FormatError(f"{where}: particle {particle} has a volume already: expected one row a particle")
            paths[particle] = _file(path.parent, row[0], where)
    except csv.Error as error:
        raise FormatError(f"{path}: row {reader.line_num}: {error}: expected a table of {head}") from error
    if not paths:
        raise FormatError(f"{path}: no row: expected the file of each volume, or no file {path.name} at all")
    return FileVolumes(paths, str(path))


def _particle(word: str, particles: int, where: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) < 19 and int(word) < particles):
        raise FormatError(f"{where}: particle is '{word}', expected a whole number from 0 to {particles - 1}")
    return int(word)


def _file(folder: Path, name: str, where: str) -> Path:
    try:
        path = inside(folder, name, where)
        found = path.is_file()
    except (ValueError, OSError) as error:  # a null byte, or a name that is too long
        raise FormatError(f"{where}: file '{name}' is no path ({error}): expected a file below {folder}") from error
    if not found:
        raise FormatError(f"{where}: no such file {path}: expected a map below {folder}")
    return path
