"""Latents and poses as the methods leave them, checked, a row for each row of the method's input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from cryobench.core import FormatError, InputError, Poses
from cryobench.core.words import counted
from cryobench.io import read_array_pickle


def latent_table(content: Any, path: Path, zdim: int | None = None) -> Float32[np.ndarray, "n d"]:
    """Return latents in single precision, shape (n, d).

    Parameters
    ----------
    content
        What the file holds: an array, (n, d) or (n,).
    path
        The file, for messages.
    zdim
        The number of dimensions that the settings give.

    Raises
    ------
    FormatError
        If it is no such array, holds a value that is not finite, or has another number of dimensions.
    """
    wanted = "expected latents, a row of numbers for each particle"
    if not isinstance(content, np.ndarray) or content.ndim not in {1, 2} or content.dtype.kind not in "fiu":
        shape = f"shape {content.shape}, type {content.dtype}" if isinstance(content, np.ndarray) else "no array"
        raise FormatError(f"{path}: {shape}: {wanted}")
    if not content.size:
        raise FormatError(f"{path}: empty: {wanted}")
    with np.errstate(over="ignore"):
        table = np.ascontiguousarray(content.reshape(len(content), -1), dtype=np.float32)
    if zdim is not None and table.shape[1] != zdim:
        found = counted(table.shape[1], "number")
        raise FormatError(
            f"{path}: {found} in each row, but the settings of the run say {zdim}: expected files of one run"
        )
    return table


def require_finite_rows(table: Float32[np.ndarray, "n d"], path: Path) -> None:
    """Raise unless all latents are numbers.

    Raises
    ------
    FormatError
        Naming the first row.
    """
    bad = np.flatnonzero(~np.isfinite(table).all(axis=1))
    if bad.size:
        raise FormatError(
            f"{path}: row {bad[0]} holds a value that is not finite, and {bad.size - 1:,} others: expected a latent of "
            "each particle"
        )


def pose_table(path: Path, rows: int | None, unit: float) -> Poses:
    """Read a pickle of rotations (n, 3, 3) and shifts (n, 2), or of rotations alone.

    Parameters
    ----------
    path
        The file.
    rows
        The number of rows n that belongs to the latents; None where there are none.
    unit
        What a shift of 1 in the file is, in Å.

    Raises
    ------
    FormatError
        If it holds anything else.
    """
    content = read_array_pickle(path)
    parts = content if isinstance(content, tuple) else (content,)
    arrays = [part for part in parts if isinstance(part, np.ndarray) and part.dtype.kind == "f"]
    if len(arrays) != len(parts) or len(arrays) not in {1, 2}:
        raise FormatError(f"{path}: {len(parts)} parts: expected rotations (n, 3, 3) and shifts (n, 2), or rotations")
    rows = len(arrays[0]) if rows is None else rows
    wanted = f"expected rotations ({rows}, 3, 3) and shifts ({rows}, 2)"
    shapes = [(rows, 3, 3), (rows, 2)]
    for array, shape in zip(arrays, shapes, strict=False):
        if array.shape != shape:
            raise FormatError(f"{path}: an array of shape {array.shape}: {wanted}")
    shifts = arrays[1] * unit if len(arrays) > 1 else np.zeros((rows, 2))
    try:
        return Poses(np.ascontiguousarray(arrays[0], dtype=np.float32), shifts.astype(np.float32))
    except InputError as error:
        raise FormatError(f"{path}: {error}") from error
