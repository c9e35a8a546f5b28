"""Rows of particles in cryoSPARC's tables, whose fields may be spread over several files, joined by uid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64, UInt64

from cryobench.core import FormatError, Particles
from cryobench.io import read_cs, require_fields
from cryobench.methods.systems.matching import rows_of_particles


class Table:
    """Rows of particles, whose missing fields are looked up by uid in other tables.

    Parameters
    ----------
    paths
        The files that hold the rows, one after the other; some, but not all, may be empty.
    others
        Where missing fields may be.

    Raises
    ------
    FormatError
        If a file is damaged, or a particle comes twice.
    """

    def __init__(self, paths: Sequence[Path], others: Sequence[Path] = ()) -> None:
        self.paths = tuple(paths)
        self._parts = [read_cs(path, may_be_empty=len(paths) > 1) for path in paths]
        self._others = {path: read_cs(path, may_be_empty=True) for path in others if path not in paths}
        self._rows: dict[Path, Int64[np.ndarray, " m"]] = {}
        self.uids = np.concatenate([_uids(part, path) for part, path in zip(self._parts, paths, strict=True)])
        if not len(self.uids):
            raise FormatError(f"{self.source}: holds no particle, nor do the files like it: expected a row for each")
        values, counts = np.unique(self.uids, return_counts=True)
        if (counts > 1).any():
            uid = values[counts > 1][0]
            files = [p.name for part, p in zip(self._parts, paths, strict=True) if uid in _uids(part, p)]
            raise FormatError(f"{self.folder}: particle with uid {uid} comes twice ({', '.join(files)}): expected once")

    @property
    def source(self) -> str:
        """The first file, for messages."""
        return str(self.paths[0])

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self.paths[0].parent

    def __len__(self) -> int:
        return len(self.uids)

    @property
    def part_of_row(self) -> Int64[np.ndarray, " m"]:
        """Which of the files each row is from, shape (m,)."""
        return np.repeat(np.arange(len(self._parts)), [len(part) for part in self._parts])

    def own_fields(self) -> set[str]:
        """Return the fields that every file of the rows has."""
        return set.intersection(*(set(part.dtype.names or ()) for part in self._parts))

    def fields(self) -> set[str]:
        """Return the fields of the rows, and of the tables beside them."""
        return self.own_fields().union(*(table.dtype.names or () for table in self._others.values()))

    def numbered(self, pattern: str) -> list[int]:
        """Return the numbers in the names of the rows' own fields that match, ascending.

        What a job passed through may be of an earlier one of its kind, and does not count.

        Parameters
        ----------
        pattern
            Regular expression of the whole name, whose group 1 is the number.
        """
        name = re.compile(pattern)
        return sorted(int(match[1]) for field in self.own_fields() if (match := name.fullmatch(field)))

    def find(self, uids: UInt64[np.ndarray, " q"]) -> Int64[np.ndarray, " q"]:
        """Return the row of each uid, -1 where there is none."""
        return _find(self.uids, uids)

    def column(self, name: str) -> np.ndarray:
        """Return a field of all rows.

        Raises
        ------
        FormatError
            If no table has it, those that have it lack a particle, or it has several shapes.
        """
        if name in self.own_fields():
            return self._joined([part[name] for part in self._parts if len(part)], name)
        having = {path: table for path, table in self._others.items() if name in (table.dtype.names or ())}
        if not having:
            where = ", ".join(path.name for path in (*self.paths, *self._others))
            raise FormatError(
                f"{self.folder}: no field {name} in {where}: put the passthrough .cs files of the job there too"
            )
        found = np.zeros(len(self), dtype=bool)
        order, columns = [], []
        for path, table in having.items():
            rows = self._rows_in(path)
            fresh = np.flatnonzero((rows >= 0) & ~found)
            found[fresh] = True
            order.append(fresh)
            columns.append(table[name][rows[fresh]])
        if not found.all():
            raise FormatError(
                f"{next(iter(having))}: no row with uid {self.uids[np.flatnonzero(~found)[0]]}, which "
                f"{self.paths[0].name} has; {(~found).sum():,} rows have no {name}: put all passthrough .cs files of "
                "the job there"
            )
        place = np.argsort(np.concatenate(order))
        return np.asarray(self._joined([column for column in columns if len(column)], name)[place])

    def numbers(self, name: str, width: int = 1) -> Float64[np.ndarray, "m width"]:
        """Return a field of finite numbers, ``width`` of them a row.

        Raises
        ------
        FormatError
            If it is missing, or holds something else.
        """
        values = self.column(name)
        flat = values.reshape(len(values), -1)
        if flat.shape[1] != width or values.dtype.kind not in "fiu":
            raise FormatError(
                f"{self.source}: field {name} has shape {values.shape}, type {values.dtype}: expected {width} "
                f"number{'s' if width > 1 else ''} a particle"
            )
        wide = flat.astype(np.float64)
        bad = np.flatnonzero(~np.isfinite(wide).all(axis=1))
        if bad.size:
            raise FormatError(f"{self.source}: field {name} of row {bad[0] + 1} is not finite: expected numbers")
        return wide

    def rows_of(self, particles: Particles) -> Int64[np.ndarray, " N"]:
        """Return the row of each particle of the dataset, by ``blob/path`` and ``blob/idx``.

        Raises
        ------
        FormatError
            If the rows are not exactly the particles.
        """
        paths, places = self.column("blob/path"), self.column("blob/idx")
        if paths.dtype.kind not in "SU" or places.dtype.kind not in "iu" or paths.ndim != 1 or places.ndim != 1:
            raise FormatError(
                f"{self.source}: blob/path has type {paths.dtype} and blob/idx {places.dtype}: expected text and "
                "whole numbers"
            )
        try:
            names = [text.decode() if isinstance(text, bytes) else str(text) for text in paths.tolist()]
        except UnicodeDecodeError as error:
            raise FormatError(f"{self.source}: blob/path is not text ({error}): expected UTF-8") from error
        # cryoSPARC marks a path below its own project folder by a leading '>'.
        names = [name.removeprefix(">") for name in names]
        return rows_of_particles(names, places.astype(np.int64), particles, self.source)

    def _joined(self, columns: Sequence[np.ndarray], name: str) -> np.ndarray:
        try:
            return np.concatenate(columns)
        except (ValueError, TypeError) as error:
            raise FormatError(
                f"{self.folder}: field {name} differs between files ({error}): expected those of one job"
            ) from error

    def _rows_in(self, path: Path) -> Int64[np.ndarray, " m"]:
        """Return the row of each of our uids in another table, -1 where it has none."""
        if path not in self._rows:
            self._rows[path] = _find(_uids(self._others[path], path), self.uids)
        return self._rows[path]


def _find(there: UInt64[np.ndarray, " m"], wanted: UInt64[np.ndarray, " q"]) -> Int64[np.ndarray, " q"]:
    """Return the place of each wanted number, -1 where it is not."""
    if not len(there):
        return np.full(len(wanted), -1, dtype=np.int64)
    order = np.argsort(there, kind="stable")
    at = order[np.minimum(np.searchsorted(there[order], wanted), len(there) - 1)]
    return np.where(there[at] == wanted, at, -1).astype(np.int64)


def _uids(table: np.ndarray, path: Path) -> UInt64[np.ndarray, " m"]:
    require_fields(table, ("uid",), str(path))
    uids = table["uid"]
    if uids.dtype.kind not in "iu" or uids.ndim != 1:
        raise FormatError(f"{path}: uid has type {uids.dtype}: expected a whole number a row")
    return uids.astype(np.uint64)
