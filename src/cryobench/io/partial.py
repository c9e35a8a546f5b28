"""A file on its way: what has come of it so far, and which of the server's files that is a part of."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryobench.core.errors import OutputError

_STRONG = re.compile(r'"[\x21\x23-\x7e]+"')  # an ETag that begins with W/ does not promise the same bytes
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}


class Partial:
    """The bytes of a file that have come, kept as ``.NAME.part`` until they take its name.

    ``.NAME.part.of`` beside them keeps the address and the ETag of the file that they are a part of. Bytes without it
    cannot be continued, since the file at the address may have changed, and are not kept.

    Parameters
    ----------
    target
        The file that is to appear.
    path
        Where its bytes are kept until then.
    file
        That, opened to append.
    shared
        Whether a later run finds it by its name.
    """

    def __init__(self, target: Path, path: Path, file: BinaryIO, *, shared: bool) -> None:
        self.path = path
        self.size = os.fstat(file.fileno()).st_size
        self._target = target
        self._file = file
        self._origin = path.with_name(f"{path.name}.of")
        self._shared = shared
        self._finished = False

    def etag(self, url: str) -> str | None:
        """Return the strong ETag of the file at ``url`` that the bytes are a part of, None if it is not known."""
        try:
            address, _, etag = self._origin.read_text(encoding="utf-8").partition("\n")
        except (OSError, UnicodeDecodeError):
            return None
        return etag if address == url and _STRONG.fullmatch(etag) else None

    def restart(self, url: str = "", etag: str = "") -> None:
        """Throw the bytes away and begin anew; with a strong ETag those that follow can be continued later."""
        with self._writing():
            self._origin.unlink(missing_ok=True)  # first: a kill must not leave bytes beside what they are no part of
            self._file.truncate(0)
            self.size = 0
            if _STRONG.fullmatch(etag):
                self._origin.write_text(f"{url}\n{etag}", encoding="utf-8")

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        with self._writing():
            self._file.write(chunk)
            self.size += len(chunk)

    def flush(self) -> None:
        """Let the bytes be read under the part's name."""
        with self._writing():
            self._file.flush()

    def finish(self) -> None:
        """Give the bytes the file's name."""
        with self._writing():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._origin.unlink(missing_ok=True)
            self.path.replace(self._target)
        self._finished = True

    def close(self) -> None:
        """Let go of the part: it stays if it can be continued."""
        # The names are another process's as soon as the part is renamed, removed or unlocked.
        resumable = self._shared and self.size > 0 and self._origin.is_file()
        if not self._finished and not resumable:
            with contextlib.suppress(OSError):
                self._origin.unlink(missing_ok=True)
                self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # a full disk, which was told before
            self._file.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.size = 0  # which gives the disk its space back
            raise _cannot_write(self._target, error) from error


@contextlib.contextmanager
def partial(path: Path) -> Iterator[Partial]:
    """Yield the bytes of a file that have come, for this process alone, with what an earlier run left of them.

    Another process that fetches the same file is waited for.

    Raises
    ------
    OutputError
        If nothing can be written there.
    """
    try:
        held = _held(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        yield held
    finally:
        held.close()


def _held(path: Path) -> Partial:
    part = path.with_name(f".{path.name}.part")
    try:
        return Partial(path, part, _locked(part), shared=True)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    # Some file systems of clusters have no locks: there each process has a part of its own, which nobody continues.
    part.unlink(missing_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.part")
    return Partial(path, part, part.open("ab"), shared=False)


def _locked(part: Path) -> BinaryIO:
    """Return the part opened to append, when no other process holds it."""
    while True:
        file = part.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _same(file, part):
                return file
        except BaseException:
            file.close()
            raise
        file.close()  # who held it renamed or removed it


def _same(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path}: cannot be written ({error.strerror or error}): check the free space and the permissions of its folder"
    )
