"""``cryobench report``: files in, a page and figures out, and nothing else touched."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cryobench.benchmark import write_results
from cryobench.cli.app import app
from cryobench.core import Results

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))  # a folder of tests is no package

from made_up import make_results
from odd_names import FOREIGN, odd_results


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["report", *map(str, arguments)])
    return done.exit_code, " ".join(done.output.split())


@pytest.fixture(scope="module")
def one() -> Results:
    return make_results(states=4, points=40, surface_states=2, shells=9, rings=6)


@pytest.fixture
def scores(one: Results, tmp_path: Path) -> Path:
    write_results(one, tmp_path / "scores")
    return tmp_path / "scores"


def test_a_page_of_a_folder_and_of_its_file(scores: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "new" / "a.html", tmp_path / "b.html"
    assert run(scores, "-o", first)[0] == 0
    assert run(scores / "results.json", "-o", second)[0] == 0
    assert first.read_bytes() == second.read_bytes()
    assert "Toy ring" in first.read_text(encoding="utf-8")


def test_without_arrays_it_says_so(scores: Path, tmp_path: Path) -> None:
    (scores / "results.npz").unlink()
    code, words = run(scores, "-o", tmp_path / "a.html")
    assert code == 0
    assert "no results.npz beside it" in words
    assert "came without their arrays" in (tmp_path / "a.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "folded"), [("igg-1d", False), ("igg-1d:standin", True)])
def test_published_scores_stand_beside(name: str, folded: bool, tmp_path: Path) -> None:
    write_results(make_results(name=name, stand_in="A chain." if folded else "", states=4, points=40), tmp_path / "s")
    assert run(tmp_path / "s", "-o", tmp_path / "a.html")[0] == 0
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert ('<tbody class="quoted">' in text) is not folded
    listed = text.split('<details class="published">')[1].split("</details>")[0]
    assert "CryoSPIRE Table 2" in listed
    assert "0.366" in listed
    assert ("may not be compared" in listed) is folded
    assert run(tmp_path / "s", "-o", tmp_path / "b.html", "--no-published")[0] == 0
    assert "CryoSPIRE" not in (tmp_path / "b.html").read_text(encoding="utf-8")


def test_several_datasets(scores: Path, tmp_path: Path) -> None:
    write_results(make_results(name="other", title="Another", states=4, points=40, shells=9), tmp_path / "more")
    assert run(scores, tmp_path / "more", "-o", tmp_path / "a.html")[0] == 0
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert text.count('role="tab"') == 2


def test_two_builds_are_refused(one: Results, scores: Path, tmp_path: Path) -> None:
    card = one.document.dataset.model_copy(update={"checksum": "sha256:ffff"})
    write_results(Results(one.document.model_copy(update={"dataset": card})), tmp_path / "more")
    code, words = run(scores, tmp_path / "more", "-o", tmp_path / "a.html")
    assert code == 2
    assert "two builds of dataset 'toy-ring'" in words
    assert not (tmp_path / "a.html").exists()


def test_figures(scores: Path, tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    code, words = run(scores, "--figures", folder, "--formats", "svg")
    assert code == 0
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert f"{len(found)} files" in words
    assert "toy-ring/curves-fsc-auc-per-conformation-standard.svg" in found
    assert all(name.endswith(".svg") for name in found)
    assert not list(tmp_path.glob("*.html")), "figures alone were asked for"
    assert run(scores, "--figures", folder)[0] == 2


def test_letters_that_no_font_holds_are_told_in_one_line(tmp_path: Path) -> None:
    write_results(odd_results(foreign=FOREIGN), tmp_path / "scores")
    done = CliRunner().invoke(
        app, ["report", str(tmp_path / "scores"), "--figures", str(tmp_path / "figures"), "--formats", "svg"]
    )
    assert done.exit_code == 0
    told = [line for line in done.stderr.splitlines() if "no font" in line or "Glyph" in line or "Warning" in line]
    assert len(told) == 1
    assert told[0].startswith(
        f"! 2 letters that no font of this system holds, drawn as boxes: {' '.join(sorted(FOREIGN))}"
    )


def test_what_is_there_stays(scores: Path, tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text("mine")
    code, words = run(scores, "-o", page)
    assert (code, page.read_text()) == (2, "mine")
    assert "add --overwrite" in words
    assert run(scores, "-o", page, "--overwrite")[0] == 0
    assert (
        page.read_text(encoding="utf-8").startswith("\n<!doctype html>") or "<!doctype html>" in page.read_text()[:99]
    )


@pytest.mark.parametrize("name", ["results.json", "results.npz"])
def test_what_is_read_is_never_replaced(scores: Path, name: str) -> None:
    before = (scores / name).read_bytes()
    for source in (scores, scores / "results.json"):
        code, words = run(source, "-o", scores / name, "--overwrite")
        assert code == 2
        assert "named twice" in words
    assert (scores / name).read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere", "-o", "a.html"], "no such file"),
        (["SCORES", "-o", "."], "is a folder"),
        (["SCORES", "--figures", "f", "--formats", "gif"], "no format 'gif'"),
        (["SCORES", "--figures", "SCORES"], "named twice"),
        (["SCORES", "--figures", "SCORES/results.json"], "named twice"),
    ],
)
def test_what_can_be_mended_is_told(
    scores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, told = run(*(each.replace("SCORES", str(scores)) for each in arguments))
    assert code == 2
    assert words in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores"]
