"""One answer over HTTP: redirects that stay on HTTP, and in words what went wrong."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3

from cryobench.core.errors import DownloadError, InputError, OfflineError

_MOST_REDIRECTS = 5
_CHUNK = 1 << 16
_LOOK_UP_SECONDS = 3.0
# A range has to be of the file itself, not of an encoding of it.
_HEADERS = {"User-Agent": "cryobench", "Accept-Encoding": "identity"}


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirect: requests would read the answer that redirects whole, however long it is."""


class TryAgainError(Exception):
    """The answer stalled, broke off or told of a failure of the server's: another try may do."""


def split_url(url: str) -> SplitResult:
    """Return the parts of an http or https address.

    Raises
    ------
    InputError
        If it is another one.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port > 0):
            return parts
    except ValueError:
        pass
    raise InputError(f"'{url}' cannot be fetched: expected an address that begins with https:// or http://")


def answer(url: str, headers: Mapping[str, str], timeouts: tuple[float, float]) -> requests.Response:
    """Return the answer to a GET request, its body not read yet, after at most five redirects.

    Parameters
    ----------
    url
        Where to begin.
    headers
        Of the request.
    timeouts
        Seconds to wait for a connection, and for the next bytes.

    Raises
    ------
    OfflineError
        If there is no connection to the server.
    DownloadError
        If a redirect leads away from HTTP or from https to http, there are too many, or the server's certificate is not
        trusted.
    TryAgainError
        If the server does not answer, although there is a connection.
    """
    at = url
    for _ in range(_MOST_REDIRECTS + 1):
        response = _get(at, headers, timeouts)
        if not response.is_redirect:
            return response
        response.close()
        at = _redirected(at, response.headers["Location"])
    raise DownloadError(f"{url}: led on more than {_MOST_REDIRECTS} times, at last to {at}: check the address")


def body(response: requests.Response) -> Iterator[bytes]:
    """Yield the bytes of an answer as they were sent, without undoing a content encoding.

    Raises
    ------
    TryAgainError
        If they stall or end before the announced length.
    """
    try:
        yield from response.raw.stream(_CHUNK, decode_content=False)
    except urllib3.exceptions.ReadTimeoutError as error:
        raise TryAgainError("the server stalled") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise TryAgainError("the connection broke off") from error


def _get(url: str, headers: Mapping[str, str], timeouts: tuple[float, float]) -> requests.Response:
    _look_up(url)
    try:
        with _Session() as session:
            return session.get(
                url, headers={**_HEADERS, **headers}, stream=True, allow_redirects=False, timeout=timeouts
            )
    except requests.exceptions.SSLError as error:
        raise DownloadError(
            f"{url}: no trusted connection ({_reason(error)}): if a proxy of your institute stands between, "
            "set REQUESTS_CA_BUNDLE to its certificate"
        ) from error
    except requests.exceptions.ProxyError as error:
        raise OfflineError(f"{url}: the proxy does not connect ({_reason(error)})") from error
    except requests.exceptions.ConnectionError as error:
        if isinstance(error.args[0], urllib3.exceptions.MaxRetryError):
            raise OfflineError(f"{url}: the server cannot be reached ({_reason(error)})") from error
        raise TryAgainError("the connection broke off") from error
    except requests.exceptions.Timeout as error:
        raise TryAgainError("the server did not answer") from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
        raise DownloadError(f"{url}: cannot be fetched ({error}): check the address") from error


def _look_up(url: str) -> None:
    """Give up on a name that is not looked up in a few seconds: without a network that may take minutes."""
    parts = split_url(url)
    if requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)):
        return  # the proxy looks it up

    def ask() -> None:
        with contextlib.suppress(OSError, UnicodeError):  # the request says it
            socket.getaddrinfo(parts.hostname, parts.port or parts.scheme)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_LOOK_UP_SECONDS)
    if asking.is_alive():
        raise OfflineError(f"{url}: the server cannot be reached (its name is not found in {_LOOK_UP_SECONDS:g} s)")


def _redirected(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        secure = split_url(target).scheme == "https"
    except (InputError, ValueError):
        raise DownloadError(f"{url}: leads on to {location}, expected an address of http: check the address") from None
    if url.startswith("https:") and not secure:
        raise DownloadError(f"{url}: leads on to {target}, expected an address of https: check the address")
    return target


def _reason(error: requests.exceptions.ConnectionError) -> str:
    reason = getattr(error.args[0], "reason", error)
    cause = getattr(reason, "original_error", reason).__cause__  # a proxy's error has its own inside
    if isinstance(cause, TimeoutError):
        return "no answer"
    return str(getattr(cause, "strerror", None) or reason)
