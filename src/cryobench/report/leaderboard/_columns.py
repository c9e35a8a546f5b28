"""What is measured: a column of a table holds scores that may be compared, and says what they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cryobench.core import EntryScore, LeaderboardEntry, MetricCard
from cryobench.report._style import parameters_text
from cryobench.report._table import range_text

HEADLINE = "fsc-auc"
"""The metric that is shown first where it is there."""

Key = tuple[str, str, str, str, tuple[tuple[str, str], ...]]
_STATISTICS = ("mean", "median", "value")


@dataclass(frozen=True)
class Column:
    """Scores of one metric, statistic, protocol, convention and set of parameters."""

    key: Key
    metric: MetricCard
    words: str

    @property
    def higher(self) -> bool:
        """Whether more is better."""
        return self.metric.direction == "higher"

    @property
    def better(self) -> str:
        """Which end is better, and the range, in words."""
        unit = f" {self.metric.unit}" if self.metric.unit else ""
        return f"{'↑ higher' if self.higher else '↓ lower'} is better, {range_text(self.metric)}{unit}"


def columns_of(entries: Iterable[LeaderboardEntry]) -> tuple[Column, ...]:
    """Return the columns that the scores of entries need, in an order that depends on nothing but what they are."""
    found = {score.key: (entry.card(score), score) for entry in entries for score in entry.scores}
    return tuple(Column(key, card, measure_words(score)) for key, (card, score) in sorted(found.items(), key=_order))


def measure_words(score: EntryScore) -> str:
    """Return what was taken and how, without the metric, as one phrase."""
    convention = f"{score.convention} convention" if score.convention else ""
    parts = (score.statistic, score.protocol, convention, parameters_text(score.parameters))
    return " · ".join(part for part in parts if part)


def headline(entries: Iterable[LeaderboardEntry]) -> str:
    """Return the name of the metric that is shown first, empty where there is none."""
    names = sorted({card.name for entry in entries for card in entry.metrics})
    return HEADLINE if HEADLINE in names else next(iter(names), "")


def _order(item: tuple[Key, tuple[MetricCard, EntryScore]]) -> tuple[object, ...]:
    metric, protocol, convention, statistic, parameters = item[0]
    return metric != HEADLINE, metric, _STATISTICS.index(statistic), protocol, convention, parameters
