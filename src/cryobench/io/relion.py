"""RELION's tables of particles: a column comes from the particles themselves or from their optics group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from cryobench.core import FormatError
from cryobench.io.star import Table, read_star


@dataclass(frozen=True, eq=False)
class ParticleTable:
    """The rows of a STAR file, of RELION 3.1 and later (with optics groups) or of 3.0 (without).

    Parameters
    ----------
    path
        The file, for messages.
    particles, optics
        Columns of text by label, without the underscore; ``optics`` is empty where the file has no such block.
    rows
        Number of particles.
    """

    path: Path
    particles: Table
    optics: Table
    rows: int

    def has(self, label: str) -> bool:
        """Return whether the particles or their optics groups have this column."""
        return label in self.particles or label in self.optics

    def column(self, label: str) -> list[str]:
        """Return a column, one value for each particle.

        Raises
        ------
        FormatError
            If neither the particles nor their optics groups have it.
        """
        if label in self.particles:
            return list(self.particles[label])
        if label in self.optics:
            values = self.optics[label]
            if len(values) == 1 and "rlnOpticsGroup" not in self.particles:
                return [values[0]] * self.rows
            if "rlnOpticsGroup" in self.particles:
                place = self._group_rows()
                return [values[place[group]] for group in self.particles["rlnOpticsGroup"]]
        raise FormatError(
            f"{self.path}: no column {label} among the particles or in their optics group: "
            "add it, or give a file that has it"
        )

    def numbers(self, label: str) -> Float64[np.ndarray, " N"]:
        """Return a column of numbers, shape (N,).

        Raises
        ------
        FormatError
            If there is no such column or a value is not a number, naming its row.
        """
        column = self.column(label)
        try:
            return np.asarray(column, dtype=np.float64)
        except ValueError:
            row, text = next((i, value) for i, value in enumerate(column) if not _is_number(value))
            raise FormatError(
                f"{self.path}: column {label} cannot be read: row {row + 1} holds '{text}', expected a number"
            ) from None

    def pixel_sizes(self) -> Float64[np.ndarray, " N"]:
        """Return the edge of a pixel of each image in Å, shape (N,), not a number where the file does not give it.

        It is ``rlnImagePixelSize``, or in files of RELION 3.0 the detector's pixel over the magnification.

        Raises
        ------
        FormatError
            If a value is not a number, naming its row.
        """
        if self.has("rlnImagePixelSize"):
            sizes = self.numbers("rlnImagePixelSize")
        elif self.has("rlnDetectorPixelSize") and self.has("rlnMagnification"):
            magnification = self.numbers("rlnMagnification")
            magnified = np.where(magnification > 0, magnification, np.nan)
            sizes = 1e4 * self.numbers("rlnDetectorPixelSize") / magnified  # micrometres to Å
        else:
            return np.full(self.rows, np.nan)
        return np.where(np.isfinite(sizes) & (sizes > 0), sizes, np.nan)

    def _group_rows(self) -> Mapping[str, int]:
        place = {group: row for row, group in enumerate(self.optics.get("rlnOpticsGroup", ()))}
        unknown = set(self.particles["rlnOpticsGroup"]) - set(place)
        if unknown:
            raise FormatError(
                f"{self.path}: optics group {min(unknown)} is not in the optics table: expected {', '.join(place)}"
            )
        return place


def read_particle_table(path: Path, label: str) -> ParticleTable:
    """Read the first table of a STAR file that has the column ``label``, with its optics groups.

    Raises
    ------
    FormatError
        If the file is not STAR, no block has the column, or the table has no row.
    """
    blocks = read_star(path)
    tables = [block for block in blocks.values() if label in block]
    if not tables:
        raise FormatError(f"{path}: no block has a column {label}: expected a particles table")
    rows = len(tables[0][label])
    if not rows:
        raise FormatError(f"{path}: its table with the column {label} has no row: expected one for each particle")
    return ParticleTable(path, tables[0], blocks.get("optics", {}), rows)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
