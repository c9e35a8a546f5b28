from __future__ import annotations

import errno
import fcntl
import gzip
import hashlib
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryobench.core import DownloadError, InputError, OfflineError, OutputError, Progress
from cryobench.io import Patience, download, http

BODY = np.random.default_rng(0).bytes(300_000)
OTHER = np.random.default_rng(1).bytes(310_000)
ZIPPED = gzip.compress(BODY)
HALF = 150_000
QUICK = Patience(connect=0.5, read=0.2, pauses=(0.001, 0.002, 0.004))
ONCE = Patience(connect=0.5, read=0.2, pauses=())


class Handler(BaseHTTPRequestHandler):
    """Answers as the server's script says."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers))
        script = self.server.script
        (script.pop(0) if len(script) > 1 else script[0])(self)

    def begin(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


Reply = Callable[[Handler], None]


class Server(ThreadingHTTPServer):
    """A server that gives one reply after another, the last for ever."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Reply] = []
        self.asked: list[dict[str, str]] = []
        self.go_on = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file"

    def ranges(self) -> list[str | None]:
        return [asked.get("Range") for asked in self.asked]

    def handle_error(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with Server() as opened:
        serving = threading.Thread(target=partial(opened.serve_forever, 0.01))
        serving.start()
        yield opened
        opened.go_on.set()
        opened.shutdown()
        serving.join()


def file(body: bytes, etag: str | None = '"1"', *, send: int | None = None, stall: bool = False) -> Reply:
    """Serve a file as a good server does, but stop after ``send`` bytes."""

    def reply(handler: Handler) -> None:
        headers = {"ETag": etag} if etag else {}
        start = 0
        asked = handler.headers.get("Range")
        if asked and handler.headers.get("If-Range") == etag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                handler.begin(416, Content_Range=f"bytes */{len(body)}", Content_Length=0)
                return
            headers["Content_Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        handler.begin(206 if start else 200, Content_Length=len(body) - start, **headers)
        handler.wfile.write(body[start:send])
        if stall:
            handler.server.go_on.wait(10)
        handler.close_connection = send is not None

    return reply


def status(code: int, **headers: object) -> Reply:
    return lambda handler: handler.begin(code, **{"Content_Length": 0, **headers})


def raw(body: bytes, code: int = 200, **headers: object) -> Reply:
    """Serve bytes under any headers, and hang up."""

    def reply(handler: Handler) -> None:
        handler.begin(code, **headers)
        handler.wfile.write(body)
        handler.close_connection = True

    return reply


def hang_up(handler: Handler) -> None:
    handler.close_connection = True


def never(handler: Handler) -> None:
    handler.server.go_on.wait(10)


def chunks(body: bytes, *, whole: bool = True) -> Reply:
    sent = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:HALF], body[HALF:]))
    return raw(sent + b"0\r\n\r\n" if whole else sent[:-1000], Transfer_Encoding="chunked")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def collect(told: dict[str, list[int]]) -> Progress:
    def start(label: str, total: int) -> Callable[[int], None]:
        items = told.setdefault(f"{label} {total}", [])
        return items.append

    return start


def test_a_file_is_fetched_whole_and_its_progress_told(server: Server, tmp_path: Path) -> None:
    server.script = [file(BODY)]
    told: dict[str, list[int]] = {}
    (tmp_path / "a").write_text("old")
    download(server.url, tmp_path / "a", collect(told), patience=QUICK)
    assert (tmp_path / "a").read_bytes() == BODY
    assert names(tmp_path) == ["a"]
    assert list(told) == ["Fetching a 300000"]
    assert len(told["Fetching a 300000"]) > 1
    assert sum(told["Fetching a 300000"]) == len(BODY)
    assert server.asked[0]["Accept-Encoding"] == "identity"
    download(server.url, tmp_path / "b", collect(told), label="Getting it", patience=QUICK)
    assert list(told)[1:] == ["Getting it 300000"]


