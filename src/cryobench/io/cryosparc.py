"""cryoSPARC's ``.cs`` files: one structured array in numpy's format, a row for each particle."""

from __future__ import annotations

import contextlib
import io
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from cryobench.core import FormatError, InputError
from cryobench.io.files import write_bytes

_COMPRESSED = b"\x94CSDAT"
_WANTED = "expected the structured array that cryoSPARC saves as .cs"
_MOST_HEADER = 1 << 20
"""Bytes of a header at most. Ab-initio reconstruction writes 18 fields a class, with 100 classes about 120 kB."""
_DEEPEST = 16  # a list of fields, each with its shape, is three deep in a dictionary


def read_cs(path: Path, *, may_be_empty: bool = False) -> np.ndarray:
    """Read a ``.cs`` file, never unpickling anything.

    Parameters
    ----------
    path
        The file.
    may_be_empty
        Whether a file without rows will do, such as that of a class without particles.

    Returns
    -------
    Structured array, shape (N,), with fields such as ``blob/path`` and ``alignments3D/pose``.

    Raises
    ------
    FormatError
        If the file is missing, is not in numpy's format, holds pickled objects or no structured array of rows, or its
        header is longer or deeper than that of a table.
    """
    with _opened(path) as file:
        _dtype(file, path)
        file.seek(0)
        table = np.lib.format.read_array(file, allow_pickle=False, max_header_size=_MOST_HEADER)
    if table.dtype.names is None or table.ndim != 1:
        raise FormatError(f"{path}: not a .cs file: {_WANTED}, one row for each particle")
    if not (len(table) or may_be_empty):
        raise FormatError(f"{path}: holds no particle: expected a row for each")
    return table


def read_cs_fields(path: Path) -> tuple[str, ...]:
    """Return the names of the fields of a ``.cs`` file; no row is read.

    Raises
    ------
    FormatError
        If the file is missing or is not in numpy's format, or its header is longer or deeper than that of a table.
    """
    with _opened(path) as file:
        return tuple(_dtype(file, path).names or ())


def _dtype(file: BinaryIO, path: Path) -> np.dtype[Any]:
    """Return the type of a row, by the header, which is looked at before numpy parses it as an expression."""
    version = np.lib.format.read_magic(file)
    start = file.tell()
    width = 2 if version == (1, 0) else 4
    length = int.from_bytes(file.read(width), "little")
    if length > _MOST_HEADER:
        raise FormatError(f"{path}: a header of {length:,} bytes, expected at most {_MOST_HEADER:,}: {_WANTED}")
    if _depth(file.read(length)) > _DEEPEST:
        raise FormatError(f"{path}: a header with brackets more than {_DEEPEST} deep: {_WANTED}")
    file.seek(start)
    read = np.lib.format.read_array_header_1_0 if width == 2 else np.lib.format.read_array_header_2_0
    dtype: np.dtype[Any] = read(file, max_header_size=_MOST_HEADER)[2]
    if dtype.hasobject:
        raise FormatError(f"{path}: holds pickled Python objects, which are never read: {_WANTED}")
    return dtype


def _depth(header: bytes) -> int:
    """Return how deep brackets are nested; those within text count too, as the names of fields have none."""
    codes = np.frombuffer(header, np.uint8)
    steps = np.isin(codes, list(b"([{")).astype(np.int64) - np.isin(codes, list(b")]}"))
    return int(np.cumsum(steps).max(initial=0))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Yield the open file, and turn what goes wrong while it is read into a :class:`FormatError`."""
    try:
        with path.open("rb") as file:
            if file.read(len(_COMPRESSED)) == _COMPRESSED:
                raise FormatError(
                    f"{path}: in cryoSPARC's CSDAT format: save it again in numpy's format, cryosparc-tools' default"
                )
            file.seek(0)
            yield file
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror or error}): {_WANTED}") from error
    except (RecursionError, MemoryError) as error:
        raise FormatError(
            f"{path}: not a readable .cs file (its header is too deep, or of more rows than fit into memory): {_WANTED}"
        ) from error
    except (ValueError, TypeError, OverflowError, EOFError, SyntaxError, tokenize.TokenError) as error:
        raise FormatError(f"{path}: not a readable .cs file ({error}): {_WANTED}") from error


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
