"""Score and comparison records as tables: what a cell says, and how its number came about."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from cryobench.core import Comparison, InputError, Interval, MethodCard, MetricCard, ResultsDocument, Score
from cryobench.report._style import known_method, protocol_text

Key = tuple[str, str, str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Cell:
    """A score as shown: its text, its place on the column's strip in percent, and whether it is the best method's."""

    score: Score
    value: str
    interval: str
    best: bool
    at: float
    low: float
    width: float


@dataclass(frozen=True)
class Column:
    """Scores of one metric, protocol, convention, statistic and set of parameters."""

    metric: MetricCard
    protocol: str
    range: str
    interval_kinds: tuple[str, ...]
    scores: tuple[Score, ...]
    decimals: int


@dataclass(frozen=True)
class Row:
    """A method and its cells, one a column, ``None`` where there is no score."""

    method: MethodCard
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class ScoreTable:
    """Every score of a run."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class ComparisonRow:
    """A comparison as shown, with its verdict in words."""

    comparison: Comparison
    protocol: str
    difference: str
    interval: str
    verdict: str


def score_table(document: ResultsDocument) -> ScoreTable:
    """Return the table of all scores, methods in rows and what was measured in columns, both in the order first met.

    Raises
    ------
    InputError
        If a score is of a method without a card, or a method has two scores for one column.
    """
    cards = {card.name: card for card in document.methods}
    groups: dict[Key, dict[str, Score]] = {}
    for score in document.scores:
        group = groups.setdefault(_key(score), {})
        if known_method(score.method, cards) in group:
            raise InputError(
                f"results hold two scores of method '{score.method}' for {score.metric.name}, "
                f"{_protocol(score)}: expected one"
            )
        group[score.method] = score
    columns = [_cells(group, cards) for group in groups.values()]
    return ScoreTable(
        tuple(_column(tuple(group.values())) for group in groups.values()),
        tuple(Row(card, tuple(cells.get(card.name) for cells in columns)) for card in document.methods),
    )


def comparison_rows(comparisons: Iterable[Comparison]) -> tuple[ComparisonRow, ...]:
    """Return a row for each comparison, its verdict following the metric's direction."""
    return tuple(
        ComparisonRow(
            comparison,
            protocol_text(comparison.protocol, comparison.convention, comparison.parameters),
            signed(comparison.difference, places := decimals((comparison.interval,))),
            interval_text(comparison.interval, places, sign=True),
            _verdict(comparison),
        )
        for comparison in comparisons
    )


def decimals(intervals: Sequence[Interval]) -> int:
    """Return how many decimals are worth showing: two significant digits of the median half-width, 4 at most."""
    widths = [(interval.high - interval.low) / 2 for interval in intervals]
    widths = [width for width in widths if width > 0 and math.isfinite(width)]
    return min(4, max(0, 1 - math.floor(math.log10(median(widths))))) if widths else 3


def number(value: float, places: int) -> str:
    """Return a number with so many decimals, a true minus sign, and words where it is not finite."""
    if not math.isfinite(value):
        return "not finite"
    text = f"{value:.{places}f}"
    # A value that rounds to zero has no sign worth showing.
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def signed(value: float, places: int) -> str:
    """Return a number as :func:`number` does, with a plus sign where it is above zero."""
    text = number(value, places)
    return f"+{text}" if value > 0 and math.isfinite(value) else text


def interval_text(interval: Interval, places: int, *, sign: bool = False) -> str:
    """Return an interval as ``[low, high]``."""
    write = signed if sign else number
    return f"[{write(interval.low, places)}, {write(interval.high, places)}]"


def range_text(metric: MetricCard) -> str:
    """Return the range of a metric in words."""
    low, high = metric.range
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"{low:g} or more"
    return "unbounded" if high is None else f"{high:g} or less"


def _key(score: Score) -> Key:
    parameters = tuple(sorted((name, repr(value)) for name, value in score.parameters.items()))
    return score.metric.name, score.protocol, score.convention, score.statistic, parameters


def _protocol(score: Score) -> str:
    return protocol_text(score.protocol, score.convention, score.parameters, score.statistic)


def _column(scores: tuple[Score, ...]) -> Column:
    first = scores[0]
    kinds = tuple(dict.fromkeys(score.interval.kind for score in scores))
    places = decimals([score.interval for score in scores])
    return Column(first.metric, _protocol(first), range_text(first.metric), kinds, scores, places)


def _cells(group: dict[str, Score], cards: dict[str, MethodCard]) -> dict[str, Cell]:
    """Return the cells of one column by method.

    The strip runs over all intervals of the column. A lone method is not called the best of anything.
    """
    places = decimals([score.interval for score in group.values()])
    ends = [end for score in group.values() for end in (score.value, score.interval.low, score.interval.high)]
    finite = [end for end in ends if math.isfinite(end)] or [0.0]
    start, length = min(finite), (max(finite) - min(finite)) or 1.0
    contenders = [s.value for s in group.values() if cards[s.method].role == "method" and math.isfinite(s.value)]
    best = (_best(group, contenders),) if len(contenders) > 1 else ()

    def cell(score: Score) -> Cell:
        at, low, high = (
            100 * ((end if math.isfinite(end) else start) - start) / length
            for end in (score.value, score.interval.low, score.interval.high)
        )
        return Cell(
            score,
            number(score.value, places),
            interval_text(score.interval, places),
            cards[score.method].role == "method" and score.value in best,
            round(at, 2),
            round(low, 2),
            round(high - low, 2),
        )

    return {name: cell(score) for name, score in group.items()}


def _best(group: dict[str, Score], contenders: Sequence[float]) -> float:
    direction = next(iter(group.values())).metric.direction
    return max(contenders) if direction == "higher" else min(contenders)


def _verdict(comparison: Comparison) -> str:
    if not comparison.distinguishable:
        return "not distinguishable"
    first_better = (comparison.difference > 0) == (comparison.metric.direction == "higher")
    return f"{comparison.first if first_better else comparison.second} is better"
