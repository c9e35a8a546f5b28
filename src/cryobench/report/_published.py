"""Scores quoted from publications, beside ours and never among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryobench.core import DatasetCard, PublishedScore
from cryobench.report._table import Column, ScoreTable

_UNALTERED = ("", "published")
"""What may follow the colon of a dataset's id for a published score to be of the same states."""

_PUBLISHED_SIZES = ("full", "published")
"""Scales of a build that has the published number of images, of the published size."""


@dataclass(frozen=True)
class QuotedRow:
    """Numbers of one method from one source, one a column of the score table, empty where there is none."""

    method: str
    source: str
    note: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Quoted:
    """Published scores of a dataset.

    ``comparable`` says whether they may stand in the score table at all; ``why_not`` says in words what forbids it.
    """

    scores: tuple[PublishedScore, ...]
    rows: tuple[QuotedRow, ...]
    comparable: bool
    why_not: str


def quoted(card: DatasetCard, table: ScoreTable, published: Sequence[PublishedScore]) -> Quoted:
    """Return the published scores of a dataset, in the order given."""
    base, _, variant = card.id.partition(":")
    own = tuple(score for score in published if score.dataset in {base, card.id})
    why_not = ""
    if card.stand_in:
        why_not = "this dataset is a stand-in for the published one"
    elif variant not in _UNALTERED:
        why_not = f"this dataset is not the published one ({card.id})"
    elif card.facts.get("Scale", "full") not in _PUBLISHED_SIZES:
        why_not = f"this build is not of the published size and settings (scale: {card.facts['Scale']})"
    rows = () if why_not else _rows(own, table.columns)
    return Quoted(own, rows, not why_not, why_not)


def _rows(scores: Sequence[PublishedScore], columns: Sequence[Column]) -> tuple[QuotedRow, ...]:
    groups: dict[tuple[str, str], list[PublishedScore]] = {}
    for score in scores:
        groups.setdefault((score.method, score.source), []).append(score)
    rows = []
    for (method, source), members in groups.items():
        cells = tuple(_text(members, column) for column in columns)
        if any(cells):
            rows.append(QuotedRow(method, source, "; ".join(dict.fromkeys(m.note for m in members if m.note)), cells))
    return tuple(rows)


def _text(members: Sequence[PublishedScore], column: Column) -> str:
    """Return what is quoted for a column: of the same protocol, metric and statistic in the published convention.

    The published protocol takes volumes as they are, so columns of volumes that were aligned first have no quotes.
    """
    score = column.scores[0]
    if score.convention != "published" or score.parameters.get("alignment", "none") != "none":
        return ""
    name = f"{score.protocol} {score.metric.label}".casefold()
    for quote in members:
        if quote.protocol.casefold() == name:
            value = {"mean": quote.mean, "median": quote.median}.get(score.statistic)
            if value is not None:
                return f"{value:g}"
    return ""
