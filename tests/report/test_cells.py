"""What a cell says besides its number: why there is none, what was odd, how volumes were aligned."""

from __future__ import annotations

import html
import re

import pytest
from made_up import METHODS, make_results, metric
from page_text import score_table

from cryobench.core import Comparison, Interval, PublishedScore, Results
from cryobench.core.words import at_limit, interval_words, never_falls, parameter_words, titled
from cryobench.report import render_report
from cryobench.report._missing import NOT_SCORED, why_missing
from cryobench.report._runs import duration
from cryobench.report._table import score_table as table_of

NASTY = METHODS[2].name
MIRRORED = "the volumes are mirrored: their hand is that of the other enantiomer, and every score counts it as it is"


@pytest.fixture(scope="module")
def results() -> Results:
    return make_results(states=6, points=30, surface_states=1, rings=4, shells=9)


def with_scores(results: Results, change: dict[str, dict[str, object]], protocol: str = "per-conformation") -> Results:
    """Return results whose scores of FSC AUC are changed by method."""
    document = results.document
    scores = tuple(
        score.model_copy(update=change.get(score.method, {}))
        if score.metric.name == "fsc-auc" and score.protocol == protocol
        else score
        for score in document.scores
    )
    return Results(document.model_copy(update={"scores": scores, "comparisons": ()}))


def without(results: Results, method: str, metric: str, missing: dict[str, str]) -> Results:
    document = results.document
    scores = tuple(s for s in document.scores if (s.method, s.metric.name) != (method, metric))
    runs = tuple(r.model_copy(update={"missing": missing}) if r.method == method else r for r in document.runs)
    return Results(document.model_copy(update={"scores": scores, "runs": runs}))


@pytest.mark.parametrize(
    ("name", "missing", "words"),
    [
        ("rotation-error", {"rotation-error": "not asked for", "per-conformation": "needs volumes"}, "not asked for"),
        ("fsc-auc", {"per-conformation": "needs <b>volumes</b>", "rotation-error": "x"}, "needs <b>volumes</b>"),
        ("rotation-error", {"per-conformation": "needs volumes"}, "not scored"),
        ("something-else", {}, "not scored"),
    ],
)
def test_the_reason_is_that_of_the_run(results: Results, name: str, missing: dict[str, str], words: str) -> None:
    text = render_report([without(results, "ppca", name, missing)])
    row = next(row for row in score_table(text).split("<tr") if re.search(r"row\"[^>]*>ppca", row))
    reasons = re.findall(r'class="missing" title="([^"]*)"', row)
    assert set(reasons) == {html.escape(words)}
    dialogs = re.findall(r"<dialog.*?</dialog>", text, flags=re.DOTALL)
    said = [dialog for dialog in dialogs if f'<td colspan="6">{html.escape(words)}</td>' in dialog]
    assert len(said) >= len(reasons)
    assert "that the method did not give" not in text


def test_measures_that_give_several_metrics() -> None:
    document = make_results(states=3, points=9, surface_states=1, rings=4).document
    run = next(run for run in document.runs if run.method == "ppca")
    found = next(score for score in document.scores if score.metric.name == "rotation-error")

    def why(name: str, missing: dict[str, str], **parameters: str) -> str:
        card = metric(name, name, "", "", 1.0, "higher")
        score = found.model_copy(update={"metric": card, "parameters": parameters})
        return why_missing(score, run.model_copy(update={"missing": missing}))

    assert why("continuity", {"trustworthiness": "not asked for"}) == "not asked for"
    assert why("rotations-within", {"rotation-error": "needs poses"}) == "needs poses"
    both = {
        "classes": "needs labels",
        "k-means-classes": "needs latents",
        "populations": "p",
        "k-means-populations": "k",
    }
    assert why("class-accuracy", both, classes="claimed") == "needs labels"
    assert why("class-accuracy", both, classes="k-means to 16") == "needs latents"
    assert why("population-wasserstein", both, classes="k-means to 16") == "k"
    assert why("class-accuracy", {"per-conformation": "x"}) == NOT_SCORED
    assert why_missing(found, None) == NOT_SCORED


def test_flags_are_marks_in_the_table_and_text_in_the_dialog(results: Results) -> None:
    text = render_report([with_scores(results, {"ppca": {"flags": (MIRRORED,)}})])
    cells = re.findall(r'<span class="badge flag" title="([^"]*)">⚑ ([^<]*)</span>', score_table(text))
    mirrored = [(title, words) for title, words in cells if title == html.escape(MIRRORED)]
    assert len(mirrored) == 4
    assert all(len(words) <= 60 and words.endswith("…") for _, words in mirrored)
    dialog = re.findall(r"<dialog.*?</dialog>", text, flags=re.DOTALL)[0]
    assert f"<td>{html.escape(MIRRORED)}</td>" in dialog


def test_what_is_aligned_in_another_way_shares_no_column(results: Results) -> None:
    """The better value was brought to the truth by one transform: it is neither best nor worse than the other."""
    changed = with_scores(
        results,
        {NASTY: {"parameters": {"alignment": "one"}, "value": 0.99}, "ppca": {"parameters": {"alignment": "none"}}},
    )
    table = table_of(changed.document)
    assert not any(
        cell.standing for row in table.methods for cell, column in zip(row.cells, table.columns, strict=True)
        if cell and column.metric.name == "fsc-auc"
    )  # fmt: skip
    for column in table.columns:
        assert len({str(score.parameters.get("alignment")) for score in column.scores}) == 1
    words = {column.protocol for column in table.columns if column.main and column.metric.name == "fsc-auc"}
    assert {
        "mean · per-conformation · standard convention · aligned by one transform",
        "mean · per-conformation · standard convention · volumes as they are",
    } <= words


