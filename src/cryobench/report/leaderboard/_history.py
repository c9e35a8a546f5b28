"""How the best score moved: what stood on each day, and the drawing of it."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass

from cryobench.core import LeaderboardEntry
from cryobench.report._table import number
from cryobench.report.leaderboard._columns import Column, Key, columns_of

WIDTH, HEIGHT = 680, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 24, 14, 40
_MOST_DATES = 6
_TICKS = 4
_LEAST_WIDTH = 1e-9


@dataclass(frozen=True)
class Mark:
    """An entry in the drawing: where, and what it says."""

    x: float
    y: float
    entry: LeaderboardEntry
    value: str


@dataclass(frozen=True)
class Line:
    """The best of one status from day to day: a path, and the entries."""

    status: str
    path: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Step:
    """A day on which the best of one status changed."""

    date: datetime.date
    status: str
    entry: LeaderboardEntry
    value: str


@dataclass(frozen=True)
class History:
    """The drawing of one column on one build, and its steps as a table says them."""

    id: str
    column: Column
    checksum: str | None
    commitment: str | None
    lines: tuple[Line, ...]
    steps: tuple[Step, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    bounds: tuple[int, int, int, int] = (_LEFT, WIDTH - _RIGHT, _TOP, HEIGHT - _BOTTOM)


def histories_of(entries: Sequence[LeaderboardEntry], metric: str, anchor: str) -> tuple[History, ...]:
    """Return a history for each build and column of a metric that has two runs or more; quoted scores have none.

    Parameters
    ----------
    entries
        Those of one dataset, superseded ones too.
    metric
        Name of the metric.
    anchor
        Start of the id of each.
    """
    builds: dict[tuple[str, str], list[LeaderboardEntry]] = {}
    for entry in entries:
        if entry.status != "quoted" and entry.method.role == "method":
            builds.setdefault((entry.dataset.checksum or "", entry.dataset.commitment or ""), []).append(entry)
    found: list[History] = []
    for build, group in sorted(builds.items()):
        for column in columns_of(group):
            scored = [entry for entry in group if _value(entry, column.key) is not None]
            if column.metric.name == metric and column.key[3] != "median" and len(scored) > 1:
                found.append(_history(scored, group, column, build, f"{anchor}-{len(found)}"))
    return tuple(found)


def _history(
    scored: list[LeaderboardEntry], entries: list[LeaderboardEntry], column: Column, build: tuple[str, str], id_: str
) -> History:
    values = [_need(entry, column.key) for entry in scored]
    ticks = nice_ticks(min(values), max(values))
    places = max(0, min(6, 1 - math.floor(math.log10(ticks[1] - ticks[0]))))
    days = sorted({entry.added for entry in scored})
    span = (days[-1] - days[0]).days

    def x(day: datetime.date) -> float:
        part = (day - days[0]).days / span if span else 0.5
        return round(_LEFT + 16 + part * (WIDTH - _LEFT - _RIGHT - 48), 1)

    def y(value: float) -> float:
        part = (value - ticks[0]) / (ticks[-1] - ticks[0])
        return round(HEIGHT - _BOTTOM - part * (HEIGHT - _BOTTOM - _TOP), 1)

    lines, steps = [], []
    for status in ("rerun", "claimed"):
        own = [entry for entry in scored if entry.status == status]
        if not own:
            continue
        path = ""
        last: LeaderboardEntry | None = None
        for day in days:
            best = _best_on(day, own, entries, column)
            if best is None:
                path += f"H{x(day):g}" if last is not None else ""
                last = None
                continue
            level = y(_need(best, column.key))
            path += f"M{x(day):g} {level:g}" if last is None else f"H{x(day):g}V{level:g}"
            if last is None or last.id != best.id:
                steps.append(Step(day, status, best, number(_need(best, column.key), places)))
            last = best
        if last is not None:
            path += f"H{WIDTH - _RIGHT}"
        marks = (
            Mark(x(entry.added), y(_need(entry, column.key)), entry, number(_need(entry, column.key), places))
            for entry in sorted(own, key=lambda entry: (entry.added, entry.id))
        )
        lines.append(Line(status, path, tuple(marks)))
    steps.sort(key=lambda step: (step.date, step.status))
    shown = (
        days
        if len(days) <= _MOST_DATES
        else [days[round(i * (len(days) - 1) / (_MOST_DATES - 1))] for i in range(_MOST_DATES)]
    )
    return History(
        id_, column, build[0] or None, build[1] or None, tuple(lines), tuple(steps),
        _spread_ticks([(x(day), day.isoformat()) for day in shown]),
        tuple((y(tick), number(tick, places)) for tick in ticks),
    )  # fmt: skip


def nice_ticks(low: float, high: float) -> list[float]:
    """Return round numbers at even steps, at least two, from at most ``low`` to at least ``high``."""
    scale = max(abs(low), abs(high))
    width = high - low if high - low > _LEAST_WIDTH * scale > 0 else 0.1 * scale
    width = width if width > _LEAST_WIDTH else 1.0
    raw = width / _TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    if first == last:
        first, last = first - 1, last + 1
    return [place * step for place in range(first, last + 1)]


def _best_on(
    day: datetime.date, own: Sequence[LeaderboardEntry], entries: Sequence[LeaderboardEntry], column: Column
) -> LeaderboardEntry | None:
    """Return the best of the entries that stood on a day: added by then, and not superseded by then."""
    gone = {entry.supersedes for entry in entries if entry.added <= day}
    standing = [entry for entry in own if entry.added <= day and entry.id not in gone]
    sign = -1 if column.higher else 1
    return min(standing, key=lambda entry: (sign * _need(entry, column.key), entry.added, entry.id), default=None)


def _value(entry: LeaderboardEntry, key: Key) -> float | None:
    return next((score.value for score in entry.scores if score.key == key), None)


def _need(entry: LeaderboardEntry, key: Key) -> float:
    value = _value(entry, key)
    assert value is not None
    return value


def _spread_ticks(ticks: list[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """Leave out dates whose words would run into one another."""
    kept: list[tuple[float, str]] = []
    for tick in ticks:
        if not kept or tick[0] - kept[-1][0] >= 80:
            kept.append(tick)
    return tuple(kept)
