"""Files that appear whole or not at all, their checksums, and paths that stay in their folder."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cryobench.core.errors import FormatError, OutputError

_ALWAYS, _RATIO = 1 << 30, 100  # bytes, and times its own size, that an archive of arrays may hold written out
_TEMPORARY = re.compile(r"\.(.+)\.([1-9][0-9]{0,8})\.tmp")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that takes its place when the block ends well, and vanishes if not.

    What a killed process left behind of the same file is removed.

    Raises
    ------
    OutputError
        If the file cannot be written, as on a full disk.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    _remove_leftovers(path)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.filename not in {None, str(temporary)}:
            raise  # it speaks of another file
        why = error.strerror or error
        raise OutputError(f"{path}: cannot be written ({why}): check the free space and the permissions") from error
    finally:
        temporary.unlink(missing_ok=True)


class Unfinished(NamedTuple):
    """A temporary file of :func:`replacing`: the name it was to get, and whether its process lives."""

    path: Path
    name: str
    alive: bool


def unfinished(folder: Path) -> list[Unfinished]:
    """Return the temporary files of :func:`replacing` in a folder, those of this process left out."""
    found = []
    for path in folder.glob(".*.tmp"):
        match = _TEMPORARY.fullmatch(path.name)
        if match and int(match[2]) != os.getpid():
            found.append(Unfinished(path, match[1], _lives(int(match[2]))))
    return found


def _remove_leftovers(path: Path) -> None:
    """Remove the temporary files of ``path`` whose processes no longer live."""
    with contextlib.suppress(OSError):  # what cannot be listed or removed does no harm
        for found in unfinished(path.parent):
            if found.name == path.name and not found.alive:
                found.path.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        pass
    return True


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write a UTF-8 text file whole or not at all."""
    write_bytes(path, content.encode())


def write_array(path: Path, array: np.ndarray) -> None:
    """Write a ``.npy`` file whole or not at all."""
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    write_bytes(path, content.getvalue())


def read_array(path: Path) -> np.ndarray:
    """Read a ``.npy`` file, never unpickling anything.

    Raises
    ------
    FormatError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            array = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, MemoryError, OverflowError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path}: not a readable array ({array_fault(error)})") from error
    if not isinstance(array, np.ndarray):
        raise FormatError(f"{path}: an archive of arrays (.npz), expected one array (.npy)")
    return array


def read_arrays(path: Path, names: Sequence[str]) -> tuple[np.ndarray, ...]:
    """Read the arrays of these names from a ``.npz`` file, never unpickling anything.

    What the archive holds, written out, may take 1 GiB or 100 times its size, whichever is more.

    Raises
    ------
    FormatError
        If it cannot be read, has no array of one of the names, or claims to hold more than that.
    """
    wanted = f"expected an archive of arrays (.npz): {', '.join(names)}"
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise FormatError(f"{path}: one array (.npy), {wanted}")
            _require_modest(archive.zip, path)
            missing = [name for name in names if name not in archive.files]
            if missing:
                has = ", ".join(archive.files) or "nothing"
                raise FormatError(f"{path}: no array '{missing[0]}': {wanted}; it holds {has}")
            return tuple(archive[name] for name in names)
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror or error}): {wanted}") from error
    except _UNREADABLE as error:
        raise FormatError(f"{path}: not readable ({array_fault(error)}): {wanted}") from error


def array_fault(error: Exception) -> str:
    """Return what numpy says of a file, but for its advice to load Python objects of an unknown hand."""
    return "it holds Python objects, which are not loaded" if "allow_pickle" in str(error) else str(error)


_UNREADABLE = (
    ValueError,
    EOFError,
    SyntaxError,
    MemoryError,
    OverflowError,
    RuntimeError,  # a member with a password
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
)


def _require_modest(archive: zipfile.ZipFile, path: Path) -> None:
    """Raise if reading all members would take much more memory than the archive accounts for.

    Reading a member stops at the size that it declares, so the sum of these bounds the memory; numpy itself only stores
    or deflates, and members that overlap are counted each.
    """
    members = archive.infolist()
    size = path.stat().st_size
    total = sum(member.file_size for member in members)
    if total > max(_ALWAYS, _RATIO * size):
        raise FormatError(
            f"{path}: {size:,} bytes that claim to hold {total:,} bytes of arrays: expected at most "
            f"{max(_ALWAYS, _RATIO * size):,}: write it anew, uncompressed (numpy.savez)"
        )
    other = [m for m in members if m.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}]
    if other:
        raise FormatError(f"{path}: '{other[0].filename:.80}' is neither stored nor deflated: expected numpy's archive")


def read_text(path: Path) -> str:
    """Read a UTF-8 text file.

    Raises
    ------
    FormatError
        If it cannot be read or is not text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise FormatError(f"{path}: no such file: check its path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"{path}: cannot be read ({error})") from error


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


def check_output(folder: Path, *, overwrite: bool, resume: bool, advice: str = "") -> None:
    """Check that an output folder can be made, or that an existing one may be used.

    ``advice`` names other ways out, such as an option, where the folder holds something.

    Raises
    ------
    OutputError
        If the parent is missing, the path is a file, the folder holds something and neither flag allows it, or both do.
    """
    if overwrite and resume:
        raise OutputError("--overwrite starts anew and --resume goes on: give one of the two")
    if not folder.parent.is_dir():
        raise OutputError(
            f"{folder}: its parent folder {folder.parent} does not exist: make it first, or choose another -o"
        )
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file: choose a folder with -o")
    if folder.is_dir() and any(folder.iterdir()) and not (overwrite or resume):
        raise OutputError(f"{folder} is not empty: {advice}add --overwrite to start anew there, or choose another -o")
