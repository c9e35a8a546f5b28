"""``cryobench leaderboard``, as a user meets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_up_leaderboard import FIRST_BUILD, NASTY_METHOD, results
from typer.testing import CliRunner, Result

from cryobench.cli.app import app
from cryobench.core import LeaderboardEntry, slug


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["leaderboard", *(str(each) for each in arguments)], env={"COLUMNS": "140"})


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(name: str = "results.json", **how: object) -> Path:
        path = tmp_path / name
        path.write_text(results(**how), encoding="utf-8")  # type: ignore[arg-type]
        return path

    return written


def test_from_nothing_to_a_site(tmp_path: Path, write: Callable[..., Path]) -> None:
    entries, site = tmp_path / "entries", tmp_path / "site"
    assert run("quote", "--entries", entries).exit_code == 0
    assert "Wrote 0 quoted entries" in run("quote", "--entries", entries).stdout
    claim = write(methods={"ppca": 0.6, NASTY_METHOD: 0.7})
    before = tree(entries)
    shown = run("add", claim, "--entries", entries, "--date", "2026-03-04", "--dry-run")
    assert shown.exit_code == 0
    assert NASTY_METHOD in shown.stdout
    assert "nothing is written" in shown.stdout
    assert tree(entries) == before
    assert run("add", claim, "--entries", entries, "--date", "2026-03-04").exit_code == 0
    added = set(tree(entries)) - set(before)
    assert added == {"igg-1d.ppca.claimed.1.json", f"igg-1d.{slug(NASTY_METHOD)}.claimed.1.json"}
    again = run("add", claim, "--entries", entries)
    assert again.exit_code == 2
    assert "entered already" in again.stderr

    def scored_at_another_time(document: dict[str, Any]) -> None:
        document["runs"][0]["scored_at"] = "2026-03-05T12:00:00+00:00"

    copied = write("copied.json", methods={"ppca": 0.6, NASTY_METHOD: 0.7})
    mine = write("mine.json", methods={"ppca": 0.6, NASTY_METHOD: 0.7}, change=scored_at_another_time)
    rerun = ("add", claim, "--entries", entries, "--method", "ppca", "--status", "rerun")
    assert "go together" in run(*rerun).stderr
    assert "is the file that is claimed" in run(*rerun, "--verified", claim).stderr
    assert "copied.json is a copy of" in run(*rerun, "--verified", copied).stderr
    done = run(*rerun, "--verified", mine, "--supersedes", "igg-1d.ppca.claimed.1", "--date", "2026-03-05")
    assert done.exit_code == 0, done.stderr
    stored = LeaderboardEntry.model_validate_json((entries / "igg-1d.ppca.rerun.1.json").read_text(encoding="utf-8"))
    assert stored.status == "rerun"

    built = run("build", "--entries", entries, "-o", site)
    assert built.exit_code == 0, built.stderr
    first = tree(site)
    assert "index.html" in first
    assert run("build", "--entries", entries, "-o", site).exit_code == 2
    (site / "mine.txt").write_text("kept")
    (entries / f"igg-1d.{slug(NASTY_METHOD)}.claimed.1.json").unlink()
    assert run("build", "--entries", entries, "-o", site, "--overwrite").exit_code == 0
    gone = set(first) - set(tree(site))
    assert gone == {f"methods/{slug(NASTY_METHOD)}.html"}
    assert (site / "mine.txt").read_text() == "kept"


def test_same_entries_same_bytes(tmp_path: Path) -> None:
    run("quote", "--entries", tmp_path / "entries")
    for name in ("a", "b"):
        assert run("build", "--entries", tmp_path / "entries", "-o", tmp_path / name).exit_code == 0
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_several_folders(tmp_path: Path, write: Callable[..., Path]) -> None:
    run("quote", "--entries", tmp_path / "entries")
    run("add", write(), "--entries", tmp_path / "ours")
    both = ("--entries", tmp_path / "entries", "--entries", tmp_path / "ours")
    assert run("build", *both, "-o", tmp_path / "site").exit_code == 0
    assert (tmp_path / "site" / "methods" / "ppca.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--status", "quoted"), "cryobench leaderboard quote"),
        (("--status", "best"), "expected claimed or rerun"),
        (("--date", "soon"), "expected YYYY-MM-DD"),
        (("--commitment", "c.json"), "go together"),
        (("--method", "nobody"), "has no method 'nobody'"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: tuple[str, ...], message: str, tmp_path: Path, write: Callable[..., Path]
) -> None:
    result = run("add", write(), "--entries", tmp_path / "entries", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "entries").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    run("quote", "--entries", tmp_path / "entries")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("all of it")
    result = run("build", "--entries", tmp_path / "entries", "-o", tmp_path / "home", "--overwrite")
    assert result.exit_code == 2
    assert "no leaderboard site" in result.stderr
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["thesis.txt"]
    (tmp_path / "kept.txt").write_text("kept")
    (tmp_path / "home" / "files.txt").write_text("../kept.txt\n")
    result = run("build", "--entries", tmp_path / "entries", "-o", tmp_path / "home", "--overwrite")
    assert "leads out of its folder" in result.stderr
    assert (tmp_path / "kept.txt").exists()


def test_schema_is_json() -> None:
    assert json.loads(run("schema").stdout)["title"] == "LeaderboardEntry"


def test_held_back_from_commitment_to_verdict(private_set: Path, tmp_path: Path, write: Callable[..., Path]) -> None:
    public, secret = tmp_path / "commitment.json", tmp_path / "commitment.secret.json"
    committed = run("commit", private_set, "-o", public)
    assert committed.exit_code == 0, committed.stderr
    assert secret.stat().st_mode & 0o077 == 0
    again = run("commit", private_set, "-o", public)
    assert again.exit_code == 2
    assert "a commitment is never replaced" in again.stderr

    checksum = json.loads(secret.read_text())["checksum"]
    claim = write(change=lambda document: document["dataset"].update(checksum=checksum))
    opened = ("--commitment", public, "--opening", secret)
    added = run("add", claim, "--entries", tmp_path / "entries", *opened)
    assert added.exit_code == 0, added.stderr
    text = (tmp_path / "entries" / "igg-1d.ppca.claimed.1.json").read_text(encoding="utf-8")
    assert checksum not in text
    assert FIRST_BUILD not in text
    assert json.loads(public.read_text())["commitment"] in text

    assert run("verify", private_set, public, secret).exit_code == 0
    wrong = run("verify", private_set, secret, public)
    assert wrong.exit_code == 2
    assert "not a commitment" in wrong.stderr