@pytest.mark.parametrize(
    "fault",
    [status(503), status(429), hang_up, never, raw(b"", Content_Length=9), chunks(BODY, whole=False)],
    ids=["503", "429", "hangs up", "never answers", "nothing comes", "chunks break off"],
)
def test_a_fault_that_passes_is_tried_again(server: Server, tmp_path: Path, fault: Reply) -> None:
    server.script = [fault, fault, file(BODY)]
    download(server.url, tmp_path / "a", patience=QUICK)
    assert (tmp_path / "a").read_bytes() == BODY
    assert names(tmp_path) == ["a"]
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (status(503), "the server answers 503 Service Unavailable; tried 4 times: try again later"),
        (never, "the server did not answer; tried 4 times"),
        (hang_up, "the connection broke off; tried 4 times: try again later, or do this"),
        (raw(BODY, Content_Length=len(BODY) + 1), "the connection broke off"),
        (raw(ZIPPED[:-9], Content_Length=len(ZIPPED)), "the connection broke off"),
    ],
)
def test_a_fault_that_stays_is_an_error(server: Server, tmp_path: Path, fault: Reply, told: str) -> None:
    server.script = [fault]
    with pytest.raises(DownloadError, match=told) as caught:
        download(server.url, tmp_path / "a.gz", patience=QUICK, advice="do this")
    assert not isinstance(caught.value, OfflineError)
    assert len(server.asked) == 4
    assert names(tmp_path) == []


@pytest.mark.parametrize("stall", [True, False], ids=["stalls", "breaks off"])
def test_what_came_before_a_stall_or_break_is_kept(server: Server, tmp_path: Path, stall: bool) -> None:
    server.script = [file(BODY, send=HALF, stall=stall), file(BODY)]
    told: dict[str, list[int]] = {}
    download(server.url, tmp_path / "a", collect(told), patience=QUICK)
    assert (tmp_path / "a").read_bytes() == BODY
    first, second = server.ranges()
    assert first is None
    assert second is not None
    assert 0 < int(second[6:-1]) <= HALF
    assert server.asked[1]["If-Range"] == '"1"'
    assert {label: sum(items) for label, items in told.items()} == {"Fetching a 300000": len(BODY)}


def test_a_later_run_goes_on(server: Server, tmp_path: Path) -> None:
    server.script = [file(BODY, send=HALF), file(BODY)]
    with pytest.raises(DownloadError, match="broke off"):
        download(server.url, tmp_path / "a", patience=ONCE)
    assert names(tmp_path) == [".a.part", ".a.part.of"]
    size = (tmp_path / ".a.part").stat().st_size
    download(server.url, tmp_path / "a", patience=ONCE)
    assert (tmp_path / "a").read_bytes() == BODY
    assert server.ranges() == [None, f"bytes={size}-"]
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("etag", [None, 'W/"1"', '"1', "1", '"a\u00e9"'])
def test_without_a_strong_etag_it_begins_anew(server: Server, tmp_path: Path, etag: str | None) -> None:
    server.script = [file(BODY, etag, send=HALF), file(BODY, etag)]
    with pytest.raises(DownloadError, match="broke off"):
        download(server.url, tmp_path / "a", patience=ONCE)
    assert names(tmp_path) == []
    download(server.url, tmp_path / "a", patience=ONCE)
    assert (tmp_path / "a").read_bytes() == BODY
    assert server.ranges() == [None, None]


