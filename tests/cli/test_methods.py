"""``cryobench methods``, as a user meets it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cryobench.cli.app import app
from cryobench.core import Dataset
from cryobench.methods import METHODS, read_submission
from cryobench.methods.running import RUNNERS
from cryobench.methods.running.installing import UV_SOURCES
from cryobench.methods.running.recorded import recorded_command


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYOBENCH_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", ""))  # is put back in the end
    for name in UV_SOURCES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def dataset(small_dataset: Dataset) -> Path:
    folder: Path = small_dataset.particles.images.stacks[0].parents[1]  # type: ignore[attr-defined]
    return folder


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "cryodrgn"
    path.write_text("#!/bin/sh\necho cryoDRGN 4.3.1\n")
    path.chmod(0o755)
    return path


def test_list_names_everything_and_what_is_set_up(program: Path) -> None:
    before = run("methods", "list")
    assert before.exit_code == 0
    for name in (*METHODS, *RUNNERS):
        assert name in before.stdout
    assert "not set up" in before.stdout
    assert "GPL-3.0" in before.stdout
    done = run("methods", "setup", "cryodrgn-dec", "--command", program)
    assert done.exit_code == 0, done.output
    assert f"cryodrgn is set up: {program}, version 4.3.1" in done.stdout
    assert "version 4.3.1" in run("methods", "list").stdout.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cryodrgn", "--cpu", "--cuda"), "give one of the two"),
        (("ppca",), "needs no setting up: it is built in"),
        (("opus-dsd",), "runs elsewhere"),
        (("cryodrg",), "did you mean 'cryodrgn'"),
        (("recovar", "--dry-run"), "--accept-licence"),
        (("recovar", "--command", "recovar"), "--accept-licence"),
        (("cryodrgn", "--command", "no-such-program x"), "'no-such-program' is not on the path"),
        (("cryodrgn", "--command", "cryodrgn", "--cpu"), "leave --cpu"),
    ],
)
def test_setup_refuses(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    done = run("methods", "setup", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert not (tmp_path / "environments").exists()


def test_setup_says_what_it_would_do(tmp_path: Path) -> None:
    done = run("methods", "setup", "cryodrgn", "--cpu", "--dry-run")
    assert done.exit_code == 0
    assert "--torch-backend cpu torch==2.13.0 cryodrgn==4.3.1" in " ".join(done.stdout.split())
    assert not (tmp_path / "environments").exists()


def test_setup_does_not_undo_what_is_set_up(program: Path) -> None:
    run("methods", "setup", "cryodrgn", "--command", program)
    for arguments in ((), ("--command", program)):
        done = run("methods", "setup", "cryodrgn", *arguments)
        assert done.exit_code == 2
        assert "is set up already" in done.stderr
    assert run("methods", "setup", "cryodrgn", "--command", program, "--overwrite").exit_code == 0


def test_what_was_set_up_makes_the_volumes_of_an_output_that_is_read(program: Path) -> None:
    assert recorded_command("cryodrgn") == ()
    run("methods", "setup", "cryodrgn", "--command", f"env A=1 {program}")
    for system in ("cryodrgn", "cryodrgn-dec", "cryodrgn-abinit", "cryodrgn-abinit-het"):
        assert recorded_command(system) == ("env", "A=1", str(program))
    assert recorded_command("cryosparc-3dva") == ()
    assert recorded_command("relion-class3d") == ()


def test_run_of_a_built_in_method_is_scored(dataset: Path, small_dataset: Dataset, tmp_path: Path) -> None:
    call = ("methods", "run", "oracle", "--dataset", dataset, "-o", tmp_path / "o", "-n", "12", "--threads", "2")
    done = run(*call)
    assert done.exit_code == 0, done.output
    found = read_submission(tmp_path / "o/submission", len(small_dataset.particles), small_dataset.card)
    assert found.method.name == "oracle"
    assert os.environ["OMP_NUM_THREADS"] == "2"
    following = f"cryobench score {tmp_path}/o/submission --dataset {dataset} -o scores -n 12"
    assert following in done.stdout.replace("\n", "")
    scored = run("fsc", "per-image", tmp_path / "o/submission", "--dataset", dataset, "-o", tmp_path / "s", "-n", "12")
    assert scored.exit_code == 0, scored.output
    scores = json.loads((tmp_path / "s/fsc_scores.json").read_text())
    assert all(score["n"] == 12 for score in scores)
    again = run(*call)
    assert "Nothing to do" in again.stdout
    other = run(*call, "--seed", "9")
    assert other.exit_code == 2
    assert "--overwrite" in other.stderr


def test_run_exports(dataset: Path, tmp_path: Path) -> None:
    done = run("methods", "run", "cryosparc-3dva", "--dataset", dataset, "-o", tmp_path / "e")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "e/README.md").is_file()
    assert (tmp_path / "e/inputs/particles.star").is_file()
    assert "Inputs are ready" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cryodrgn",), "'cryobench methods setup cryodrgn'"),
        (("recovar",), "--accept-licence"),
        (("nothing",), "unknown method 'nothing'"),
        (("cryodrg",), "did you mean 'cryodrgn'? known: oracle, consensus"),
        (("consensus", "--", "-n", "3"), "takes no flags after --"),
    ],
)
def test_run_refuses(arguments: tuple[str, ...], message: str, dataset: Path, tmp_path: Path) -> None:
    name, *flags = arguments
    done = run("methods", "run", name, "--dataset", dataset, "-o", tmp_path / "r", *flags)
    assert done.exit_code == 2
    assert message in done.stderr
    assert not (tmp_path / "r").exists()


def test_run_hands_flags_on(dataset: Path, program: Path, tmp_path: Path) -> None:
    run("methods", "setup", "cryodrgn", "--command", program)
    call = ("methods", "run", "cryodrgn", "--dataset", dataset, "-o", tmp_path / "r", "--seed", "3", "--dry-run")
    done = run(*call, "--", "--zdim", "4", "-n", "30")
    assert done.exit_code == 0, done.output
    assert "--seed 3 --zdim 8 --no-analysis --zdim 4 -n 30" in " ".join(done.stdout.split())
    assert not (tmp_path / "r").exists()
