"""Environments: what is recorded, what uv is asked for, and that nothing half-made stays. No package is fetched."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cryobench.core import FormatError, InputError, ProgramError
from cryobench.methods.running import RUNNERS, Runner
from cryobench.methods.running.environments import (
    Environment,
    environments_folder,
    find_environment,
    record_environment,
    require_environment,
)
from cryobench.methods.running.installing import UV_SOURCES, _out_of_reach, installation
from cryobench.methods.running.setting_up import record_command, set_up, setup_calls

PINS = ["torch==2.13.0", "cryodrgn==4.3.1"]

UV = f"""#!{sys.executable}
import os, pathlib, sys
call = sys.argv[1:]
mode = pathlib.Path(__file__).with_name("mode.txt").read_text()
with open(pathlib.Path(__file__).with_name("calls.txt"), "a") as log:
    log.write(" ".join(call) + "\\n")
print("uv speaks")
if call[0] == "venv":
    binaries = pathlib.Path(call[-1]) / "bin"
    binaries.mkdir(parents=True)
    version = "2.13.0+cpu None" if mode not in ("cuda", "unreachable") else "2.13.0 12.8"
    (binaries / "python").write_text(f"#!/bin/sh\\necho {{version}}\\n")
    (binaries / "python").chmod(0o755)
else:
    if mode == "fails":
        print("No solution found", file=sys.stderr)
        sys.exit(1)
    if mode == "unreachable" and "--torch-backend" in call:
        for line in ("cause: Failed to fetch: https://download.pytorch.org/whl/cpu/torch/", "cause: dns error"):
            print(line, file=sys.stderr)
        sys.exit(2)
    if mode == "interrupted":
        raise SystemExit(130)
    program = pathlib.Path(call[call.index("--python") + 1]).with_name("cryodrgn")
    program.write_text("#!/bin/sh\\necho cryoDRGN 4.3.1\\n")
    program.chmod(0o755)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRYOBENCH_ENVIRONMENTS", str(tmp_path / "environments"))
    for name in UV_SOURCES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "environments"


@pytest.fixture
def runner() -> Runner:
    found = RUNNERS["cryodrgn"]
    assert isinstance(found, Runner)
    return found


def install_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> Path:
    place = tmp_path / "uv-bin"
    place.mkdir()
    (place / "uv").write_text(UV)
    (place / "uv").chmod(0o755)
    (place / "mode.txt").write_text(mode)
    monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")
    return place


def test_the_folder_is_the_platforms_own_or_the_one_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert environments_folder() == tmp_path / "environments"
    monkeypatch.delenv("CRYOBENCH_ENVIRONMENTS")
    assert environments_folder().parts[-2:] == ("cryobench", "environments")


def test_uv_is_asked_for_pinned_packages_and_a_build(runner: Runner, folder: Path) -> None:
    made = str(folder / "cryodrgn")
    python = ["pip", "install", "--python", f"{made}/bin/python"]
    assert setup_calls(runner, "cpu", "3.12") == [
        ["uv", "venv", "--python", "3.12", made],
        ["uv", *python, "--torch-backend", "cpu", *PINS],
    ]
    assert setup_calls(runner, None, None) == [
        ["uv", "venv", "--python", sys.executable, made],
        ["uv", *python, "--torch-backend", "auto", *PINS],
    ]
    assert setup_calls(runner, "cuda", None)[1] == ["uv", *python, *PINS]


