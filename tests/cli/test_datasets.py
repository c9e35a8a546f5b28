"""``cryobench datasets``: each command, from the line that a user types."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cryobench.cli.app import app
from cryobench.datasets import RECIPES, read_manifest

TINY = ["--scale", "demo", "--states", "3", "-N", "4", "--resolution", "12"]


def run(*arguments: str | Path) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["datasets", *map(str, arguments)], env={"COLUMNS": "200"})
    assert "Traceback" not in found.output
    return found.exit_code, found.output


@pytest.fixture(autouse=True)
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYOBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("cryobench.structures.fetch.ARCHIVE", "http://127.0.0.1:9/mmCIF")
    monkeypatch.chdir(tmp_path)


def test_list_names_each_dataset_and_its_stand_in() -> None:
    status, shown = run("list")
    assert status == 0
    for name in RECIPES:
        assert name in shown
        assert f"{name}:standin" in shown


@pytest.mark.parametrize("name", [*RECIPES, *(f"{name}:standin" for name in RECIPES)])
def test_show_says_what_is_inferred_or_stands_in(name: str) -> None:
    status, shown = run("show", name)
    assert status == 0
    words = RECIPES[name.partition(":")[0]].stand_in if ":" in name else RECIPES[name].notes[0]
    assert " ".join(words.split())[:60] in " ".join(shown.split())


def test_build_and_card(tmp_path: Path) -> None:
    status, shown = run("build", "igg-1d:standin", *TINY)
    assert status == 0, shown
    assert "STAND-IN" in shown
    manifest = read_manifest(tmp_path / "igg-1d-standin")
    assert (manifest.id, manifest.spec.images, manifest.spec.scale) == ("igg-1d:standin", (4, 4, 4), "demo")
    status, shown = run("build", "igg-1d:standin", *TINY)
    assert status == 0
    assert "Nothing to do" in shown
    status, shown = run("build", "igg-1d:standin", *TINY, "--seed", "5")
    assert status == 2
    status, card = run("card", tmp_path / "igg-1d-standin")
    assert status == 0
    assert card == (tmp_path / "igg-1d-standin/README.md").read_text()
    status, _ = run("card", tmp_path / "igg-1d-standin", "--croissant", tmp_path / "c.json")
    assert status == 0
    assert json.loads((tmp_path / "c.json").read_text())["@type"] == "sc:Dataset"


def test_a_dry_run_makes_nothing(tmp_path: Path) -> None:
    status, shown = run("build", "igg-rl:standin", *TINY, "--dry-run")
    assert status == 0
    for label in ("Particles", "On disk", "Time", "Memory"):
        assert label in shown
    assert not (tmp_path / "igg-rl-standin").exists()


def test_a_spec_of_ones_own_from_init_to_card(tmp_path: Path) -> None:
    status, shown = run("init", "mine.yaml", "--from", "normal_modes")
    assert status == 0, shown
    assert json.loads((tmp_path / "mine.schema.json").read_text())["type"] == "object"
    assert run("init", "mine.yaml")[0] == 2
    assert run("init", "mine.yaml", "--overwrite", "--from", "structures")[0] == 0
    assert run("init", "mine.txt")[0] == 2
    assert run("init", "other.yaml", "--from", "wishes")[0] == 2
    status, shown = run("build", "mine.yaml", "-o", "mine")
    assert status == 2
    assert "1hzh" in shown
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build", "igg-1d"], "igg-1d:standin, which needs no download"),
        (["build", "igg-2d"], "did you mean"),
        (["build", "nowhere.yaml"], "nowhere.yaml"),
        (["build", "tomotwin-100", "--members", "available"], "none of the 100 structures"),
        (["build", "igg-1d:standin", "--scale", "big"], "choose from demo, small, full"),
        (["build", "igg-1d:standin", "--snr", "-1"], "snr is -1"),
        (["build", "igg-1d:standin", "-o", "no/such"], "does not exist"),
        (["show", "igg"], "unknown dataset"),
        (["card", "nowhere"], "dataset.json"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    status, shown = run(*arguments)
    assert status == 2
    assert message in shown
    assert {path.name for path in tmp_path.iterdir()} <= {"cache"}
