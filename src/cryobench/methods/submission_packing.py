"""A submission folder as one file: the same content gives the same bytes, and unpacking is safe.

Members are stored as they are, in the order of their names, with one date: so the bytes hang on nothing else.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from cryobench.core import FormatError, InputError, OutputError, Progress, silent
from cryobench.io import replacing, sha256
from cryobench.methods.submission_checking import Expected, belonging_files, check_submission
from cryobench.methods.submission_folder import ARRAYS
from cryobench.methods.submission_manifest import SUBMISSION

CHECKSUMS = "SHA256SUMS"
"""Member that lists the checksum of each other one, as the program sha256sum reads it."""

MOST_BYTES = 100 * 10**9
"""Unpacked size at most."""

_DATE = (1980, 1, 1, 0, 0, 0)
_MOST_MEMBERS = 1_000_000
_BLOCK = 1 << 20
# Errors that the names of members bring about, whatever the disk.
_OF_NAMES = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}
_UNREADABLE = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, NotImplementedError)


def pack_submission(
    folder: Path,
    path: Path,
    expected: Expected | None = None,
    *,
    any_dataset: bool = False,
    progress: Progress = silent,
) -> str:
    """Write a submission folder into a zip file; return the SHA-256 of that.

    Parameters
    ----------
    folder
        The folder; what does not belong to the submission is left out.
    path
        The file.
    expected
        The dataset that it is checked against.
    any_dataset
        Whether a submission of another dataset will do.
    progress
        Told of what is read.

    Raises
    ------
    InputError
        If the folder does not pass the check.
    OutputError
        If the file cannot be written, or is one that belongs to the submission.
    """
    report = check_submission(folder, expected, any_dataset=any_dataset, progress=progress)
    if report.errors:
        others = f"; {len(report.errors) - 1} more: cryobench submission check" if len(report.errors) > 1 else ""
        raise InputError(f"not packed: {report.errors[0]}{others}")
    names = belonging_files(folder, None if report.parts is None else report.parts.volumes)
    if path.resolve() in {file.resolve() for file in names.values()}:
        raise OutputError(f"{path}: belongs to the submission: choose another name for the zip file")
    sums = "".join(f"{sha256(file)}  {name}\n" for name, file in sorted(names.items()))
    advance = progress("Packing", len(names))
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_member(CHECKSUMS, len(sums)), sums)
        for name, file in sorted(names.items()):
            info = _member(name, file.stat().st_size)
            with file.open("rb") as source, archive.open(info, "w") as target:
                shutil.copyfileobj(source, target, _BLOCK)
            advance(1)
    return sha256(path)


def unpack_submission(path: Path, folder: Path, most_bytes: int = MOST_BYTES) -> bool:
    """Unpack a submission, whole or not at all; return whether it held checksums, which then agreed.

    Parameters
    ----------
    path
        A zip file, of anybody.
    folder
        Where; it is made, and is missing or empty before.
    most_bytes
        Size of all members at most.

    Raises
    ------
    FormatError
        If it is no zip file, a member is damaged, is a link, leads out of the folder or does not belong to a
        submission, or a checksum differs.
    OutputError
        If the folder holds something, there is no room, or it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder}: exists and is not empty: choose a folder that is not there yet")
    if not folder.parent.is_dir():
        raise OutputError(f"{folder}: its parent folder {folder.parent} does not exist: make it first")
    if not path.is_file():
        raise FormatError(f"{path}: no such file: expected a packed submission (.zip)")
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", suffix=".tmp", dir=folder.parent) as temporary:
        whole = Path(temporary) / "whole"
        try:
            with zipfile.ZipFile(path) as archive:
                members = _members(archive, path)
                _require_room(members, path, folder, most_bytes)
                sums = _extract(archive, members, whole)
        except _UNREADABLE as error:
            raise FormatError(f"{path}: not a readable zip file ({error}): expected a packed submission") from error
        listed = _listed_sums(whole, path)
        if listed is not None and listed != sums:
            wrong = sorted(name for name in listed.keys() | sums.keys() if listed.get(name) != sums.get(name))
            raise FormatError(
                f"{path}: {wrong[0]}: not as {CHECKSUMS} has it: the file was changed or damaged: fetch it again"
            )
        if folder.is_dir():
            folder.rmdir()
        whole.rename(folder)
    return listed is not None


