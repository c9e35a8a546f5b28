"""Which particles of a set to use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Int64

from cryobench.core import FormatError
from cryobench.io.files import read_array, read_text
from cryobench.io.restricted_pickle import read_array_pickle

_KNOWN = (".pkl", ".npy", ".txt")


def read_indices(path: Path, n: int) -> Int64[np.ndarray, " k"]:
    """Read the indices of the particles to keep, in their order.

    Parameters
    ----------
    path
        A pickled array or list (``.pkl``, as cryoDRGN's ``--ind``), an array (``.npy``), or text, one index a line.
    n
        Number of particles to choose from.

    Returns
    -------
    Indices from 0 to n - 1, shape (k,), k of at least 1.

    Raises
    ------
    FormatError
        If the file is missing, of another kind, or holds anything but such indices.
    """
    suffix = path.suffix.lower()
    if suffix not in _KNOWN:
        raise FormatError(f"{path}: not a list of indices: expected one of {', '.join(_KNOWN)}")
    if suffix == ".pkl":
        indices = _as_array(read_array_pickle(path), path)
    else:
        indices = read_array(path) if suffix == ".npy" else _from_text(path)
    if indices.ndim != 1 or not indices.size or indices.dtype.kind not in "iu":
        raise FormatError(
            f"{path}: shape {indices.shape}, type {indices.dtype}: expected one row of integers, the particles to keep"
        )
    outside = np.flatnonzero((indices < 0) | (indices >= n))
    if outside.size:
        raise FormatError(
            f"{path}: entry {outside[0] + 1} is {indices[outside[0]]}: expected indices from 0 to {n - 1}, "
            f"for {n} particles"
        )
    return indices.astype(np.int64)


def _as_array(content: object, path: Path) -> np.ndarray:
    try:
        return np.asarray(content)
    except ValueError as error:  # lists of different lengths
        raise FormatError(f"{path}: holds no array of indices ({error})") from error


def _from_text(path: Path) -> np.ndarray:
    words = read_text(path).split()
    try:
        return np.asarray([_whole(word) for word in words], dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise FormatError(f"{path}: {error}: expected whole numbers, one a line") from error


def _whole(word: str) -> int:
    value = float(word)  # numpy's savetxt writes whole numbers as 1.0e+00
    if not value.is_integer():
        raise ValueError(f"'{word}' is not a whole number")
    return int(value)
