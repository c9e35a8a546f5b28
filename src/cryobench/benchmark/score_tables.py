"""Scores of one submission as a table and as a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cryobench.benchmark.provenance import provenance
from cryobench.benchmark.tables import csv_text
from cryobench.core import Comparison, Curve, Dataset, Interval, ResultsDocument, Score, Submission

SCORE_COLUMNS = (
    "method", "metric", "statistic", "protocol", "convention", "parameters", "unit", "better", "value", "low", "high",
    "interval", "floor", "floor_low", "floor_high", "floor_interval", "ceiling", "n", "flags",
)  # fmt: skip


def scores_text(scores: Iterable[Score]) -> str:
    """Return scores as comma-separated values, a row a score."""
    return csv_text(SCORE_COLUMNS, (_row(score) for score in scores))


def comparisons_text(comparisons: Iterable[Comparison]) -> str:
    """Return paired differences as comma-separated values, a row a comparison."""
    head = (
        "metric", "protocol", "convention", "parameters", "first", "second", "difference", "low", "high", "interval",
        "n", "distinguishable",
    )  # fmt: skip
    rows = (
        [
            each.metric.name, each.protocol, each.convention, _words(each.parameters), each.first, each.second,
            repr(each.difference), *_limits(each.interval), each.n, str(each.distinguishable).lower(),
        ]
        for each in comparisons
    )  # fmt: skip
    return csv_text(head, rows)


def _words(parameters: Mapping[str, float | int | str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in parameters.items())


def _row(score: Score) -> list[object]:
    metric = score.metric
    parameters = _words(score.parameters)
    head = [score.method, metric.name, score.statistic, score.protocol, score.convention, parameters]
    return [
        *head, metric.unit, metric.direction, repr(score.value), *_limits(score.interval),
        _text(score.floor), *_limits(score.floor_interval), _text(score.ceiling), score.n, "; ".join(score.flags),
    ]  # fmt: skip


def _text(value: float | None) -> str:
    return "" if value is None else repr(value)


def _limits(interval: Interval | None) -> tuple[str, str, str]:
    return ("", "", "") if interval is None else (repr(interval.low), repr(interval.high), interval.kind)


def score_document(
    dataset: Dataset, submission: Submission, scores: Sequence[Score], curves: Sequence[Curve], seed: int
) -> ResultsDocument:
    """Return the scores of a submission as self-describing results."""
    return ResultsDocument(
        dataset=dataset.card,
        coordinate=dataset.truth.coordinate,
        methods=(submission.method,),
        scores=tuple(scores),
        comparisons=(),
        curves=tuple(curves),
        provenance=provenance(dataset.card, seed),
    )
