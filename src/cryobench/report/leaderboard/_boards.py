"""Entries to tables. Never in one table: numbers of other builds of a dataset, of another status, of a stand-in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryobench.core import EntryScore, LeaderboardEntry, slug, superseded
from cryobench.core.words import at_limit
from cryobench.report._table import decimals, interval_text, number
from cryobench.report.leaderboard._columns import Column, Key, columns_of

_MOST_DECIMALS = 6


@dataclass(frozen=True)
class Cell:
    """A score as shown.

    ``mark`` is ``best``, or ``meets`` where the interval meets that of the best one. Where there is a ``strip``,
    ``at``, ``low`` and ``width`` place value and interval on it, in percent. ``source`` is the number of the
    note below the table.
    """

    score: EntryScore
    value: str
    below: str
    bounds: str
    mark: str
    strip: bool
    at: float
    low: float
    width: float
    source: int | None


@dataclass(frozen=True)
class Row:
    """An entry and its cells, one for each column, None where it has no such score."""

    entry: LeaderboardEntry
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Table:
    """Entries of one status on one build of a dataset: best first by the first column, but by name if quoted.

    ``sources`` are the notes of a table of quoted scores: source and caveat.
    """

    id: str
    status: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Build:
    """The tables of one build of a dataset, known by its checksum, or by what that was committed to."""

    checksum: str | None
    commitment: str | None
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Board:
    """Everything about one dataset: the runs, build by build, and apart from them what is quoted."""

    id: str
    title: str
    stand_in: str
    path: str
    anchor: str
    builds: tuple[Build, ...]
    quoted: Table | None
    entries: tuple[LeaderboardEntry, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """All its tables, in the order they are shown."""
        runs = tuple(table for build in self.builds for table in build.tables)
        return runs if self.quoted is None else (*runs, self.quoted)


def boards_of(entries: Sequence[LeaderboardEntry]) -> tuple[Board, ...]:
    """Return a board for each dataset: those that publications score first, then by id.

    What is superseded stands in the ``entries`` of a board alone.
    """
    groups: dict[tuple[str, bool], list[LeaderboardEntry]] = {}
    for entry in entries:
        groups.setdefault((entry.dataset.id, bool(entry.dataset.stand_in)), []).append(entry)
    boards = [_board(group) for _, group in sorted(groups.items())]
    return tuple(sorted(boards, key=lambda board: board.quoted is None))


def board_path(entry: LeaderboardEntry) -> str:
    """Return the path of the page of an entry's dataset; a stand-in has one of its own, whatever its id."""
    return f"{'stand-ins' if entry.dataset.stand_in else 'datasets'}/{slug(entry.dataset.id)}.html"


def _board(entries: list[LeaderboardEntry]) -> Board:
    first = entries[0]
    old = superseded(entries)
    standing = [entry for entry in entries if entry.id not in old]
    anchor = f"dataset-{slug(first.dataset.id)}"  # with dots between its parts, which no slug has
    builds: dict[tuple[str, str], list[LeaderboardEntry]] = {}
    for entry in standing:
        if entry.status != "quoted":
            builds.setdefault((entry.dataset.checksum or "", entry.dataset.commitment or ""), []).append(entry)
    quoted = [entry for entry in standing if entry.status == "quoted"]
    ordered = sorted(builds.items(), key=lambda item: (-_reruns(item[1]), -len(item[1]), item[0]))
    return Board(
        id=first.dataset.id,
        title=first.dataset.title,
        stand_in=first.dataset.stand_in,
        path=board_path(first),
        anchor=anchor,
        builds=tuple(
            Build(checksum or None, commitment or None, _tables(group, f"{anchor}.{place}"))
            for place, ((checksum, commitment), group) in enumerate(ordered)
        ),
        quoted=_table(quoted, "quoted", f"{anchor}.quoted") if quoted else None,
        entries=tuple(entries),
    )


def _reruns(entries: Sequence[LeaderboardEntry]) -> int:
    return sum(entry.status == "rerun" for entry in entries)


def _tables(entries: Iterable[LeaderboardEntry], anchor: str) -> tuple[Table, ...]:
    groups = {status: [entry for entry in entries if entry.status == status] for status in ("rerun", "claimed")}
    return tuple(_table(group, status, f"{anchor}.{status}") for status, group in groups.items() if group)


