"""Score and comparison records as tables: what a cell says, and how its number came about."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from cryobench.core import Comparison, InputError, Interval, MethodCard, MetricCard, ResultsDocument, Score
from cryobench.core.words import at_limit, interval_words
from cryobench.report._families import ORDER, family, is_main
from cryobench.report._missing import why_missing
from cryobench.report._style import known_method, protocol_text

Key = tuple[str, str, str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Cell:
    """A score as shown: its text, its place on the column's strip in percent, and how it stands to the best.

    ``standing`` is ``"best"``, ``"tied"`` where a paired comparison cannot tell it from the best, ``"below"`` where it
    is worse than a floor, or empty. ``floor`` and ``ceiling`` are places on the strip, ``None`` where not known.
    """

    score: Score
    value: str
    interval: str
    standing: str
    at: float
    low: float
    width: float
    floor: float | None
    ceiling: float | None


@dataclass(frozen=True)
class Column:
    """Scores of one metric, protocol, convention, statistic and set of parameters.

    ``ceiling`` and ``floor`` say between what these lie over the methods, and are empty where they were not computed.
    """

    metric: MetricCard
    protocol: str
    range: str
    interval_kinds: tuple[str, ...]
    scores: tuple[Score, ...]
    decimals: int
    family: str
    main: bool
    ceiling: str
    floor: str
    compared: bool


@dataclass(frozen=True)
class Row:
    """A method and its cells, one a column, ``None`` where there is no score: ``missing`` then says why."""

    method: MethodCard
    cells: tuple[Cell | None, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class ScoreTable:
    """Every score of a run: methods that compete, and the controls that bracket them."""

    columns: tuple[Column, ...]
    methods: tuple[Row, ...]
    controls: tuple[Row, ...]

    @property
    def families(self) -> tuple[str, ...]:
        """Return what the columns are of, in the order of :data:`~cryobench.report._families.ORDER`."""
        return tuple(name for name in ORDER if any(column.family == name for column in self.columns))


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
    main = _main(groups)
    ties = [_standings(group, cards, document.comparisons) for group in groups.values()]
    columns = [_cells(group, standings) for group, (standings, _) in zip(groups.values(), ties, strict=True)]
    examples = [next(iter(group.values())) for group in groups.values()]
    runs = {run.method: run for run in document.runs}
    rows = [
        Row(
            card,
            tuple(cells.get(card.name) for cells in columns),
            tuple(why_missing(example, runs.get(card.name)) for example in examples),
        )
        for card in document.methods
    ]
    return ScoreTable(
        tuple(
            _column(tuple(group.values()), cards, main=key in main, compared=compared)
            for (key, group), (_, compared) in zip(groups.items(), ties, strict=True)
        ),
        tuple(row for row in rows if row.method.role == "method"),
        tuple(row for row in rows if row.method.role != "method"),
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


def _main(groups: Mapping[Key, Mapping[str, Score]]) -> set[Key]:
    """Return the columns to be shown first: of each main metric the first, of FSC AUC each protocol and convention.

    What was aligned in another way has a column of its own, for a method may have no other. Where no
    metric is a main one, all are.
    """
    chosen: dict[tuple[str, ...], Key] = {}
    for key, group in groups.items():
        score = next(iter(group.values()))
        if is_main(score.metric.name) and score.statistic != "median":
            each = (score.protocol, score.convention) if score.metric.name == "fsc-auc" else ()
            alignment = str(score.parameters.get("alignment", ""))
            chosen.setdefault((score.metric.name, alignment, *each), key)
    return set(chosen.values()) or set(groups)


def _column(scores: tuple[Score, ...], cards: Mapping[str, MethodCard], *, main: bool, compared: bool) -> Column:
    first = scores[0]
    kinds = tuple(dict.fromkeys(interval_words(score.interval.kind) for score in scores))
    places = decimals([score.interval for score in scores])
    competing = [score for score in scores if cards[score.method].role == "method"]
    return Column(
        first.metric,
        _protocol(first),
        range_text(first.metric),
        kinds,
        scores,
        places,
        family(first.metric.name),
        main,
        _span([score.ceiling for score in competing], places),
        _span([score.floor for score in competing], places),
        compared,
    )


def _span(values: Sequence[float | None], places: int) -> str:
    """Return the least and the greatest of some numbers as text, once where they read alike."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        return ""
    low, high = number(min(finite), places), number(max(finite), places)
    return low if low == high else f"{low} to {high}"


