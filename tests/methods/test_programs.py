"""Programs of others: their command lines, and how they run and end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cryobench.core import InputError, ProgramError
from cryobench.methods.programs import full_call, parse_command, run_program, runs_elsewhere, tree_memory_mb


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cryodrgn", ("cryodrgn",)),
        ("conda run -n 'my env' cryodrgn", ("conda", "run", "-n", "my env", "cryodrgn")),
        ("module load drgn/4; cryodrgn;", ("bash", "-lc", 'module load drgn/4; cryodrgn "$@"', "bash")),
        (". /e/activate && cryodrgn", ("bash", "-lc", '. /e/activate && cryodrgn "$@"', "bash")),
    ],
)
def test_commands_of_users_become_words(text: str, words: tuple[str, ...]) -> None:
    assert parse_command(text) == words


@pytest.mark.parametrize("text", ["", "  ", "conda 'run"])
def test_commands_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="--command"):
        parse_command(text)


def test_arguments_reach_a_program_behind_a_shell_line() -> None:
    command = parse_command("export WORD=hello; printf '%s|'")
    done = run_program(full_call(command, ["a b", "$HOME", "c;d"]))
    assert done.last_words == ("a b|$HOME|c;d|",)


def test_arguments_are_quoted_for_the_shell_behind_ssh(tmp_path: Path) -> None:
    """The stand-in joins its arguments with spaces and gives them to a shell, as ssh does."""
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nshift\nexec sh -c "$*"\n')
    ssh.chmod(0o755)
    command = parse_command(f"{ssh} host \"printf '%s|'\"")  # the user's own words pass the second shell too
    assert run_program(full_call(command, ["a b", "$HOME"])).last_words == ("a b|$HOME|",)
    behind = parse_command(f"export A=1; {ssh} host \"printf '%s|'\"")
    assert run_program(full_call(behind, ["a b", "$HOME"])).last_words == ("a b|$HOME|",)


@pytest.mark.parametrize(
    ("text", "elsewhere"),
    [
        ("/usr/bin/ssh host cryodrgn", True),
        ("env A=1 docker run drgn cryodrgn", True),
        ("module load slurm; srun -n 1 cryodrgn", True),
        ("cd /data && (podman run drgn)", True),
        ("/env/bin/cryodrgn", False),
        ("conda run -n docker-drgn cryodrgn", False),
        ("module load cryodrgn; cryodrgn", False),
        ("apptainer exec drgn.sif cryodrgn", False),
    ],
)
def test_whether_a_command_computes_elsewhere(text: str, elsewhere: bool) -> None:
    assert runs_elsewhere(parse_command(text)) == elsewhere


def test_lines_are_told_and_kept(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text("earlier\n")
    lines: list[str] = []
    code = "import sys; print('one'); print('50 %\\r100 %'); print('wrong', file=sys.stderr); sys.stdout.write('end')"
    done = run_program([*python(code)], log, lines.append)
    assert done.status == 0
    assert sorted(lines) == ["100 %", "50 %", "end", "one", "wrong"]
    assert log.read_text().startswith("earlier\n")
    assert set(log.read_text().replace("\r", "\n").split("\n")) == {"earlier", "one", "50 %", "100 %", "wrong", "end"}
    assert done.seconds > 0
    assert done.cpu_seconds > 0


def test_processor_time_is_that_of_the_program_alone() -> None:
    busy = "import time\nwhile time.process_time() < 0.6: pass"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    assert run_program(python(nested)).cpu_seconds >= 0.6
    assert run_program(python("import time; time.sleep(0.3)")).cpu_seconds < 0.3


def test_a_failure_quotes_the_last_words(tmp_path: Path) -> None:
    call = python("for i in range(9): print(f'line {i}')\nraise SystemExit(4)")
    done = run_program(call)
    with pytest.raises(ProgramError, match=r"failed with status 4 .*run.log\): line 6 / line 7 / line 8$"):
        done.require_success(call, tmp_path / "run.log")


def test_what_cannot_be_started_is_said() -> None:
    with pytest.raises(ProgramError, match="'/no/such' cannot be started: No such file"):
        run_program(["/no/such"])


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="memory is read from /proc")
def test_memory_is_that_of_the_whole_tree() -> None:
    """A child that starts another: each holds 60 MB more than an empty one."""
    hold = "x = bytearray(60_000_000); x[::4096] = b'1' * len(x[::4096]); import time; time.sleep(1.5)"
    nested = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {hold!r}]); {hold}; p.wait()"
    empty = run_program(python("import time; time.sleep(1.2)")).peak_memory_mb
    both = run_program(python(nested)).peak_memory_mb
    assert empty is not None
    assert both is not None
    assert both > empty + 110
    # A process without children: ours may have some, such as the browser of other tests.
    ready = "print('ready', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", ready], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        own = tree_memory_mb(child.pid)
        status = Path(f"/proc/{child.pid}/status").read_text().partition("VmRSS:")[2].split()
        child.communicate(b"\n")
    assert own == pytest.approx(int(status[0]) * 1024 / 1e6, rel=0.02), "MB of 10^6 bytes"


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"


@pytest.mark.parametrize("stubborn", [False, True])
def test_an_interrupt_ends_the_program_and_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stubborn: bool
) -> None:
    monkeypatch.setattr("cryobench.methods.programs.process._PATIENCE", 0.5)
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" if stubborn else ""
    inner = "import time; time.sleep(100)"
    code = (
        f"{ignore}import subprocess, sys, os, pathlib, time\n"
        f"p = subprocess.Popen([sys.executable, '-c', {inner!r}])\n"
        f"pathlib.Path({str(tmp_path / 'pids')!r}).write_text(f'{{os.getpid()}} {{p.pid}}')\n"
        "print('started', flush=True)\ntime.sleep(100)"
    )

    def interrupt(line: str) -> None:
        if line == "started":
            raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_program(python(code), on_line=interrupt)
    assert time.monotonic() - start < 20
    time.sleep(0.2)
    assert not any(_alive(int(each)) for each in (tmp_path / "pids").read_text().split())


def test_a_signal_ends_the_program_too(tmp_path: Path) -> None:
    """As Ctrl-C in a terminal: the signal comes while we wait for the next line."""
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run_program(
            python(f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)")
        )
    timer.join()
    time.sleep(0.2)
    assert not _alive(int((tmp_path / "pid").read_text()))


def test_descriptors_are_handed_on(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        run_program(python(f"import os; os.write({file.fileno()}, b'mine')"), keep=(file.fileno(),))
    assert (tmp_path / "file").read_text() == "mine"


def test_a_program_that_asks_gets_no_answer() -> None:
    assert run_program(python("import sys; print(repr(sys.stdin.read()))")).last_words == ("''",)