def _member(name: str, size: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system, info.external_attr, info.file_size = 3, (stat.S_IFREG | 0o644) << 16, size
    return info


def _members(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    members = [info for info in archive.infolist() if not info.is_dir()]
    if len(members) > _MOST_MEMBERS:
        raise FormatError(f"{path}: {len(members):,} members: expected at most {_MOST_MEMBERS:,}")
    names = set()
    for info in members:
        where = f"{path}: member {info.filename!r}"
        mode = info.external_attr >> 16
        if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
            raise FormatError(f"{where}: a link or a device: expected regular files alone")
        if not _belongs(info.filename):
            raise FormatError(
                f"{where}: expected {SUBMISSION}, {', '.join(ARRAYS)}, {CHECKSUMS} or a file below volumes/, at "
                "the top of the zip file"
            )
        if info.filename in names:
            raise FormatError(f"{where}: comes twice: expected each file once")
        names.add(info.filename)
    if SUBMISSION not in names:
        raise FormatError(f"{path}: no {SUBMISSION} at its top: expected a packed submission")
    return members


def _belongs(name: str) -> bool:
    """Return whether a name is one of a submission: relative, with nothing that climbs."""
    parts = PurePosixPath(name).parts
    if "\\" in name or "\0" in name or ":" in name or name != "/".join(parts) or ".." in parts:
        return False
    return name in {SUBMISSION, CHECKSUMS, *ARRAYS} or (len(parts) > 1 and parts[0] == "volumes")


def _require_room(members: list[zipfile.ZipInfo], path: Path, folder: Path, most: int) -> None:
    total = sum(info.file_size for info in members)
    if total > most:
        raise FormatError(f"{path}: {total / 1e9:.1f} GB when unpacked: expected at most {most / 1e9:g} GB")
    free = shutil.disk_usage(folder.parent).free
    if total > free:
        raise OutputError(f"{folder}: {total / 1e9:.1f} GB to unpack, {free / 1e9:.1f} GB free: make room first")


def _extract(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path) -> dict[str, str]:
    """Write the members below a folder; return the checksum of each but the list of them."""
    sums = {}
    for info in members:
        target = folder / info.filename
        digest = hashlib.sha256()
        with archive.open(info) as source:
            with _writing(info.filename):
                target.parent.mkdir(parents=True, exist_ok=True)
                # "x": a name that differs from another in its case alone must not replace it where the disk knows no
                # case.
                file = target.open("xb")
            with file:
                while block := source.read(_BLOCK):  # no more than the member says it holds
                    digest.update(block)
                    with _writing(info.filename):
                        file.write(block)
                        file.flush()  # a full disk is met here, not where the file is closed
        if info.filename != CHECKSUMS:
            sums[info.filename] = digest.hexdigest()
    return sums


@contextlib.contextmanager
def _writing(member: str) -> Iterator[None]:
    """Tell a disk that cannot be written from an archive that cannot be read, whose errors are of the same class."""
    try:
        yield
    except OSError as error:
        if error.errno in _OF_NAMES:
            raise
        raise OutputError(f"member {member!r} cannot be written ({error.strerror or error}): make room first") from error


def _listed_sums(folder: Path, path: Path) -> dict[str, str] | None:
    listing = folder / CHECKSUMS
    if not listing.is_file():
        return None
    try:
        lines = listing.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: {CHECKSUMS} is no text ({error}): expected a checksum and a name a line") from error
    listing.unlink()
    return {line[66:]: line[:64] for line in lines}
