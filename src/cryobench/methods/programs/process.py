"""Programs of others: run to the end with every word kept, and never left behind."""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cryobench.core import ProgramError

LAST_LINES = 3
"""Lines of a program's last words that a message quotes."""

_POLL = 0.5  # seconds between two looks at the memory
_PATIENCE = 10.0  # seconds that a program has to end when it is asked to
_LINE = b"\n"

Line = Callable[[str], None]
"""Called with each line that a program prints."""


@dataclass(frozen=True)
class Outcome:
    """How a program ended.

    Parameters
    ----------
    status
        Its exit status.
    seconds
        Wall time.
    cpu_seconds
        Time that processors spent on it, all its processes together.
    peak_memory_mb
        Largest resident memory of its processes together in MB, None where it cannot be known.
    last_words
        The last lines it printed.
    """

    status: int
    seconds: float
    cpu_seconds: float
    peak_memory_mb: float | None
    last_words: tuple[str, ...]

    def require_success(self, call: Sequence[str], log: Path | None = None) -> None:
        """Raise unless the program ended well.

        Raises
        ------
        ProgramError
            With the call, the status and the last words.
        """
        if self.status:
            words = " / ".join(self.last_words[-LAST_LINES:]) or "it printed nothing"
            more = "" if log is None else f" (all it said is in {log})"
            raise ProgramError(f"'{' '.join(call)}' failed with status {self.status}{more}: {words}")


def run_program(
    call: Sequence[str],
    log: Path | None = None,
    on_line: Line | None = None,
    environment: Mapping[str, str] | None = None,
    keep: Sequence[int] = (),
) -> Outcome:
    """Run a program to its end; if we are interrupted, it and all that it started end too.

    Parameters
    ----------
    call
        Program and arguments.
    log
        A file to which all that it prints is added.
    on_line
        Told of each line.
    environment
        Variables that are set beside those that are.
    keep
        File descriptors that the program inherits.

    Raises
    ------
    ProgramError
        If it cannot be started.
    """
    last: deque[str] = deque(maxlen=40)
    start, cpu = time.monotonic(), _children_seconds()
    with contextlib.ExitStack() as stack:
        file = None if log is None else stack.enter_context(log.open("ab", buffering=0))
        try:
            child = subprocess.Popen(
                call,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=None if environment is None else {**os.environ, **environment},
                start_new_session=True,
                pass_fds=tuple(keep),
            )
        except OSError as error:
            raise ProgramError(
                f"'{call[0]}' cannot be started: {error.strerror or error}: check the command"
            ) from error
        peak = 0.0
        try:
            assert child.stdout is not None
            for line in _lines(child.stdout, file):
                if line is None:
                    peak = max(peak, tree_memory_mb(child.pid) or 0.0)
                    continue
                if line.strip():
                    last.append(line.strip())
                if on_line is not None:
                    on_line(line)
            status = child.wait()
        except BaseException:
            _end(child)
            raise
        finally:
            if child.stdout is not None:
                child.stdout.close()
    seconds, spent = time.monotonic() - start, _children_seconds() - cpu
    return Outcome(status, seconds, spent, round(peak, 1) or None, tuple(last))


def _children_seconds() -> float:
    """Return the time that processors spent on what this process started and has seen end."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _lines(stream: IO[bytes], file: IO[bytes] | None) -> Iterator[str | None]:
    """Yield the lines of a stream as they come, and None from time to time; a carriage return ends a line too."""
    left = b""
    looked = 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            if time.monotonic() - looked >= _POLL:
                yield None
                looked = time.monotonic()
            if not selector.select(_POLL):
                continue
            content = os.read(stream.fileno(), 1 << 16)
            if not content:
                break
            if file is not None:
                file.write(content)
            *whole, left = (left + content).replace(b"\r", _LINE).split(_LINE)
            for each in whole:
                yield each.decode(errors="replace")
    if left:
        yield left.decode(errors="replace")


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask a program and all that it started to end; end them if they do not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(OSError):
            os.killpg(child.pid, number)
        try:
            child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            continue
    with contextlib.suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)  # what its children left


def tree_memory_mb(process: int) -> float | None:
    """Return the resident memory of a process and all its descendants in MB; None where ``/proc`` is not there."""
    children: dict[int, list[int]] = {}
    pages: dict[int, int] = {}
    try:
        entries = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]  # noqa: PTH208
    except OSError:
        return None
    for each in entries:
        with contextlib.suppress(OSError, ValueError, IndexError):  # it may end while we look
            fields = Path(f"/proc/{each}/stat").read_text(errors="replace").rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(each)
            pages[each] = int(fields[21])
    todo, total = [process], 0
    while todo:
        each = todo.pop()
        total += pages.get(each, 0)
        todo += children.get(each, [])
    return total * os.sysconf("SC_PAGE_SIZE") / 1e6
