"""One try to fetch a file: from a server's answer to the part of the file that is kept."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass

import requests

from cryobench.core.errors import DownloadError
from cryobench.core.progress import Progress
from cryobench.io.http import TryAgainError, answer, body
from cryobench.io.partial import Partial

_BUSY = {408, 429}
_MISSING = {404, 410}
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Wanted:
    """A file to fetch.

    Parameters
    ----------
    url
        Its address.
    gzipped
        Whether it is a gzip file as it is, so that a content encoding of gzip changes nothing.
    ends_itself
        Whether its content shows that it is whole, by a checksum or as a gzip file, if the server does not say how long
        it is.
    most_bytes
        A longer one is refused.
    timeouts
        Seconds to wait for a connection, and for the next bytes.
    """

    url: str
    gzipped: bool
    ends_itself: bool
    most_bytes: int
    timeouts: tuple[float, float]


class Meter:
    """Tells progress of bytes that may come twice: each is told once."""

    def __init__(self, progress: Progress, label: str) -> None:
        self._progress = progress
        self._label = label
        self._total = -1
        self._told = 0

    def start(self, total: int) -> None:
        """Begin, or go on if the total is still the same."""
        if total != self._total:
            self._advance = self._progress(self._label, total)
            self._total, self._told = total, 0

    def reach(self, size: int) -> None:
        """Tell that so many bytes are there."""
        if size > self._told:
            self._advance(size - self._told)
            self._told = size


def receive(wanted: Wanted, part: Partial, meter: Meter) -> bool:
    """Fetch what is missing of a file into its part, and return whether that went on with bytes from before.

    It goes on only if the server has the file of the same strong ETag still, else it begins anew.

    Raises
    ------
    OfflineError
        If there is no connection to the server.
    TryAgainError
        If another try may do; what has come stays in the part.
    DownloadError
        If another try would not do.
    OutputError
        If the part cannot be written.
    """
    etag = part.etag(wanted.url) if part.size else None
    asked = {"Range": f"bytes={part.size}-", "If-Range": etag} if etag else {}
    with closing(answer(wanted.url, asked, wanted.timeouts)) as response:
        total = _continued(response, etag, part.size) if etag else None
        if total is not None:
            _append(response, wanted, part, meter, total)
            return True
        if not etag or response.status_code not in {206, 416}:
            _require_file(response, wanted)
            part.restart(wanted.url, response.headers.get("ETag", ""))
            _append(response, wanted, part, meter, _length(response))
            return False
    part.restart()  # what the server has to go on with is of another file
    return receive(wanted, part, meter)


def _continued(response: requests.Response, etag: str, size: int) -> int | None:
    """Return the length of the whole file if the answer goes on with it, None if it does not."""
    span = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if response.status_code != 206 or response.headers.get("ETag") != etag or not span:
        return None
    first, last, total = map(int, span.groups())
    return total if first == size and size <= last < total else None


def _require_file(response: requests.Response, wanted: Wanted) -> None:
    """Check that the answer is the file from its beginning, with an end that can be known."""
    status = response.status_code
    told = f"{status} {response.reason}".strip()
    if status in _BUSY or status >= 500:
        raise TryAgainError(f"the server answers {told}")
    if status in _MISSING:
        raise DownloadError(f"{wanted.url}: the server has no such entry ({told}): check the name")
    if status != 200:
        raise DownloadError(f"{wanted.url}: the server does not give the file ({told}): check the address")
    coding = response.headers.get("Content-Encoding", "identity")
    if coding != "identity" and not wanted.gzipped:
        raise DownloadError(f"{wanted.url}: comes encoded as {coding}, which was not asked for: fetch it by hand")
    if _length(response) is None and "Transfer-Encoding" not in response.headers and not wanted.ends_itself:
        raise DownloadError(
            f"{wanted.url}: the server does not say how long it is: give its checksum, or fetch it by hand"
        )


def _length(response: requests.Response) -> int | None:
    """Return how many bytes are announced, None for an answer in chunks, which shows its end itself."""
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() and "Transfer-Encoding" not in response.headers else None


def _append(response: requests.Response, wanted: Wanted, part: Partial, meter: Meter, total: int | None) -> None:
    if total is not None and total > wanted.most_bytes:
        raise DownloadError(
            f"{wanted.url}: has {total:,} bytes, expected at most {wanted.most_bytes:,}: fetch it by hand"
        )
    meter.start(total or 0)
    meter.reach(part.size)
    most = wanted.most_bytes if total is None else total
    for chunk in body(response):
        if part.size + len(chunk) > most:
            raise DownloadError(f"{wanted.url}: more than {most:,} bytes come, expected no more: fetch it by hand")
        part.write(chunk)
        meter.reach(part.size)
    if total is not None and part.size < total:
        raise TryAgainError(f"it ended after {part.size:,} of {total:,} bytes")
