"""cryoSPARC's ``.cs`` files: one structured array in numpy's format, a row for each particle."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cryobench.core import FormatError, InputError
from cryobench.io.files import write_bytes

_COMPRESSED = b"\x94CSDAT"


def read_cs(path: Path) -> np.ndarray:
    """Read a ``.cs`` file, never unpickling anything.

    Returns
    -------
    Structured array, shape (N,), with fields such as ``blob/path`` and ``alignments3D/pose``.

    Raises
    ------
    FormatError
        If the file is missing, is not in numpy's format, holds pickled objects or no structured array of rows.
    """
    wanted = "expected the structured array that cryoSPARC saves as .cs"
    try:
        with path.open("rb") as file:
            compressed = file.read(len(_COMPRESSED)) == _COMPRESSED
            file.seek(0)
            table = None if compressed else np.load(file, allow_pickle=False)
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror or error}): {wanted}") from error
    except (ValueError, EOFError, SyntaxError, MemoryError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path}: not a readable .cs file ({error}): {wanted}") from error
    if compressed:
        raise FormatError(
            f"{path}: in cryoSPARC's CSDAT format: save it again in numpy's format, cryosparc-tools' default"
        )
    if not isinstance(table, np.ndarray) or table.dtype.names is None or table.ndim != 1:
        raise FormatError(f"{path}: not a .cs file: {wanted}, one row for each particle")
    if not len(table):
        raise FormatError(f"{path}: holds no particle: expected a row for each")
    return table


def write_cs(path: Path, table: np.ndarray) -> None:
    """Write a structured array, shape (N,), as ``.cs``: whole or not at all.

    Raises
    ------
    InputError
        If the array is not structured or holds Python objects.
    """
    if table.dtype.names is None or table.dtype.hasobject or table.ndim != 1:
        raise InputError(f"a .cs file holds a structured array of rows, without objects: got {table.dtype}")
    content = io.BytesIO()
    np.save(content, table, allow_pickle=False)
    write_bytes(path, content.getvalue())


def require_fields(table: np.ndarray, names: Sequence[str], source: str) -> None:
    """Raise unless a structured array has all these fields.

    Raises
    ------
    FormatError
        Naming the first that is missing.
    """
    present = table.dtype.names or ()
    for name in names:
        if name not in present:
            raise FormatError(
                f"{source}: no field {name}: expected {', '.join(names)}; cryoSPARC may have left it in the "
                "passthrough .cs file of the same job"
            )