def _cells(group: Mapping[str, Score], standings: Mapping[str, str]) -> dict[str, Cell]:
    """Return the cells of one column by method; the strip runs over all values, intervals, floors and ceilings."""
    places = decimals([score.interval for score in group.values()])
    ends = [
        end
        for score in group.values()
        for end in (score.value, score.interval.low, score.interval.high, score.floor, score.ceiling)
    ]
    finite = [end for end in ends if end is not None and math.isfinite(end)] or [0.0]
    start, length = min(finite), (max(finite) - min(finite)) or 1.0

    def place(end: float | None) -> float | None:
        return None if end is None or not math.isfinite(end) else round(100 * (end - start) / length, 2)

    def cell(score: Score) -> Cell:
        low = place(score.interval.low) or 0.0
        return Cell(
            score,
            ("≤ " if at_limit(score.flags) else "") + number(score.value, places),
            interval_text(score.interval, places),
            standings.get(score.method, ""),
            place(score.value) or 0.0,
            low,
            round((place(score.interval.high) or 0.0) - low, 2),
            place(score.floor),
            place(score.ceiling),
        )

    return {name: cell(score) for name, score in group.items()}


def _standings(
    group: Mapping[str, Score], cards: Mapping[str, MethodCard], comparisons: Sequence[Comparison]
) -> tuple[dict[str, str], bool]:
    """Return how each method stands to the best, and whether every one was compared with it.

    A lone method is not called the best of anything, nor is one that is worse than a floor, or whose value is a limit
    of what can be measured. A comparison counts for a column if its difference is that of the
    column's values: a comparison of means says nothing about medians.
    """
    rivals = {
        name: score
        for name, score in group.items()
        if cards[name].role == "method" and math.isfinite(score.value) and not at_limit(score.flags)
    }
    low = _below_floor(group, cards, comparisons)
    if len(rivals) < 2:
        return low, True
    higher = next(iter(rivals.values())).metric.direction == "higher"
    limits = [score.value for name, score in group.items() if cards[name].role == "method" and at_limit(score.flags)]
    values = [score.value for score in rivals.values()]
    best = max(values) if higher else min(values)
    if limits and ((max(limits) >= best) if higher else (min(limits) <= best)):
        return low, True  # one that is as good or better cannot be ranked
    standings = {name: "best" for name, score in rivals.items() if score.value == best}
    compared = set(standings)
    for comparison in comparisons:
        first, second = rivals.get(comparison.first), rivals.get(comparison.second)
        if first is None or second is None or not _is_of(comparison, first, second):
            continue
        for one, other in ((first, second), (second, first)):
            if one.value == best:
                compared.add(other.method)
                if other.value != best and not comparison.distinguishable:
                    standings[other.method] = "tied"
    return standings | low, compared == set(rivals)


def _below_floor(
    group: Mapping[str, Score], cards: Mapping[str, MethodCard], comparisons: Sequence[Comparison]
) -> dict[str, str]:
    """Return the methods that are worse than a floor beyond doubt: nothing makes them one of the best."""
    found = {}
    for comparison in comparisons:
        first, second = group.get(comparison.first), group.get(comparison.second)
        if first is None or second is None or not comparison.distinguishable or not _is_of(comparison, first, second):
            continue
        first_better = (comparison.difference > 0) == (comparison.metric.direction == "higher")
        better, worse = (first, second) if first_better else (second, first)
        if cards[better.method].role == "floor" and cards[worse.method].role == "method":
            found[worse.method] = "below"
    return found


def _is_of(comparison: Comparison, first: Score, second: Score) -> bool:
    same = (comparison.metric.name, comparison.protocol, comparison.convention) == (
        first.metric.name, first.protocol, first.convention,
    ) and comparison.parameters == first.parameters  # fmt: skip
    return same and math.isclose(
        comparison.difference, first.value - second.value, rel_tol=1e-6, abs_tol=1e-9 + 1e-6 * abs(first.value)
    )
