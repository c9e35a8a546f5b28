"""Files that appear whole or not at all, their checksums, and paths that stay in their folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryobench.core.errors import FormatError, OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that takes its place when the block ends well, and vanishes if not."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write a UTF-8 text file whole or not at all."""
    write_bytes(path, content.encode())


def sha256(path: Path) -> str:
    """Return the SHA-256 checksum of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def inside(folder: Path, name: str, source: str) -> Path:
    """Return the path of ``name`` within ``folder``.

    Parameters
    ----------
    folder
        The folder that a file read from outside may refer to.
    name
        The relative path that it gives.
    source
        What the name was read from, for the message.

    Raises
    ------
    FormatError
        If the path leaves the folder.
    """
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise FormatError(f"{source}: path '{name}' leads out of its folder: expected a path below {folder}")
    return path


def prepare_output(folder: Path, *, overwrite: bool, resume: bool) -> None:
    """Make an output folder, or check that an existing one may be used.

    Nothing is deleted: what is overwritten is replaced file by file.

    Raises
    ------
    OutputError
        If the parent is missing, the path is a file, or the folder holds something and neither flag allows it.
    """
    if not folder.parent.is_dir():
        raise OutputError(
            f"{folder}: its parent folder {folder.parent} does not exist: make it first, or choose another -o"
        )
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file: choose a folder with -o")
    if folder.is_dir() and any(folder.iterdir()) and not (overwrite or resume):
        raise OutputError(
            f"{folder} is not empty: add --resume to go on there, --overwrite to start anew, or choose another -o"
        )
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror}") from error
