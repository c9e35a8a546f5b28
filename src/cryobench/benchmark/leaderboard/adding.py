"""A results file to entries: what is handed in is checked, and the numbers of each method become an entry."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pydantic

from cryobench.benchmark.leaderboard.commitment import Commitment, Opening, require_opens
from cryobench.benchmark.leaderboard.entries import check_history, first_error
from cryobench.benchmark.leaderboard.handed_in import HandedIn
from cryobench.benchmark.scoring import OTHER_BUILD
from cryobench.core import (
    EntryCost,
    EntryDataset,
    EntryMethod,
    EntryScore,
    Evidence,
    FormatError,
    InputError,
    LeaderboardEntry,
    MethodCard,
    ResultsDocument,
    Score,
    slug,
    superseded,
)

AGREEMENT = 1e-6
"""How far a score found here may be from the one claimed, absolutely and relative to it."""


@dataclass(frozen=True)
class HeldBack:
    """A commitment to a dataset that is not published, and what opens it."""

    commitment: Commitment
    opening: Opening


def propose_entries(
    handed_in: HandedIn,
    existing: Sequence[LeaderboardEntry],
    added: datetime.date,
    *,
    methods: Sequence[str] = (),
    verified: HandedIn | None = None,
    supersedes: str | None = None,
    held_back: HeldBack | None = None,
) -> tuple[LeaderboardEntry, ...]:
    """Return an entry for each method of a results file.

    Parameters
    ----------
    handed_in
        The results that are claimed.
    existing
        The entries that are there.
    added
        The date of the entries.
    methods
        Names of methods; empty for all but the controls.
    verified
        Results that were computed here from the same submission: they must agree, and they are what is entered.
    supersedes
        Id of the entry that the one of the only method replaces.
    held_back
        Where the dataset is not published: its checksum, the seed and versions stay out of the entries.

    Raises
    ------
    FormatError
        If the results do not hold what an entry needs, or hold a number that cannot be.
    InputError
        If a method is not in the results, has an entry already, was made of another build of the dataset, or was not
        found the same here.
    """
    chosen = _chosen(handed_in, methods)
    if supersedes is not None and len(chosen) > 1:
        raise InputError(
            f"one entry supersedes another, and the results hold {len(chosen)} methods: choose with --method"
        )
    dataset = _dataset(handed_in, held_back)
    made: list[LeaderboardEntry] = []
    for card in chosen:
        if verified is not None:
            _require_same(handed_in, verified, card)
        entry = _entry(handed_in, verified, card, dataset, added, supersedes, (*existing, *made))
        _require_other(entry, existing)
        made.append(entry)
    check_history((*existing, *made))
    return tuple(made)


def _chosen(handed_in: HandedIn, methods: Sequence[str]) -> list[MethodCard]:
    cards = {card.name: card for card in handed_in.document.methods}
    unknown = next((name for name in methods if name not in cards), None)
    if unknown is not None:
        raise InputError(f"{handed_in.path} has no method '{unknown}': it has {', '.join(cards)}")
    control = next((name for name in methods if cards[name].role != "method"), None)
    if control is not None:
        raise InputError(
            f"'{control}' is a control: it is not entered, but stands in the entries of methods as their "
            f"{cards[control].role}"
        )
    chosen = [cards[name] for name in dict.fromkeys(methods)] or [c for c in cards.values() if c.role == "method"]
    if not chosen:
        raise InputError(
            f"{handed_in.path} holds controls alone: {', '.join(cards)}: expected results of a method beside them"
        )
    return chosen


def _dataset(handed_in: HandedIn, held_back: HeldBack | None) -> EntryDataset:
    card = handed_in.document.dataset
    checksum: str | None = card.checksum
    if held_back is not None:
        require_opens(held_back.commitment, held_back.opening)
        if held_back.opening.checksum != checksum:
            raise InputError(
                f"{handed_in.path} is of the dataset with the checksum {checksum}, but the commitment is to "
                f"{held_back.opening.checksum}"
            )
        checksum = None
    if card.id.endswith(":standin") and not card.stand_in:
        raise FormatError(
            f"{handed_in.path}: dataset {card.id} does not say what stands in: 'dataset.stand_in' is empty"
        )
    commitment = held_back.commitment.commitment if held_back else None
    try:
        return EntryDataset(
            id=card.id, title=card.title, checksum=checksum, commitment=commitment, stand_in=card.stand_in
        )
    except pydantic.ValidationError as error:
        raise FormatError(f"{handed_in.path}: dataset: {first_error(error)}") from error


def _entry(
    handed_in: HandedIn,
    verified: HandedIn | None,
    card: MethodCard,
    dataset: EntryDataset,
    added: datetime.date,
    supersedes: str | None,
    others: Sequence[LeaderboardEntry],
) -> LeaderboardEntry:
    own = verified or handed_in
    for side in (handed_in, own):
        _require_of_dataset(side, card.name)
    status: Literal["claimed", "rerun"] = "rerun" if verified else "claimed"
    run = own.run(card.name)
    scores = own.scores(card.name)
    stem = f"{slug(dataset.id)}.{slug(card.name)}.{status}"
    taken = [int(entry.id.rpartition(".")[2]) for entry in others if entry.stem == stem]
    try:
        return LeaderboardEntry(
            id=f"{stem}.{max(taken, default=0) + 1}",
            status=status,
            added=added,
            supersedes=supersedes,
            dataset=dataset,
            method=EntryMethod(
                name=card.name, version=card.version, kind=run.kind, role=card.role, summary=card.summary
            ),
            metrics=tuple({score.metric.name: score.metric for score in scores}.values()),
            scores=tuple(_score(score, own.document) for score in scores),
            cost=EntryCost(seconds=run.seconds, device=run.device, peak_memory_mb=run.peak_memory_mb),
            evidence=Evidence(
                results=own.checksum,
                submission=run.checksum,
                claim=handed_in.checksum if verified else None,
                provenance={} if dataset.checksum is None else own.document.provenance,
            ),
        )
    except pydantic.ValidationError as error:
        raise FormatError(f"{own.path}: method '{card.name}': {first_error(error)}") from error


def _require_of_dataset(handed_in: HandedIn, method: str) -> None:
    """Check that the submission was made of the dataset that it was scored on."""
    flags = (flag for score in handed_in.scores(method) for flag in score.flags)
    if any(OTHER_BUILD in note for note in (*handed_in.run(method).notes, *flags)):
        raise InputError(
            f"'{method}' cannot be entered: by {handed_in.path} its submission was {OTHER_BUILD}: submit what "
            "was made of this dataset, and score it without --any-dataset"
        )


def _score(score: Score, document: ResultsDocument) -> EntryScore:
    """Return a score with what brackets it: what controls scored beside it, else what it came with."""
    floor, ceiling = (_of_control(score, document, role) for role in ("floor", "ceiling"))
    return EntryScore(
        metric=score.metric.name,
        protocol=score.protocol,
        convention=score.convention,
        statistic=score.statistic,
        parameters=score.parameters,
        value=score.value,
        spread=score.spread,
        interval=score.interval,
        n=score.n,
        floor=score.floor if floor is None else floor,
        ceiling=score.ceiling if ceiling is None else ceiling,
        flags=score.flags,
    )


def _of_control(score: Score, document: ResultsDocument, role: str) -> float | None:
    """Return what the controls of a role score for the same thing, the best of several; None if none does."""
    controls = {card.name for card in document.methods if card.role == role}
    values = [other.value for other in document.scores if other.method in controls and _key(other) == _key(score)]
    return (max if score.metric.direction == "higher" else min)(values, default=None)


def _require_other(entry: LeaderboardEntry, existing: Sequence[LeaderboardEntry]) -> None:
    """Check that nothing like it is there already."""
    old = superseded(existing) | {entry.supersedes}
    assert entry.evidence is not None
    for other in existing:
        same = (other.dataset.id, other.method.name, other.status) == (
            entry.dataset.id, entry.method.name, entry.status)  # fmt: skip
        if not same or other.evidence is None:
            continue
        data = (other.dataset.checksum, other.dataset.commitment) == (entry.dataset.checksum, entry.dataset.commitment)
        opened = not data and other.id == entry.supersedes  # the dataset was held back, and is published now
        if other.evidence.results == entry.evidence.results and not opened:
            raise InputError(f"these results of '{entry.method.name}' are entered already, as {other.id}")
        if data and other.method.version == entry.method.version and other.id not in old:
            raise InputError(
                f"'{entry.method.name}' {entry.method.version} has an entry on {entry.dataset.id} already, {other.id}: "
                f"to replace it add --supersedes {other.id}"
            )


def _require_same(claim: HandedIn, mine: HandedIn, card: MethodCard) -> None:
    """Check that what was claimed was found here: of the same dataset and submission, the same scores."""
    here = f"'{card.name}' cannot be entered as rerun:"
    if claim.checksum == mine.checksum:
        raise InputError(
            f"{here} {mine.path} is a copy of {claim.path}: score the submission yourself, with --fresh where scores "
            "are kept"
        )
    if claim.document.dataset.checksum != mine.document.dataset.checksum:
        raise InputError(f"{here} {mine.path} is of another dataset than {claim.path}: the checksums differ")
    if not any(other.name == card.name and other.version == card.version for other in mine.document.methods):
        raise InputError(f"{here} {mine.path} does not hold it in version {card.version}")
    for what in ("checksum", "kind"):
        theirs, ours = (getattr(side.run(card.name), what) for side in (claim, mine))
        if theirs != ours:
            raise InputError(f"{here} the {what} of the submission is {ours} in {mine.path}, and {theirs} is claimed")
    wanted, found = ({_key(score): score.value for score in side.scores(card.name)} for side in (claim, mine))
    for key, value in wanted.items():
        if key not in found:
            raise InputError(f"{here} {mine.path} has no score '{_words(key)}', which is claimed")
        if abs(found[key] - value) > AGREEMENT * max(1.0, abs(value)):
            raise InputError(
                f"{here} {_words(key)} is {found[key]:.9g} in {mine.path}, and {value:.9g} is claimed: score with the "
                "version and the seed of the claim"
            )


def _key(score: Score) -> tuple[str, ...]:
    parameters = (f"{name} = {value}" for name, value in sorted(score.parameters.items()))
    return score.metric.name, score.statistic, score.protocol, score.convention, *parameters


def _words(key: tuple[str, ...]) -> str:
    return re.sub(r"(, )+", ", ", ", ".join(key))
