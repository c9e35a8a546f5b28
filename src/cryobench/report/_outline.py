"""One measure over all datasets of a page: methods in rows, datasets in columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cryobench.report._sections import DatasetSection
from cryobench.report._table import Cell, Column


@dataclass(frozen=True)
class Outline:
    """The measure that most datasets have, first of those shown first; a cell is ``None`` where there is no score."""

    column: Column
    datasets: tuple[DatasetSection, ...]
    rows: tuple[tuple[str, str, tuple[Cell | None, ...]], ...]


def outline(sections: Sequence[DatasetSection]) -> Outline | None:
    """Return the outline of several datasets, or ``None`` of a single one or where they share no measure."""
    if len(sections) < 2:
        return None
    counts = Counter(_name(column) for section in sections for column in section.table.columns if column.main)
    if not counts:
        return None
    # Of the measures that most datasets have, the standard convention before the published one; ties as first met.
    chosen = max(counts, key=lambda name: (counts[name], name[2] == "standard"))
    columns = [[_name(column) for column in section.table.columns] for section in sections]
    roles: dict[str, str] = {}
    for section in sections:
        roles |= section.roles
    rows = []
    for method, role in sorted(roles.items(), key=lambda item: item[1] != "method"):
        cells = []
        for section, names in zip(sections, columns, strict=True):
            rows_of = {row.method.name: row for row in (*section.table.methods, *section.table.controls)}
            found = rows_of.get(method)
            cells.append(found.cells[names.index(chosen)] if found is not None and chosen in names else None)
        rows.append((method, role, tuple(cells)))
    first = next(
        column for section in sections for column in section.table.columns if column.main and _name(column) == chosen
    )
    return Outline(first, tuple(sections), tuple(rows))


def _name(column: Column) -> tuple[str, str, str, str, str]:
    score = column.scores[0]
    parameters = repr(sorted(score.parameters.items()))
    return score.metric.name, score.protocol, score.convention, score.statistic, parameters
