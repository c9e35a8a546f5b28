"""Poses, CTF parameters and labels as files hold them: numbers of the right shape, right or wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from jaxtyping import Float64, Int64

from cryobench.core import CTF_COLUMNS, CryobenchError, FormatError
from cryobench.datasets.checks.finding import Finding
from cryobench.io import read_array, read_array_pickle

T = TypeVar("T")


class RawPoses(NamedTuple):
    """Rotations (N, 3, 3), and shifts (N, 2) in Å."""

    rotations: Float64[np.ndarray, "N 3 3"]
    shifts: Float64[np.ndarray, "N 2"]


class RawCTF(NamedTuple):
    """The seven columns (N, 7), and box and pixel size (Å) of some stack (N, 2), None where the file has none."""

    table: Float64[np.ndarray, "N 7"]
    geometry: Float64[np.ndarray, "N 2"] | None


class Attempts:
    """Reads the parts of a dataset: what cannot be read becomes a fault, and the rest goes on."""

    def __init__(self, advice: str) -> None:
        self._advice = advice
        self.findings: list[Finding] = []
        self.absent: dict[str, str] = {}

    def read(self, part: str, field: str, make: Callable[[], T]) -> T | None:
        """Return what ``make`` reads, or None with a finding; ``field`` is the subject's."""
        try:
            return make()
        except (CryobenchError, OSError) as error:
            self.fault(part, str(error))
            self.absent[field] = f"{part} cannot be read"
            return None

    def fault(self, part: str, words: str) -> None:
        """Note a part that is broken."""
        self.findings.append(Finding(check=part, status="fault", words=words, advice=self._advice))


def read_raw_poses(path: Path, extent: float) -> RawPoses:
    """Read cryoDRGN's pickle; ``extent`` is the edge of an image in Å, in which its shifts are fractions.

    Raises
    ------
    FormatError
        If it does not hold rotations (N, 3, 3), alone or with shifts (N, 2).
    """
    content = read_array_pickle(path)
    first, *rest = content if isinstance(content, tuple) and content else (content,)
    rotations = _numbers(first, (3, 3), path, "rotations")
    if not rest or rest[0] is None:
        return RawPoses(rotations, np.zeros((len(rotations), 2)))
    return RawPoses(rotations, _numbers(rest[0], (2,), path, "shifts") * extent)


def read_raw_ctf(path: Path) -> RawCTF:
    """Read cryoDRGN's pickle of seven or nine columns.

    Raises
    ------
    FormatError
        If it is not such a table of numbers.
    """
    columns = len(CTF_COLUMNS)
    content = read_array_pickle(path)
    nine = isinstance(content, np.ndarray) and content.ndim == 2 and content.shape[1] == columns + 2
    table = _numbers(content, (columns + 2 if nine else columns,), path, "a CTF table")
    return RawCTF(table[:, 2:], table[:, :2]) if nine else RawCTF(table, None)


def read_labels(path: Path) -> Int64[np.ndarray, " N"]:
    """Read the state of each particle from a ``.npy`` or ``.pkl`` file.

    Raises
    ------
    FormatError
        If it does not hold one whole number for each particle.
    """
    content = read_array_pickle(path) if path.suffix.lower() == ".pkl" else read_array(path)
    labels = _numbers(content, (), path, "labels")
    if not np.isfinite(labels).all() or (labels != np.round(labels)).any():
        raise FormatError(f"{path}: labels are not whole numbers: expected the state of each particle, from 0")
    return labels.astype(np.int64)


def _numbers(content: Any, shape: tuple[int, ...], path: Path, what: str) -> Float64[np.ndarray, "N ..."]:
    wanted = f"expected {what} of shape (N{''.join(f', {n}' for n in shape)}{'' if shape else ','})"
    try:
        array = np.asarray(content)
    except ValueError as error:
        raise FormatError(f"{path}: rows of different lengths: {wanted}") from error
    if array.dtype.kind not in "fiu" or array.ndim != 1 + len(shape) or array.shape[1:] != shape or not len(array):
        raise FormatError(f"{path}: shape {array.shape}, type {array.dtype}: {wanted}")
    return array.astype(np.float64)
