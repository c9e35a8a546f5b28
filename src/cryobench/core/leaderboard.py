"""Entries of the leaderboard: what a method scored on a dataset, where the numbers come from and who stands by them.

An entry is never edited. One that replaces another names it in ``supersedes``, so what was said before stays readable.
"""

from __future__ import annotations

import datetime
import hashlib
import math
import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from cryobench.core.results import Interval, MetricCard
from cryobench.core.strict import Strict

Status = Literal["quoted", "claimed", "rerun"]
"""``quoted`` from a publication, ``claimed`` by a results file handed in, ``rerun`` and found the same here."""

Kind = Literal["fixed-pose", "ab-initio", "not stated"]

LONGEST_NAME = 200
_LONGEST_SLUG = 40
_PLAIN_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HASHED_SLUG = re.compile(r".*-[0-9a-f]{8}")
# Windows keeps these names for devices, whatever the ending of the file.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
_ROUNDING = 1e-9
_LARGEST = 1e12


def slug(name: str) -> str:
    """Return a name for files and addresses: small letters, digits and hyphens, and another one for another name.

    A name that is of that form already stays as it is. Any other one ends with a part of its SHA-256 checksum, so two
    names that differ in nothing but case or signs never share a file, even where file names have no case.
    """
    plain = len(name) <= _LONGEST_SLUG and _PLAIN_SLUG.fullmatch(name) and not _HASHED_SLUG.fullmatch(name)
    if plain and name not in _DEVICES:
        return name
    ascii_ = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    readable = re.sub(r"[^a-z0-9]+", "-", ascii_).strip("-")[:_LONGEST_SLUG].rstrip("-") or "x"
    return f"{readable}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _name(text: str) -> str:
    if not text.strip() or len(text) > LONGEST_NAME:
        raise ValueError(f"a name of 1 to {LONGEST_NAME} characters is expected")
    odd = next((sign for sign in text if unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"}), None)
    if odd is not None:
        raise ValueError(f"a name has no control characters, found U+{ord(odd):04X}")
    return text


Name = Annotated[str, AfterValidator(_name)]
"""Text of one line."""

Number = Annotated[float, Field(ge=-_LARGEST, le=_LARGEST)]
"""A number that is sane: none that is larger is a score."""

Checksum = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 checksum in hexadecimal."""

EntryId = Annotated[str, Field(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+\.(quoted|claimed|rerun)\.[1-9][0-9]{0,4}$")]


class EntryDataset(Strict):
    """What was scored on.

    ``checksum`` is that of ``dataset.json``; it is None where a publication does not give one, or where the dataset is
    held back: then ``commitment`` is what its checksum was committed to. ``stand_in`` says in words what replaces the
    published input, and is empty where nothing does. ``printed`` is the name that a publication uses.
    """

    id: Name
    title: Name
    checksum: Checksum | None = None
    commitment: Checksum | None = None
    stand_in: str = ""
    printed: str = ""


class EntryMethod(Strict):
    """Which method: ``role`` is ``ceiling`` where it was told the truth; ``version`` is empty where none is stated."""

    name: Name
    version: str = ""
    kind: Kind = "not stated"
    role: Literal["method", "ceiling", "floor"] = "method"
    summary: str = ""


class EntryScore(Strict):
    """One number, as in :class:`~cryobench.core.Score`; ``metric`` is the name of one of the entry's metrics.

    ``floor`` and ``ceiling`` are what the controls scored beside it, where they did; else what the metric knows itself.
    ``source`` and ``note`` are where a quoted number stands, and its caveat. What a publication does not give is None.
    """

    metric: str
    protocol: str
    convention: str
    statistic: Literal["mean", "median", "value"]
    parameters: dict[str, float | int | str] = Field(default={})
    value: Number
    spread: Number | None = None
    interval: Interval | None = None
    n: int | None = Field(default=None, ge=1)
    floor: Number | None = None
    ceiling: Number | None = None
    flags: tuple[str, ...] = ()
    source: str = ""
    note: str = ""

    @property
    def key(self) -> tuple[str, str, str, str, tuple[tuple[str, str], ...]]:
        """What two numbers must share to stand in one column."""
        parameters = tuple(sorted((name, repr(value)) for name, value in self.parameters.items()))
        return self.metric, self.protocol, self.convention, self.statistic, parameters

    @property
    def words(self) -> str:
        """What it is a number of, in words."""
        parameters = ", ".join(f"{name} = {self.parameters[name]}" for name in sorted(self.parameters))
        return ", ".join(
            part for part in (self.metric, self.statistic, self.protocol, self.convention, parameters) if part
        )

    @model_validator(mode="after")
    def _within_interval(self) -> EntryScore:
        if self.interval is None:
            return self
        low, high = self.interval.low, self.interval.high
        if not all(abs(end) <= _LARGEST for end in (low, high)):
            raise ValueError(f"{self.words}: the interval [{low}, {high}] is not finite, or too large to be one")
        slack = _ROUNDING * max(1.0, abs(self.value))
        if not low - slack <= self.value <= high + slack:
            raise ValueError(f"{self.words}: the value {self.value:g} is outside of its interval [{low:g}, {high:g}]")
        return self


class EntryCost(Strict):
    """What the method took: wall time in seconds, on what, and its peak memory in MB."""

    seconds: float | None = Field(default=None, ge=0)
    device: str = ""
    peak_memory_mb: float | None = Field(default=None, ge=0)


class Evidence(Strict):
    """What an entry can be held to: checksums of ``results.json`` and of the submission, versions and seed.

    ``claim`` is the checksum of the results that were claimed, where a rerun found the same.
    """

    results: Checksum
    submission: Checksum
    claim: Checksum | None = None
    provenance: dict[str, str] = Field(default={})


class LeaderboardEntry(Strict):
    """What a method scored on a dataset: the content of a file of ``leaderboard/entries``.

    Every quoted score names its source; every other entry has evidence, and a checksum of its dataset or what that was
    committed to.
    """

    schema_version: Literal[1] = 1
    id: EntryId
    status: Status
    added: datetime.date
    supersedes: EntryId | None = None
    dataset: EntryDataset
    method: EntryMethod
    metrics: tuple[MetricCard, ...] = Field(min_length=1)
    scores: tuple[EntryScore, ...] = Field(min_length=1)
    cost: EntryCost = EntryCost()
    evidence: Evidence | None = None

    def card(self, score: EntryScore) -> MetricCard:
        """Return what the metric of a score is."""
        return next(card for card in self.metrics if card.name == score.metric)

    @property
    def stem(self) -> str:
        """Return the part of the id that says of what it is an entry, without the number."""
        return self.id.rpartition(".")[0]

    @model_validator(mode="after")
    def _scores_are_described(self) -> LeaderboardEntry:
        cards = {card.name: card for card in self.metrics}
        if len(cards) < len(self.metrics):
            raise ValueError("two metrics share a name")
        seen = set()
        for score in self.scores:
            if score.metric not in cards:
                raise ValueError(f"{score.words}: metric '{score.metric}' is not among the entry's metrics")
            low, high = cards[score.metric].range
            if any(end is not None and not math.isfinite(end) for end in (low, high)):
                raise ValueError(f"metric '{score.metric}': its range is not finite: an open end is null")
            if (low is not None and score.value < low) or (high is not None and score.value > high):
                ends = f"{'-inf' if low is None else low} to {'inf' if high is None else high}"
                raise ValueError(f"{score.words}: the value {score.value:g} is outside of the metric's range, {ends}")
            if score.key in seen:
                raise ValueError(f"{score.words}: there are two such scores")
            seen.add(score.key)
        return self

    @model_validator(mode="after")
    def _status_is_backed(self) -> LeaderboardEntry:
        stem = f"{slug(self.dataset.id)}.{slug(self.method.name)}.{self.status}"
        if self.stem != stem:
            raise ValueError(f"the id is '{self.id}', expected {stem} and a number: dataset, method and status make it")
        if self.status == "quoted":
            if self.evidence is not None:
                raise ValueError("a quoted entry has no evidence: nothing was computed")
            bare = next((score for score in self.scores if not score.source), None)
            if bare is not None:
                raise ValueError(f"{bare.words}: a quoted score names its source")
        elif self.evidence is None:
            raise ValueError(f"a {self.status} entry has evidence")
        elif (self.dataset.checksum is None) == (self.dataset.commitment is None):
            raise ValueError(f"a {self.status} entry has either the checksum of its dataset or its commitment")
        return self


def superseded(entries: Iterable[LeaderboardEntry]) -> frozenset[str]:
    """Return the ids of the entries that another one supersedes."""
    return frozenset(entry.supersedes for entry in entries if entry.supersedes is not None)
