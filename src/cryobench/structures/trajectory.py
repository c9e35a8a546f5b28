"""Frames of a molecular dynamics simulation as positions of chosen atoms."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import final

import numpy as np
from jaxtyping import Float64

from cryobench.core import FormatError, InputError
from cryobench.structures._elements import atomic_numbers
from cryobench.structures._frames import open_frames
from cryobench.structures.atoms import Atoms
from cryobench.structures.choice import HEAVY_ATOMS, AtomChoice, chosen_rows
from cryobench.structures.load import as_atoms, read_structure_file

_AHEAD = 32  # frames that are read at once, where they follow each other
_AHEAD_BYTES = 2**26


@final
class Trajectory:
    """A topology and a file of frames, read when they are asked for.

    Any frame can be asked for at any time. Frames that follow each other are read a few at once; never is more than
    that in memory. Threads may share it.

    Parameters
    ----------
    topology
        A structure file with the atoms of the frames, in their order; see :func:`load_structure`.
    frames
        An XTC, TRR or DCD file.
    choice
        Which atoms are taken.

    Raises
    ------
    FormatError
        If a file is missing, of another kind, or damaged, or the number of atoms is not the same in both.
    InputError
        If the chosen atoms have no weight.
    """

    def __init__(self, topology: Path, frames: Path, choice: AtomChoice = HEAVY_ATOMS) -> None:
        file = read_structure_file(topology)
        table = file.table
        self._frames = open_frames(frames)
        if len(table) != self._frames.n_atoms:
            raise FormatError(
                f"{topology} has {len(table):,} atoms, but {frames} has {self._frames.n_atoms:,}: "
                "give the topology that the frames were written with"
            )
        numbers = atomic_numbers(table.symbols, table.residue_names, table.names)
        self._rows = np.flatnonzero(chosen_rows(table, numbers, choice))
        chosen = self._rows, table.coordinates[self._rows], table.chains[self._rows]
        self._atoms = as_atoms(topology, file, numbers, choice, chosen)
        self._lock = threading.Lock()
        self._start = 0
        self._read = np.empty((0, len(self._rows), 3), dtype=np.float32)

    @property
    def atoms(self) -> Atoms:
        """The chosen atoms, where the topology has them."""
        return self._atoms

    def __len__(self) -> int:
        return len(self._frames)

    def frame(self, index: int) -> Float64[np.ndarray, "N 3"]:
        """Return the positions of the chosen atoms in a frame, counted from 0, in Å, shape (N, 3).

        Raises
        ------
        InputError
            If there is no such frame.
        FormatError
            If the frame cannot be read.
        """
        if not 0 <= index < len(self):
            raise InputError(f"{self._frames.path}: has no frame {index}: choose from 0 to {len(self) - 1}")
        with self._lock:
            if not self._start <= index < self._start + len(self._read):
                self._fetch(index)
            return np.asarray(self._read[index - self._start], dtype=np.float64)

    def _fetch(self, index: int) -> None:
        """Read a frame, and those after it if it follows the one that was read last."""
        follows = len(self._read) and index == self._start + len(self._read)
        most = max(1, min(_AHEAD, _AHEAD_BYTES // (12 * self._frames.n_atoms))) if follows else 1
        read = self._frames.read(index, min(most, len(self) - index))[:, self._rows]
        if not np.isfinite(read).all():
            raise self._frames.damaged(index, "a position is no number")
        self._start, self._read = index, read


def superposed(
    coordinates: Float64[np.ndarray, "N 3"],
    reference: Float64[np.ndarray, "N 3"],
    weights: Float64[np.ndarray, " N"],
) -> Float64[np.ndarray, "N 3"]:
    """Return positions turned and moved onto a reference, so that the weighted sum of squared distances is least.

    Parameters
    ----------
    coordinates, reference
        Positions of the same atoms in Å, shape (N, 3).
    weights
        Weight of each atom, at least 0, shape (N,).

    Raises
    ------
    InputError
        If the shapes differ or no weight is above 0.

    Notes
    -----
    Kabsch, Acta Cryst. A32, 922 (1976). Mirror images are never made. Atoms on a line leave the turn about it open.
    """
    if not coordinates.shape == reference.shape == (len(weights), 3):
        raise InputError(
            f"positions of shape {coordinates.shape}, a reference of {reference.shape} and {len(weights)} weights do "
            "not go together: give the same atoms"
        )
    if not len(weights) or weights.min() < 0 or weights.sum() <= 0:
        raise InputError("weights of a superposition must be at least 0, and one of them more")
    centre, target = (np.average(points, axis=0, weights=weights) for points in (coordinates, reference))
    moved = coordinates - centre
    left, _, right = np.linalg.svd((weights[:, None] * moved).T @ (reference - target))
    left[:, -1] *= np.sign(np.linalg.det(left @ right))
    return np.asarray(moved @ (left @ right) + target)
