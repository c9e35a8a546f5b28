"""The site: a path and a text for each page."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from cryobench.core import InputError, LeaderboardEntry, MetricCard, slug, superseded
from cryobench.report._environment import page_environment
from cryobench.report.leaderboard._boards import board_path, boards_of
from cryobench.report.leaderboard._columns import headline, measure_words
from cryobench.report.leaderboard._history import HEIGHT, WIDTH, histories_of

STATUS_WORDS = {"rerun": "Rerun here", "claimed": "Claimed", "quoted": "Quoted from publications"}


@dataclass(frozen=True)
class MethodPage:
    """A method, by its name, and everything that is entered of it; ``alike`` are names that differ in signs alone."""

    name: str
    path: str
    entries: tuple[LeaderboardEntry, ...]
    alike: tuple[str, ...]

    @property
    def standing(self) -> tuple[LeaderboardEntry, ...]:
        """The entries that none supersedes."""
        old = superseded(self.entries)
        return tuple(entry for entry in self.entries if entry.id not in old)


def render_leaderboard(entries: Sequence[LeaderboardEntry]) -> dict[str, str]:
    """Return the text of each file of the site, by its path; the same entries give the same texts.

    Parameters
    ----------
    entries
        What is shown, in any order. Every name in them is shown as text, whatever it holds.

    Raises
    ------
    InputError
        If two entries have one id.
    """
    ordered = sorted(entries, key=lambda entry: entry.id)
    twice = next((a.id for a, b in itertools.pairwise(ordered) if a.id == b.id), None)
    if twice is not None:
        raise InputError(f"two entries have the id '{twice}': expected one")
    boards = boards_of(ordered)
    methods = _methods(ordered)
    common: dict[str, Any] = {
        "entries": ordered,
        "real": [board for board in boards if not board.stand_in],
        "stand_ins": [board for board in boards if board.stand_in],
        "methods": methods,
        "metrics": _metrics(ordered),
        "headline": headline(ordered),
        "status_words": STATUS_WORDS,
        "counts": _counts(ordered, stand_in=False),
        "stand_in_counts": _counts(ordered, stand_in=True),
        "old": {entry.supersedes: entry.id for entry in ordered if entry.supersedes},
    }
    environment = page_environment()
    environment.filters.update(method_path=method_path, board_path=board_path, measure=measure_words)

    def page(template: str, path: str, **own: Any) -> str:
        root = "../" * path.count("/")
        return environment.get_template(f"leaderboard/{template}.html.j2").render(root=root, path=path, **common, **own)

    site = {
        f"{name}.html": page(name, f"{name}.html") for name in ("index", "stand-ins", "methods", "history", "reading")
    }
    for board in boards:
        histories = histories_of(board.entries, common["headline"], "history")
        site[board.path] = page("dataset", board.path, board=board, histories=histories, width=WIDTH, height=HEIGHT)
    for method in methods:
        site[method.path] = page("method", method.path, method=method)
    templates = files("cryobench.report") / "templates" / "leaderboard"
    for name in ("leaderboard.css", "leaderboard.js"):
        site[name] = (templates / name).read_text(encoding="utf-8")
    return site


def _counts(entries: Sequence[LeaderboardEntry], *, stand_in: bool) -> dict[str, int]:
    """Return how many entries of each status stand, on stand-ins or on other datasets."""
    old = superseded(entries)
    standing = [each for each in entries if each.id not in old and bool(each.dataset.stand_in) == stand_in]
    return {status: sum(each.status == status for each in standing) for status in STATUS_WORDS}


def _methods(entries: Sequence[LeaderboardEntry]) -> list[MethodPage]:
    groups: dict[str, list[LeaderboardEntry]] = {}
    for entry in entries:
        groups.setdefault(entry.method.name, []).append(entry)
    alike: dict[str, list[str]] = {}
    for name in sorted(groups):
        alike.setdefault(_letters(name), []).append(name)
    return [
        MethodPage(
            name, method_path(name), tuple(group), tuple(other for other in alike[_letters(name)] if other != name)
        )
        for name, group in sorted(groups.items(), key=lambda item: (item[0].casefold(), item[0]))
    ]


def _letters(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum()) or name


def method_path(name: str) -> str:
    """Return the path of a method's page."""
    return f"methods/{slug(name)}.html"


def _metrics(entries: Sequence[LeaderboardEntry]) -> list[MetricCard]:
    """Return what each metric is, the one that is shown first in front, the others by their labels."""
    first = headline(entries)
    found = {card.name: card for entry in entries for card in entry.metrics}
    return sorted(found.values(), key=lambda card: (card.name != first, card.label.casefold(), card.name))