def span(start: int, body: bytes, total: int | None = None, etag: str = '"1"') -> Reply:
    """Serve a range that may not be the one asked for."""
    end = start + len(body) - 1
    total = end + 1 if total is None else total
    return raw(body, 206, ETag=etag, Content_Length=len(body), Content_Range=f"bytes {start}-{end}/{total}")


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ([raw(BODY, Content_Length=len(BODY), ETag='"1"')], BODY),  # it knows no ranges
        ([file(OTHER, '"2"')], OTHER),
        ([raw(OTHER, Content_Length=len(OTHER), ETag='"1"')], OTHER),
        ([span(HALF, OTHER[HALF:], etag='"2"'), file(OTHER, '"2"')], OTHER),  # it ignores If-Range
        ([span(HALF - 1, BODY[HALF - 1 :]), file(BODY)], BODY),
        ([span(0, BODY), file(BODY)], BODY),
        ([raw(BODY[HALF:], 206, ETag='"1"', Content_Length=HALF), file(BODY)], BODY),  # it does not say which range
        ([span(HALF, BODY[HALF:], 17), file(BODY)], BODY),
        ([status(416), file(BODY)], BODY),
        ([status(503), hang_up, file(BODY)], BODY),
        ([span(HALF, BODY[HALF : HALF + 10], len(BODY)), file(BODY)], BODY),  # less than was asked for
    ],
)
def test_two_files_are_never_joined(server: Server, tmp_path: Path, replies: list[Reply], expected: bytes) -> None:
    (tmp_path / ".a.part").write_bytes(BODY[:HALF])
    (tmp_path / ".a.part.of").write_text(f'{server.url}\n"1"')
    server.script = replies
    download(server.url, tmp_path / "a", patience=QUICK)
    assert server.ranges()[0] == f"bytes={HALF}-"
    assert (tmp_path / "a").read_bytes() == expected
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize(
    "origin", [None, "", 'http://other/file\n"1"', "{url}", '{url}\n"1"\nx', '{url}\nW/"1"', "\xff"]
)
def test_bytes_of_unknown_origin_are_thrown_away(server: Server, tmp_path: Path, origin: str | None) -> None:
    (tmp_path / ".a.part").write_bytes(OTHER[:HALF])
    if origin is not None:
        (tmp_path / ".a.part.of").write_text(origin.format(url=server.url), encoding="latin-1")
    server.script = [file(BODY)]
    download(server.url, tmp_path / "a", patience=ONCE)
    assert server.ranges() == [None]
    assert (tmp_path / "a").read_bytes() == BODY
    assert names(tmp_path) == ["a"]


def test_a_joined_file_that_is_damaged_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / ".a.gz.part").write_bytes(OTHER[:HALF])
    (tmp_path / ".a.gz.part.of").write_text(f'{server.url}\n"1"')
    server.script = [file(ZIPPED)]
    download(server.url, tmp_path / "a.gz", patience=QUICK)
    assert server.ranges() == [f"bytes={HALF}-", None]
    assert (tmp_path / "a.gz").read_bytes() == ZIPPED


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (status(404), r"/file: the server has no such entry \(404 Not Found\): check the name"),
        (status(410), "no such entry"),
        (status(403), r"does not give the file \(403 Forbidden\)"),
        (status(204), "does not give the file"),
        (span(0, BODY), r"does not give the file \(206"),  # nobody asked for a range
        (status(416), r"does not give the file \(416"),
        (file(ZIPPED[:-1]), "does not decompress"),
        (file(ZIPPED + b"more"), "does not decompress"),
        (file(ZIPPED[:HALF] + b"x" + ZIPPED[HALF + 1 :]), "does not decompress"),
        (file(b"<html>log in first</html>"), "does not decompress"),
        (raw(ZIPPED, Content_Length=len(ZIPPED) - 1), "does not decompress"),
        (chunks(ZIPPED[:-1]), "does not decompress"),
        (status(302, Location="file:///etc/passwd"), "leads on to file:///etc/passwd, expected"),
        (status(301, Location="ftp://127.0.0.1/a"), "leads on to ftp"),
        (status(307, Location="http://["), r"leads on to http://\[, expected"),
        (status(302, Location="/file"), "led on more than 5 times"),
        (status(302), r"does not give the file \(302"),
    ],
)
def test_what_will_not_do_is_an_error_at_once(server: Server, tmp_path: Path, reply: Reply, told: str) -> None:
    server.script = [reply]
    with pytest.raises(DownloadError, match=told):
        download(server.url, tmp_path / "a.gz", patience=Patience(pauses=(60.0,)))
    assert names(tmp_path) == []


