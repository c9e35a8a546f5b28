"""Files from the network: under their name they are whole and checked, or they are not there."""

from __future__ import annotations

import gzip
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

from cryobench.core.errors import DownloadError, OfflineError
from cryobench.core.progress import Progress, silent
from cryobench.io.files import sha256 as checksum
from cryobench.io.partial import partial

MOST_BYTES = 2_000_000_000
"""Size in bytes of the longest file that is fetched unless another limit is given."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server.

    Parameters
    ----------
    connect
        Seconds for a connection to each of its addresses.
    read
        Seconds without a byte after which it has stalled.
    pauses
        Seconds before each further try, so as many tries more as there are pauses.
    """

    connect: float = 1.5
    read: float = 20.0
    pauses: tuple[float, ...] = (1.0, 2.0, 4.0)


PATIENCE = Patience()
"""What suits a busy server far away."""


def download(
    url: str,
    path: Path,
    progress: Progress = silent,
    *,
    label: str = "",
    sha256: str = "",
    most_bytes: int = MOST_BYTES,
    patience: Patience = PATIENCE,
    advice: str = "",
) -> None:
    """Fetch a file, going on where an earlier try or run broke off if the server says that it is still the same file.

    Another process that fetches it at the same time is waited for.

    Parameters
    ----------
    url
        An http or https address.
    path
        The file to make or replace, in a folder that exists. Until it is whole its bytes are kept beside it, as
        ``.NAME.part``. With a name that ends in ``.gz`` it has to decompress whole.
    progress
        Told the label and the number of bytes, 0 if the server does not say how many.
    label
        "Fetching NAME" unless given.
    sha256
        The checksum that the file must have, in hexadecimal; empty if it is not known.
    most_bytes
        A longer file is refused.
    patience
        How long to wait, and how often to try again after a stall, a broken connection or a failure of the server's.
    advice
        What else to do when the server does not answer, such as "put it there by hand", for the message.

    Raises
    ------
    InputError
        If the address is not an http or https one.
    OfflineError
        If there is no connection to the server to begin with: at once, without another try.
    DownloadError
        If the file is not there, not the right one or too long, or if every try failed.
    OutputError
        If the file cannot be written.
    """
    from cryobench.io import http, transfer  # noqa: PLC0415  (requests takes 0.2 s to import)

    http.split_url(url)
    before = _identity(path)
    gzipped, sha256 = path.name.lower().endswith(".gz"), sha256.lower()
    timeouts = (patience.connect, patience.read)
    wanted = transfer.Wanted(url, gzipped, gzipped or bool(sha256), most_bytes, timeouts)
    meter = transfer.Meter(progress, label or f"Fetching {path.name}")
    failure = ""
    with partial(path) as part:
        if _identity(path) not in {None, before} and sha256 in {"", checksum(path)}:
            return  # the process that was waited for has fetched it
        for pause in (0.0, *patience.pauses):
            time.sleep(pause)
            try:
                resumed = transfer.receive(wanted, part, meter)
                part.flush()
                failure = _fault(part.path, gzipped=gzipped, sha256=sha256)
                if not failure:
                    part.finish()
                    return
                part.restart()
                if not resumed:
                    raise DownloadError(f"{url}: {failure}: it is damaged there or on the way, fetch it by hand")
            except http.TryAgainError as error:
                failure = str(error)
            except OfflineError as error:
                if not failure:
                    raise OfflineError(f"{error}: {advice or 'check the network'}") from error
                failure = "the server cannot be reached any more"
            except DownloadError:
                part.restart()
                raise
    later = ", or ".join(filter(None, ("try again later", advice)))
    raise DownloadError(f"{url}: {failure}; tried {len(patience.pauses) + 1} times: {later}")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def _fault(path: Path, *, gzipped: bool, sha256: str) -> str:
    """Return what is wrong with a file that came, or nothing."""
    if sha256 and (found := checksum(path)) != sha256:
        return f"its SHA-256 checksum is {found}, expected {sha256}"
    if gzipped:
        try:
            with gzip.open(path) as file:
                while file.read(1 << 20):
                    pass
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            return f"it does not decompress ({error})"
    return ""
