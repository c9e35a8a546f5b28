"""A table of the scores that a run is judged by: a row a score, a column a method."""

from __future__ import annotations

from collections.abc import Sequence

import rich.box
from rich.markup import escape
from rich.table import Table

from cryobench.cli.console import console
from cryobench.core import MethodCard, ResultsDocument, Score
from cryobench.core.words import interval_words

_HEADLINE = (
    "fsc-auc",
    "fsc-auc-moving",
    "real-space-correlation",
    "state-identification",
    "neighborhood-similarity",
    "adjusted-rand-index",
    "rotation-error",
    "translation-error",
)


_HEADING_WIDTH, _CELL_WIDTH = 26, 16


def print_summary(document: ResultsDocument, more: str = "") -> None:
    """Print the headline scores, each value above its interval, and what was odd; ``more`` says where the rest is."""
    shown = [score for score in document.scores if _is_headline(score)]
    console.print(f"\n{document.dataset.title} ({document.dataset.id})", markup=False, style="bold")
    side_by_side = max(1, (console.width - _HEADING_WIDTH) // _CELL_WIDTH)
    for start in range(0, len(document.methods), side_by_side):
        console.print(_table(document.methods[start : start + side_by_side], shown))
    kinds = dict.fromkeys(interval_words(score.interval.kind) for score in shown)
    console.print(f"Intervals: {'; '.join(kinds)}. A dash: the method gives nothing to score.", markup=False)
    if len(document.scores) > len(shown):
        console.print(f"{len(document.scores) - len(shown)} more scores: {more}.", markup=False, soft_wrap=True)
    told = dict.fromkeys((score.method, flag) for score in shown for flag in score.flags)
    for name, flag in told:
        console.print(f"! {name}: {flag}", markup=False)
    for run in document.runs:
        for protocol in ("per-conformation", "per-image"):
            if protocol in run.missing:
                console.print(f"Not scored: {run.method}, {protocol}: {run.missing[protocol]}.", markup=False)
        for note in run.notes:
            if (run.method, note) in told:
                continue
            console.print(f"! {run.method}: {note}", markup=False)
    if document.dataset.stand_in:
        console.print(f"STAND-IN DATA: {document.dataset.stand_in}.", markup=False)


def _table(methods: Sequence[MethodCard], shown: Sequence[Score]) -> Table:
    table = Table(box=rich.box.SIMPLE_HEAD, padding=(0, 1, 1, 0))
    table.add_column("value,\n95 % interval", min_width=_HEADING_WIDTH - 6)
    for method in methods:
        table.add_column(escape(f"{method.name}\n({method.role})"), justify="right")
    cells = {(_heading(score), score.method): _cell(score) for score in shown}
    for heading in dict.fromkeys(_heading(score) for score in shown):
        table.add_row(escape(heading), *(cells.get((heading, method.name), "-") for method in methods))
    return table


def _is_headline(score: Score) -> bool:
    if score.metric.name == "adjusted-rand-index":  # of classes that were claimed, not made of latents
        return "k-means" not in str(score.parameters)
    return score.metric.name in _HEADLINE and score.statistic != "median"


def _heading(score: Score) -> str:
    neighbours = f", k = {score.parameters['k']}" if "k" in score.parameters else ""
    words = ", ".join(word for word in (score.protocol, score.convention) if word)
    return f"{score.metric.label}\n{words}{neighbours}"


def _cell(score: Score) -> str:
    return f"{score.value:.3f}\n{score.interval.low:.3f} – {score.interval.high:.3f}"
