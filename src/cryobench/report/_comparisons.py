"""Paired differences as rows that the page's script shows a measure at a time."""

from __future__ import annotations

from typing import TypedDict

from cryobench.core import Comparison, ResultsDocument
from cryobench.core.words import verdict
from cryobench.report._style import protocol_text, with_unit
from cryobench.report._table import decimals, interval_text, signed


class ComparisonRow(TypedDict):
    """A comparison as shown, with its verdict in words."""

    first: str
    second: str
    value: float
    difference: str
    interval: str
    n: int
    verdict: str
    clear: bool


class ComparisonGroup(TypedDict):
    """The comparisons of one measure."""

    title: str
    better: str
    kinds: str
    rows: list[ComparisonRow]


def comparison_groups(document: ResultsDocument) -> list[ComparisonGroup]:
    """Return the comparisons by measure, both in the order first met."""
    groups: dict[tuple[str, str], list[Comparison]] = {}
    for comparison in document.comparisons:
        protocol = protocol_text(comparison.protocol, comparison.convention, comparison.parameters)
        groups.setdefault((comparison.metric.name, protocol), []).append(comparison)
    return [
        {
            "title": f"{with_unit(members[0].metric.label, members[0].metric.unit)} · {protocol}",
            "better": members[0].metric.direction,
            "kinds": "; ".join(dict.fromkeys(each.interval.kind for each in members)),
            "rows": [_row(each) for each in members],
        }
        for (_, protocol), members in groups.items()
    ]


def _row(comparison: Comparison) -> ComparisonRow:
    places = decimals((comparison.interval,))
    return {
        "first": comparison.first,
        "second": comparison.second,
        "value": comparison.difference,
        "difference": signed(comparison.difference, places),
        "interval": interval_text(comparison.interval, places, sign=True),
        "n": comparison.n,
        "verdict": verdict(comparison),
        "clear": comparison.distinguishable,
    }
