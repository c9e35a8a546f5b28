"""Lists of the particles whose volumes are wanted."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from cryobench.core import FormatError
from cryobench.io import read_text


def read_queries(path: Path, particles: int) -> Int64[np.ndarray, " q"]:
    """Read the numbers of particles, in their order: one a line, or the column ``particle`` of a table.

    Parameters
    ----------
    path
        Text; lines that begin with ``#`` are left out.
    particles
        Number of particles N.

    Raises
    ------
    FormatError
        Naming the line that holds no number from 0 to N - 1, or one that comes twice.
    """
    column, found = 0, dict[int, int]()
    reader = csv.reader(io.StringIO(read_text(path)), skipinitialspace=True)
    try:
        for row in reader:
            number, words = reader.line_num, [word.strip() for word in row]
            if not any(words) or words[0].startswith("#"):
                continue
            if not found and "particle" in words:
                column = words.index("particle")
                continue
            word = words[column] if column < len(words) else ""
            if not (word.isascii() and word.isdigit() and len(word) < 19 and int(word) < particles):
                raise FormatError(
                    f"{path}: line {number}: particle is '{word}', expected a whole number from 0 to {particles - 1}"
                )
            if int(word) in found:
                raise FormatError(f"{path}: line {number}: particle {word} is on line {found[int(word)]} too")
            found[int(word)] = number
    except csv.Error as error:
        raise FormatError(f"{path}: line {reader.line_num}: {error}: expected a table of particles") from error
    if not found:
        raise FormatError(f"{path}: no particle: expected the number of one a line")
    return np.array(list(found), dtype=np.int64)