def test_an_entry_that_has_gone_leaves_no_part(server: Server, tmp_path: Path) -> None:
    server.script = [file(BODY, send=HALF), status(404)]
    with pytest.raises(DownloadError, match="404"):
        download(server.url, tmp_path / "a", patience=QUICK)
    assert names(tmp_path) == []


def test_redirects_are_followed(server: Server, tmp_path: Path) -> None:
    server.script = [status(302, Location="/there"), status(308, Location=server.url), file(BODY)]
    download(server.url, tmp_path / "a", patience=ONCE)
    assert (tmp_path / "a").read_bytes() == BODY


def test_a_redirect_does_not_leave_https() -> None:
    assert http._redirected("https://a.org/b/c", "../d") == "https://a.org/d"
    with pytest.raises(DownloadError, match=r"b: leads on to http://a\.org/d, expected an address of https"):
        http._redirected("https://a.org/b", "http://a.org/d")


def test_the_checksum_is_held(server: Server, tmp_path: Path) -> None:
    server.script = [file(BODY)]
    right = hashlib.sha256(BODY).hexdigest()
    for checksum in (right, right.upper()):
        download(server.url, tmp_path / "a", sha256=checksum, patience=ONCE)
        (tmp_path / "a").unlink()
    with pytest.raises(DownloadError, match=f"checksum is {right}, expected {'0' * 64}"):
        download(server.url, tmp_path / "a", sha256="0" * 64, patience=ONCE)
    server.script = [raw(BODY, Content_Length=len(BODY) - 1)]
    with pytest.raises(DownloadError, match="checksum is"):
        download(server.url, tmp_path / "a", sha256=right, patience=ONCE)
    assert names(tmp_path) == []


@pytest.mark.parametrize("reply", [file(BODY), chunks(BODY)])
def test_a_file_too_long_is_refused(server: Server, tmp_path: Path, reply: Reply) -> None:
    server.script = [reply]
    with pytest.raises(DownloadError, match=r"299,999.*: fetch it by hand"):
        download(server.url, tmp_path / "a", most_bytes=299_999, patience=QUICK)
    assert names(tmp_path) == []
    download(server.url, tmp_path / "a", most_bytes=300_000, patience=QUICK)
    assert (tmp_path / "a").read_bytes() == BODY


def test_more_bytes_than_announced_are_refused(server: Server, tmp_path: Path) -> None:
    rest = raw(
        BODY[HALF:], 206, ETag='"1"', Content_Length=HALF, Content_Range=f"bytes {HALF}-{2 * HALF - 10}/{2 * HALF - 9}"
    )
    (tmp_path / ".a.part").write_bytes(BODY[:HALF])
    (tmp_path / ".a.part.of").write_text(f'{server.url}\n"1"')
    server.script = [rest]
    with pytest.raises(DownloadError, match="more than 299,991 bytes come"):
        download(server.url, tmp_path / "a", patience=QUICK)
    assert names(tmp_path) == []


def test_chunks_show_their_end_themselves(server: Server, tmp_path: Path) -> None:
    server.script = [chunks(BODY)]
    told: dict[str, list[int]] = {}
    download(server.url, tmp_path / "a", collect(told), patience=ONCE)
    assert (tmp_path / "a").read_bytes() == BODY
    assert {label: sum(items) for label, items in told.items()} == {"Fetching a 0": len(BODY)}


def test_an_end_that_cannot_be_known_needs_a_checksum(server: Server, tmp_path: Path) -> None:
    server.script = [raw(BODY)]
    with pytest.raises(DownloadError, match="does not say how long it is: give its checksum"):
        download(server.url, tmp_path / "a", patience=ONCE)
    assert names(tmp_path) == []
    download(server.url, tmp_path / "a", sha256=hashlib.sha256(BODY).hexdigest(), patience=ONCE)
    server.script = [raw(ZIPPED)]
    download(server.url, tmp_path / "a.gz", patience=ONCE)
    assert names(tmp_path) == ["a", "a.gz"]


