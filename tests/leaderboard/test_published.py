"""The published scores: what is printed, and nothing else."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import pytest

from cryobench.benchmark import published_scores
from cryobench.benchmark.leaderboard import check_history, quoted_entries, read_entries
from cryobench.core import FormatError
from cryobench.datasets import RECIPES

ROOT = Path(__file__).parents[2]
TEXT = (files("cryobench.benchmark") / "published_scores.csv").read_text(encoding="utf-8")
HEAD = "dataset,method,protocol,mean,std,median,source,note\n"
ROW = "IgG-1D,CryoDRGN,per-image FSC AUC,0.351,,,A summary,secondary source\n"


def test_every_row_is_there_as_printed() -> None:
    rows = list(csv.DictReader(TEXT.splitlines()))
    scores = published_scores()
    assert len(scores) == len(rows) == 43
    for row, score in zip(rows, scores, strict=True):
        assert (score.printed, score.method, score.protocol) == (row["dataset"], row["method"], row["protocol"])
        assert score.source == row["source"]
        assert score.mean == float(row["mean"])
        assert (score.std is None) == (row["std"] == "")
        assert (score.median is None) == (row["median"] == "")
        assert score.note == (row["note"] if row["note"] != "same" else "source does not say whether copied or rerun")


def test_datasets_are_ours() -> None:
    assert {score.dataset for score in published_scores()} == set(RECIPES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dataset,method\n", "the first line is"),
        (HEAD + ROW.replace("IgG-1D", "IgG"), "line 2: unknown dataset 'IgG', expected one of IgG-1D"),
        (HEAD + ROW.replace("per-image FSC AUC", "beauty"), "unknown protocol 'beauty'"),
        (HEAD + ROW.replace("0.351", "1.351"), "field 'mean' is '1.351', expected a number from 0 to 1"),
        (HEAD + ROW.replace("0.351", "nan"), "field 'mean' is 'nan'"),
        (HEAD + ROW.replace("0.351", ""), "field 'mean' is empty"),
        (HEAD + ROW.replace("CryoDRGN", ""), "field 'method' is empty"),
        (HEAD + ROW.replace("A summary", " "), "field 'source' is empty"),
        (HEAD + ROW + ROW, "line 3: 'CryoDRGN' has two scores"),
        (HEAD + ROW.replace("secondary source", "same"), "the note is 'same', but the row above"),
        (HEAD + ROW.strip() + ",more\n", "expected 8 fields"),
        (HEAD + "IgG-1D,CryoDRGN\n", "expected 8 fields"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        published_scores(path)


def test_entries_hold_every_number_once() -> None:
    numbers = sorted(
        (entry.dataset.printed, entry.method.name, score.protocol, score.statistic, score.value)
        for entry in quoted_entries()
        for score in entry.scores
    )
    expected = []
    for row in csv.DictReader(TEXT.splitlines()):
        protocol = row["protocol"].removesuffix(" FSC AUC")
        expected.append((row["dataset"], row["method"], protocol, "mean", float(row["mean"])))
        if row["median"]:
            expected.append((row["dataset"], row["method"], protocol, "median", float(row["median"])))
    assert numbers == sorted(expected)
    assert all(entry.status == "quoted" and entry.evidence is None for entry in quoted_entries())
    bounds = [entry.method.name for entry in quoted_entries() if entry.method.role == "ceiling"]
    assert bounds == ["backprojection of true states"]


def test_the_entries_of_the_project_are_those_of_the_table() -> None:
    stored = read_entries([ROOT / "leaderboard" / "entries"])
    assert quoted_entries(stored) == ()
    quoted = {entry.id for entry in stored if entry.status == "quoted"}
    assert {entry.id for entry in quoted_entries()} <= quoted


def test_a_corrected_number_supersedes() -> None:
    first, *others = quoted_entries()
    wrong = first.model_copy(update={"scores": (first.scores[0].model_copy(update={"value": 0.1}), *first.scores[1:])})
    (made,) = quoted_entries([wrong, *others])
    assert made.id == first.id.replace(".quoted.1", ".quoted.2")
    assert (made.supersedes, made.scores) == (first.id, first.scores)
    check_history([wrong, *others, made])
    assert quoted_entries([wrong, *others, made]) == ()