def test_a_method_below_a_floor_is_not_one_of_the_best(results: Results) -> None:
    """The two methods cannot be told apart, but the consensus is better than one of them beyond doubt."""
    floor = METHODS[3].name
    assert METHODS[3].role == "floor"
    values = {"ppca": 0.41, NASTY: 0.40, floor: 0.42}
    changed = with_scores(results, {name: {"value": value} for name, value in values.items()})
    pairs = [("ppca", NASTY, (-0.1, 0.12)), ("ppca", floor, (-0.02, -0.001)), (NASTY, floor, (-0.05, 0.01))]
    comparisons = tuple(
        Comparison(metric=score.metric, protocol=score.protocol, convention=score.convention, first=first,
                   second=second, difference=values[first] - values[second],
                   interval=Interval(low=low, high=high, kind="paired"), n=6, parameters=score.parameters)
        for score in changed.document.scores
        if score.metric.name == "fsc-auc" and score.protocol == "per-conformation" and score.method == "ppca"
        for first, second, (low, high) in pairs
    )  # fmt: skip
    changed = Results(changed.document.model_copy(update={"comparisons": comparisons}))
    found = {
        row.method.name: {
            cell.standing for cell in row.cells
            if cell and (cell.score.metric.name, cell.score.protocol, cell.score.statistic)
            == ("fsc-auc", "per-conformation", "mean")
        }
        for row in table_of(changed.document).methods
    }  # fmt: skip
    assert found["ppca"] == {"below"}
    assert found[NASTY] == {"tied"}
    assert "▼ below floor" in render_report([changed])


def test_what_cannot_be_measured_is_not_ranked(results: Results) -> None:
    flags = (never_falls(6, 6, 0.143),)
    scores = tuple(
        score.model_copy(update={"value": 12.0, "flags": flags}) if score.metric.name == "fsc-resolution" else score
        for score in results.document.scores
    )
    table = table_of(results.document.model_copy(update={"scores": scores}))
    cells = [
        cell for row in table.methods for cell in row.cells if cell and cell.score.metric.name == "fsc-resolution"
    ]  # fmt: skip
    assert cells
    assert {cell.standing for cell in cells} == {""}
    assert all(cell.value.startswith("≤ 12") for cell in cells)
    assert not at_limit((never_falls(1, 16, 0.143), never_falls(5, 50, 0.5)))
    # One at the limit may be better than it says: who comes after it is not the best.
    mixed = tuple(
        score.model_copy(update={"value": 12.0 if score.method == "ppca" else 14.0,
                                 "flags": flags if score.method == "ppca" else ()})
        if score.metric.name == "fsc-resolution" else score
        for score in results.document.scores
    )  # fmt: skip
    table = table_of(results.document.model_copy(update={"scores": mixed, "comparisons": ()}))
    assert not any(
        cell.standing for row in table.methods for cell in row.cells
        if cell and cell.score.metric.name == "fsc-resolution"
    )  # fmt: skip


def test_published_scores_are_of_volumes_as_they_are(results: Results) -> None:
    quotes = [PublishedScore(dataset="toy-ring", method="DRGN", protocol="per-conformation FSC AUC", mean=0.9, std=None,
                             median=None, source="A table", note="")]  # fmt: skip
    names = [card.name for card in METHODS]

    def shown(alignment: str) -> list[str]:
        parameters = {"alignment": alignment, "images": 1000, "mask": "no mask"}
        text = render_report([with_scores(results, {name: {"parameters": parameters} for name in names})], quotes)
        return re.findall(r'<span class="value">([^<]*)', score_table(text).partition('<tbody class="quoted">')[2])

    assert shown("none") == ["0.9"]
    assert shown("one") == shown("each") == []


def test_intervals_in_words() -> None:
    assert interval_words("95 % bootstrap over states") == "95 % bootstrap over states"
    assert "nothing of how other states would score" in interval_words("95 % bootstrap over particles within states")


def test_titles_say_that_data_stand_in(results: Results) -> None:
    card = results.document.dataset.model_copy(update={"stand_in": ""})
    assert titled("Latents", card) == titled("Latents", None) == "Latents"
    assert titled("Latents", card.model_copy(update={"stand_in": "a chain"})) == "Latents (STAND-IN DATA)"


def test_parameters_in_words() -> None:
    assert parameter_words("alignment", "each") == "each volume aligned by itself"
    assert parameter_words("images", 1000) == "1,000 images"
    assert parameter_words("images", 1) == "1 image"
    assert parameter_words("alignment", "sideways") == "alignment = sideways"
    assert parameter_words("k", 10) == "k = 10"


@pytest.mark.parametrize(("seconds", "words"), [(99.4, "99.4 s"), (99.6, "1.66 min"), (7000.0, "1.94 h")])
def test_times(seconds: float, words: str) -> None:
    assert duration(seconds) == words