def _table(entries: list[LeaderboardEntry], status: str, anchor: str) -> Table:
    columns = columns_of(entries)
    scores = {entry.id: {score.key: score for score in entry.scores} for entry in entries}
    if status == "quoted":  # of several sources, and not ranked
        ordered = sorted(entries, key=lambda entry: (entry.method.name.casefold(), entry.method.name, entry.id))
    else:
        ordered = sorted(entries, key=lambda entry: (_order(scores[entry.id], columns), entry.id))
    inside = [scores[entry.id].get(column.key) for entry in ordered for column in columns]
    sources = tuple(dict.fromkeys((score.source, score.note) for score in inside if score and score.source))
    filled = [_cells(column, ordered, scores, sources, ranked=status != "quoted") for column in columns]
    rows = tuple(Row(entry, tuple(cells.get(entry.id) for cells in filled)) for entry in ordered)
    return Table(anchor, status, columns, rows, sources)


def _order(scores: dict[Key, EntryScore], columns: Sequence[Column]) -> tuple[tuple[bool, float], ...]:
    """Return what puts rows in order: best first by the first column, then by the next; what is missing comes last."""
    values = [(column, scores.get(column.key)) for column in columns]
    return tuple(
        (score is None, 0.0 if score is None else (-score.value if column.higher else score.value))
        for column, score in values
    )


def _cells(
    column: Column,
    entries: Sequence[LeaderboardEntry],
    scores: dict[str, dict[Key, EntryScore]],
    sources: Sequence[tuple[str, str]],
    *,
    ranked: bool,
) -> dict[str, Cell]:
    """Return the cells of a column by entry. Quoted scores come from several sources and are not ranked."""
    held = {entry.id: scores[entry.id][column.key] for entry in entries if column.key in scores[entry.id]}
    contenders = [held[entry.id] for entry in entries if entry.id in held and entry.method.role == "method"]
    best = _best(column, contenders) if ranked and len(contenders) > 1 else None
    if best is not None and at_limit(best.flags):
        best = None  # it may be better than it says, and so may others
    intervals = [score.interval for score in held.values() if score.interval is not None]
    places = decimals(intervals) if intervals else _printed_decimals(held.values())
    ends = [end for score in held.values() for end in _ends(score)]
    start, length = min(ends), (max(ends) - min(ends)) or 1.0
    methods = {entry.id for entry in entries if entry.method.role == "method"}

    def cell(entry: str, score: EntryScore) -> Cell:
        at, low, high = (round(100 * (end - start) / length, 2) for end in _ends(score))
        return Cell(
            score,
            number(score.value, places),
            _below(score, places),
            _bounds(score, places),
            _mark(column, score, best) if entry in methods else "",
            score.interval is not None and len(held) > 1,
            at,
            low,
            round(high - low, 2),
            sources.index((score.source, score.note)) + 1 if score.source else None,
        )

    return {entry: cell(entry, score) for entry, score in held.items()}


def _ends(score: EntryScore) -> tuple[float, float, float]:
    if score.interval is None:
        return score.value, score.value, score.value
    return score.value, score.interval.low, score.interval.high


def _best(column: Column, scores: Sequence[EntryScore]) -> EntryScore:
    return (max if column.higher else min)(scores, key=lambda score: score.value)


def _below_floor(column: Column, score: EntryScore) -> bool:
    """Return whether a floor is better than the whole interval: an entry has no paired difference to go by."""
    if score.floor is None:
        return False
    _, low, high = _ends(score)
    return high < score.floor if column.higher else low > score.floor


def _mark(column: Column, score: EntryScore, best: EntryScore | None) -> str:
    if best is None or _below_floor(column, score) or at_limit(score.flags):
        return ""
    if score.value == best.value:
        return "best"
    if score.interval is None or best.interval is None:
        return ""
    meets = score.interval.low <= best.interval.high and best.interval.low <= score.interval.high
    return "meets" if meets else ""


def _below(score: EntryScore, places: int) -> str:
    if score.interval is not None:
        return interval_text(score.interval, places)
    return f"± {number(score.spread, places)}" if score.spread is not None else ""


def _bounds(score: EntryScore, places: int) -> str:
    pairs = (("floor", score.floor), ("ceiling", score.ceiling))
    return ", ".join(f"{name} {number(value, places)}" for name, value in pairs if value is not None)


def _printed_decimals(scores: Iterable[EntryScore]) -> int:
    """Return how many decimals the numbers have as they were printed."""
    texts = [format(value, "f") for score in scores for value in (score.value, score.spread) if value is not None]
    return min(_MOST_DECIMALS, max(len(text.rstrip("0").partition(".")[2]) for text in texts))
