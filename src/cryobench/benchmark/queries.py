"""The particles whose volumes are wanted of a method: what the two protocols of volume scores ask for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int64

from cryobench.core import FormatError, Truth
from cryobench.io import read_text
from cryobench.metrics import representatives, strided_particles


def wanted_particles(
    truth: Truth, latents: Float32[np.ndarray, "N d"] | None, n: int, seed: int
) -> Int64[np.ndarray, " q"]:
    """Return the particles whose volumes are wanted, ascending: one for each state, and those of the images.

    Parameters
    ----------
    truth
        Of the dataset.
    latents
        The method's, shape (N, d): they decide which particle stands for a state.
    n
        Number of particles of the per-image protocol; all, where there are fewer.
    seed
        Of a draw; the published protocol, which this is, draws nothing.

    Raises
    ------
    InputError
        If n is below 1.
    """
    del seed
    present, compact = np.unique(truth.labels, return_inverse=True)
    per_state = representatives(compact.astype(np.int32), len(present), latents)
    return np.union1d(per_state, strided_particles(len(truth), min(n, len(truth)))).astype(np.int64)


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
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        words = [word.strip() for word in line.split(",")]
        if not line.strip() or line.startswith("#"):
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
    if not found:
        raise FormatError(f"{path}: no particle: expected the number of one a line")
    return np.array(list(found), dtype=np.int64)