def test_a_user_who_says_where_packages_come_from_is_heard(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_FIND_LINKS", "/wheels")
    for build in ("cpu", "cuda", None):
        assert "--torch-backend" not in installation(runner.recipe, "cryodrgn", build=build)[1]  # type: ignore[arg-type]


def test_an_environment_is_made_and_recorded(
    runner: Runner, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = install_uv(tmp_path, monkeypatch, "works")
    lines: list[str] = []
    made = set_up(runner, "cpu", None, lines.append, accepted=False)
    assert made == require_environment("cryodrgn", "cryodrgn-dec")
    assert made.command == (str(folder / "cryodrgn/bin/cryodrgn"),)
    assert (made.version, made.build, made.packages) == ("4.3.1", "torch 2.13.0+cpu, CPU", tuple(PINS))
    assert lines == ["uv speaks"] * 2
    assert len((place / "calls.txt").read_text().splitlines()) == 2


def test_torch_comes_from_the_package_index_where_its_own_is_out_of_reach(
    runner: Runner, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = install_uv(tmp_path, monkeypatch, "unreachable")
    with pytest.raises(ProgramError, match="leave --cpu out to take the larger build of the package index"):
        set_up(runner, "cpu", None, lambda line: None, accepted=False)
    assert not folder.exists() or not any(folder.iterdir())
    lines: list[str] = []
    made = set_up(runner, None, None, lines.append, accepted=False)
    assert made.build == "torch 2.13.0, CUDA 12.8"
    assert any("cannot be reached: torch is taken from the package index" in line for line in lines)
    assert not _out_of_reach(("Failed to fetch: https://download.pytorch.org/whl/", "No space left on device"))
    assert not _out_of_reach(("Because there is no version of torch at https://download.pytorch.org/whl/cpu",))
    _, _, first, second = (place / "calls.txt").read_text().splitlines()[1:]
    assert "--torch-backend auto" in first
    assert second == first.replace(" --torch-backend auto", "")


@pytest.mark.parametrize(("mode", "message"), [("fails", "No solution found"), ("cuda", "a build for cuda, but --cpu")])
def test_nothing_stays_of_an_environment_that_failed(
    runner: Runner, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, message: str
) -> None:
    install_uv(tmp_path, monkeypatch, mode)
    with pytest.raises(ProgramError, match=message):
        set_up(runner, "cpu", None, lambda line: None, accepted=False)
    assert list(folder.iterdir()) == []
    assert find_environment("cryodrgn") is None


def test_a_half_made_environment_is_made_anew(
    runner: Runner, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that a killed process left: it has no record, so nobody runs it."""
    install_uv(tmp_path, monkeypatch, "works")
    (folder / "cryodrgn/bin").mkdir(parents=True)
    (folder / "cryodrgn/left").touch()
    with pytest.raises(InputError, match="cryodrgn is not set up: 'cryobench methods setup cryodrgn-dec' makes"):
        require_environment("cryodrgn", "cryodrgn-dec")
    set_up(runner, None, None, lambda line: None, accepted=False)
    assert not (folder / "cryodrgn/left").exists()


def test_an_interrupt_leaves_nothing(
    runner: Runner, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_uv(tmp_path, monkeypatch, "works")

    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        set_up(runner, None, None, interrupt, accepted=False)
    assert list(folder.iterdir()) == []


def test_without_uv_it_says_how_to_get_it(runner: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(InputError, match=r"'pip install uv' gets it.*--command"):
        set_up(runner, None, None, lambda line: None, accepted=False)


def test_a_command_is_recorded_once_it_has_answered(runner: Runner, folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "cryodrgn"
    program.write_text("#!/bin/sh\n[ $1 = --version ] && echo '(INFO) cryoDRGN v4.2.0-a8 of 2025.1'\n")
    program.chmod(0o755)
    made = record_command(runner, f"env A=1 {program}", accepted=False)
    assert (made.kind, made.command, made.version) == ("given", ("env", "A=1", str(program)), "4.2.0-a8")
    assert find_environment("cryodrgn") == made
    for text, message in ((f"{program} --help", "failed with status"), ("no-such-program", "is not on the path")):
        with pytest.raises(InputError, match=message):
            record_command(runner, text, accepted=False)
    assert find_environment("cryodrgn") == made, "what was there is kept"


def test_a_damaged_record_is_named(folder: Path) -> None:
    record_environment(Environment(name="cryodrgn", kind="given", command=("x",), version="1"))
    path = folder / "cryodrgn.json"
    path.write_text(path.read_text().replace('"given"', '"found"'))
    with pytest.raises(FormatError, match=r"cryodrgn.json: field 'kind': .*set it up again"):
        find_environment("cryodrgn")