def test_a_gzip_file_is_kept_as_it_is_whatever_its_encoding_is_called(server: Server, tmp_path: Path) -> None:
    server.script = [raw(ZIPPED, Content_Length=len(ZIPPED), Content_Encoding="gzip")]
    download(server.url, tmp_path / "a.gz", patience=ONCE)
    assert (tmp_path / "a.gz").read_bytes() == ZIPPED
    with pytest.raises(DownloadError, match="comes encoded as gzip"):
        download(server.url, tmp_path / "a", patience=ONCE)


def test_without_a_connection_it_says_so_at_once(tmp_path: Path, server: Server) -> None:
    for url, why in (("http://127.0.0.1:9/a", "Connection refused"), ("http://no.invalid/a", "")):
        began = time.perf_counter()
        with pytest.raises(OfflineError, match=rf"{url}: the server cannot be reached \(.*{why}.*\): do this"):
            download(url, tmp_path / "a", patience=Patience(pauses=(60.0,)), advice="do this")
        assert time.perf_counter() - began < 1
    assert names(tmp_path) == []


def test_a_server_that_does_not_take_the_connection(tmp_path: Path, server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_connection(full.getsockname()):
        began = time.perf_counter()
        with pytest.raises(OfflineError, match=r"cannot be reached \(no answer\): check the network"):
            download(f"http://127.0.0.1:{full.getsockname()[1]}", tmp_path / "a", patience=Patience(connect=0.2))
        assert time.perf_counter() - began < 1


def test_a_name_that_is_looked_up_for_ever(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_LOOK_UP_SECONDS", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: server.go_on.wait(10))
    with pytest.raises(OfflineError, match=r"its name is not found in 0\.1 s\): check the network"):
        download("http://somewhere.org/a", tmp_path / "a")


def test_a_proxy_that_is_not_there(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(OfflineError, match=r"the proxy does not connect \(Connection refused\)"):
        download("http://somewhere.org/a", tmp_path / "a")


def test_a_network_that_goes_leaves_the_part(server: Server, tmp_path: Path) -> None:
    def last(handler: Handler) -> None:
        handler.server.socket.close()
        file(BODY, send=HALF)(handler)

    server.script = [last]
    with pytest.raises(DownloadError, match="cannot be reached any more; tried 4 times") as caught:
        download(server.url, tmp_path / "a", patience=QUICK)
    assert not isinstance(caught.value, OfflineError)
    assert names(tmp_path) == [".a.part", ".a.part.of"]


@pytest.mark.parametrize(
    "url", ["", "a.org/b", "file:///etc/passwd", "ftp://a.org/b", "http://", "https://[::1", "http://a:0/"]
)
def test_addresses_are_of_http(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError, match="expected an address that begins with https://"):
        download(url, tmp_path / "a")


def test_where_nothing_can_be_written(server: Server, tmp_path: Path) -> None:
    server.script = [file(BODY)]
    with pytest.raises(OutputError, match=r"none/a: cannot be written \(No such file or directory\)"):
        download(server.url, tmp_path / "none" / "a", patience=QUICK)
    (tmp_path / "a").mkdir()
    with pytest.raises(OutputError, match=r"a: cannot be written \(Is a directory\)"):
        download(server.url, tmp_path / "a", patience=QUICK)
    assert names(tmp_path) == ["a"]


def test_a_disk_that_fills_up(server: Server, tmp_path: Path) -> None:
    server.script = [file(BODY)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (HALF, hard))
    try:
        with pytest.raises(OutputError, match=r"cannot be written \(File too large\): check the free space"):
            download(server.url, tmp_path / "a", patience=QUICK)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == []


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_when_a_process_is_killed_the_next_goes_on(server: Server, tmp_path: Path) -> None:
    server.script = [file(BODY, send=HALF, stall=True), file(BODY)]
    part = tmp_path / ".a.part"
    code = "import sys, pathlib; from cryobench.io import download; download(sys.argv[1], pathlib.Path(sys.argv[2]))"
    with subprocess.Popen([sys.executable, "-c", code, server.url, tmp_path / "a"]) as first:
        wait_until(lambda: first.poll() is not None or (part.exists() and part.stat().st_size > 0))
        assert first.poll() is None
        second = threading.Thread(target=partial(download, server.url, tmp_path / "a", patience=ONCE))
        second.start()
        second.join(0.1)
        assert second.is_alive()  # it waits for the first
        assert names(tmp_path) == [".a.part", ".a.part.of"]
        size = part.stat().st_size
        first.kill()
    second.join()
    assert server.ranges() == [None, f"bytes={size}-"]
    assert (tmp_path / "a").read_bytes() == BODY
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("there", [True, False])
def test_what_another_fetched_is_not_fetched_again(server: Server, tmp_path: Path, there: bool) -> None:
    def slow(handler: Handler) -> None:
        handler.begin(200, Content_Length=len(BODY))
        handler.server.go_on.wait(10)
        handler.wfile.write(BODY)

    server.script = [slow]
    if there:
        (tmp_path / "a").write_text("old")
    checksum = hashlib.sha256(BODY).hexdigest()
    fetch = partial(download, server.url, tmp_path / "a", sha256=checksum, patience=Patience(pauses=()))
    both = [threading.Thread(target=fetch) for _ in range(2)]
    both[0].start()
    wait_until(lambda: len(server.asked) == 1)
    both[1].start()
    both[1].join(0.05)
    server.go_on.set()
    for thread in both:
        thread.join()
    assert len(server.asked) == 1
    assert (tmp_path / "a").read_bytes() == BODY
    assert names(tmp_path) == ["a"]


def no_locks(handle: object, operation: int) -> None:
    raise OSError(errno.ENOLCK, "No locks available")


def test_a_file_system_without_locks(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", no_locks)
    server.script = [file(OTHER, send=HALF), file(BODY, '"2"', send=HALF), file(BODY, '"2"'), file(BODY, send=HALF)]
    download(server.url, tmp_path / "a", patience=QUICK)
    assert (tmp_path / "a").read_bytes() == BODY
    with pytest.raises(DownloadError, match="broke off"):
        download(server.url, tmp_path / "b", patience=ONCE)
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("locks", [True, False])
def test_many_at_once(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locks: bool) -> None:
    if not locks:
        monkeypatch.setattr(fcntl, "flock", no_locks)
    server.script = [file(BODY, send=HALF), file(OTHER, '"2"', send=HALF), file(BODY)]
    patient = Patience(pauses=(0.001,) * 9)
    threads = [
        threading.Thread(target=partial(download, server.url, tmp_path / "a", patience=patient)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "a").read_bytes() == BODY
    assert names(tmp_path) == ["a"]


FAULTS = {
    "503": status(503),
    "hang up": hang_up,
    "half": file(ZIPPED, send=HALF),
    "begin": file(ZIPPED, send=70_000),
    "other": file(gzip.compress(OTHER), '"2"', send=HALF),
    "weak": file(gzip.compress(OTHER), 'W/"1"', send=HALF),
    "no ranges": raw(ZIPPED[:HALF], Content_Length=len(ZIPPED), ETag='"1"'),
    "416": status(416),
    "404": status(404),
    "false range": span(0, OTHER),
    "garbage": file(OTHER),
}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=st.lists(st.sampled_from(sorted(FAULTS)), max_size=5), pauses=st.lists(st.just(0.0), max_size=3))
def test_whatever_happens_the_file_is_whole_or_not_there(
    server: Server, tmp_path: Path, faults: list[str], pauses: list[float]
) -> None:
    path = tmp_path / "a.gz"
    patience = Patience(0.5, 0.2, tuple(pauses))
    server.script = [*(FAULTS[fault] for fault in faults), file(ZIPPED)]
    for _ in range(20):
        path.unlink(missing_ok=True)
        try:
            download(server.url, path, patience=patience)
        except DownloadError:
            assert not path.exists()
        else:
            assert path.read_bytes() == ZIPPED
            if len(server.script) == 1:
                break
    else:
        pytest.fail("it never came")
    assert names(tmp_path) == ["a.gz"]
