"""Published scores, as printed: package data, and entries of the leaderboard made of them."""

from __future__ import annotations

import csv
import datetime
import io
import math
from collections.abc import Sequence
from pathlib import Path

from cryobench.core import (
    EntryDataset,
    EntryMethod,
    EntryScore,
    FormatError,
    LeaderboardEntry,
    PublishedScore,
    slug,
    superseded,
)
from cryobench.datasets import RECIPES
from cryobench.io import read_text
from cryobench.metrics import METRICS

COLUMNS = ("dataset", "method", "protocol", "mean", "std", "median", "source", "note")
DATASETS = {
    "IgG-1D": "igg-1d",
    "IgG-RL": "igg-rl",
    "Ribosembly": "ribosembly",
    "Tomotwin-100": "tomotwin-100",
    "Spike-MD": "spike-md",
}
"""Our name of each dataset, by the printed one."""

PROTOCOLS = {"per-conformation FSC AUC": "per-conformation", "per-image FSC AUC": "per-image"}
"""Our name of each protocol, by the printed one."""

QUOTED_ON = datetime.date(2026, 11, 25)
"""When the scores were written down."""

_FILE = Path(__file__).parents[1] / "published_scores.csv"
_METRIC = "fsc-auc"


def published_scores(path: Path = _FILE) -> tuple[PublishedScore, ...]:
    """Return the scores that publications give for the benchmark datasets, in the order of the file.

    Nothing of it was computed here. ``dataset`` is our name of it, ``printed`` that of the publication. A note ``same``
    is that of the row above.

    Raises
    ------
    FormatError
        If the file is not as expected; the message names the line.
    """
    rows = csv.DictReader(io.StringIO(read_text(path)), strict=True)
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise FormatError(f"{path}: the first line is {rows.fieldnames}, expected {','.join(COLUMNS)}")
    scores: list[PublishedScore] = []
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        where = f"{path}, line {rows.line_num}"
        score = _score(row, scores[-1] if scores else None, where)
        key = (score.dataset, score.method, score.protocol)
        if key in seen:
            raise FormatError(f"{where}: '{score.method}' has two scores on {score.printed}, {score.protocol}")
        seen.add(key)
        scores.append(score)
    return tuple(scores)


def quoted_entries(existing: Sequence[LeaderboardEntry] = ()) -> tuple[LeaderboardEntry, ...]:
    """Return the published scores as entries, one for each dataset and method.

    What stands in ``existing`` already is left out. Where that differs, the entry is the next one and supersedes it.
    """
    groups: dict[tuple[str, str], list[PublishedScore]] = {}
    for score in published_scores():
        groups.setdefault((score.dataset, score.method), []).append(score)
    old = superseded(existing)
    now = {entry.stem: entry for entry in existing if entry.status == "quoted" and entry.id not in old}
    made = []
    for entry in (_entry(scores) for scores in groups.values()):
        last = now.get(entry.stem)
        if last is None:
            made.append(entry)
        elif (last.dataset, last.method, last.scores) != (entry.dataset, entry.method, entry.scores):
            number = int(last.id.rpartition(".")[2]) + 1
            made.append(entry.model_copy(update={"id": f"{entry.stem}.{number}", "supersedes": last.id}))
    return tuple(made)


def _score(row: dict[str, str | None], above: PublishedScore | None, where: str) -> PublishedScore:
    if None in row or None in row.values():
        raise FormatError(f"{where}: expected {len(COLUMNS)} fields")
    text = {name: value or "" for name, value in row.items()}
    for name in ("method", "source"):
        if not text[name].strip():
            raise FormatError(f"{where}: field '{name}' is empty")
    if text["dataset"] not in DATASETS:
        raise FormatError(f"{where}: unknown dataset '{text['dataset']}', expected one of {', '.join(DATASETS)}")
    if text["protocol"] not in PROTOCOLS:
        raise FormatError(f"{where}: unknown protocol '{text['protocol']}', expected one of {', '.join(PROTOCOLS)}")
    mean, std, median = (_number(text[name], name, where) for name in ("mean", "std", "median"))
    if mean is None:
        raise FormatError(f"{where}: field 'mean' is empty")
    note = text["note"]
    if note == "same":
        if above is None or above.source != text["source"]:
            raise FormatError(f"{where}: the note is 'same', but the row above is not of '{text['source']}'")
        note = above.note
    return PublishedScore(
        dataset=DATASETS[text["dataset"]],
        method=text["method"],
        protocol=text["protocol"],
        mean=mean,
        std=std,
        median=median,
        source=text["source"],
        note=note,
        printed=text["dataset"],
    )


def _number(text: str, name: str, where: str) -> float | None:
    """Return a number from 0 to 1, or None where there is none."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise FormatError(f"{where}: field '{name}' is '{text}', expected a number from 0 to 1")
    return value


def _entry(scores: list[PublishedScore]) -> LeaderboardEntry:
    first = scores[0]
    bound = any(score.note == "upper bound" for score in scores)
    found = []
    for score in scores:
        common = {"metric": _METRIC, "protocol": PROTOCOLS[score.protocol], "convention": "published"}
        words = {"source": score.source, "note": score.note}
        found.append(EntryScore(**common, **words, statistic="mean", value=score.mean, spread=score.std))
        if score.median is not None:
            found.append(EntryScore(**common, **words, statistic="median", value=score.median))
    return LeaderboardEntry(
        id=f"{slug(first.dataset)}.{slug(first.method)}.quoted.1",
        status="quoted",
        added=QUOTED_ON,
        dataset=EntryDataset(id=first.dataset, title=RECIPES[first.dataset].title, printed=first.printed),
        method=EntryMethod(name=first.method, role="ceiling" if bound else "method"),
        metrics=(METRICS[_METRIC],),
        scores=tuple(found),
    )
