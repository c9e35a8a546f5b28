"""Submissions scored with the controls of their dataset; what did not change since an earlier run is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryobench.benchmark.measures import Reference
from cryobench.benchmark.merging import merge_results
from cryobench.benchmark.run import dataset_results, run_methods, score_submissions
from cryobench.benchmark.sanity import sanity_notes
from cryobench.benchmark.score_store import ScoreStore, folder_checksum, score_key
from cryobench.benchmark.settings import ScoreSettings
from cryobench.core import Dataset, InputError, MethodRun, Progress, Results, Submission, silent
from cryobench.methods import find_method, read_submission, read_submission_manifest

CONTROLS = ("oracle", "consensus", "shuffle")
"""Controls that bracket the scores of methods."""


@dataclass(frozen=True)
class Entry:
    """Something to score.

    Parameters
    ----------
    name
        What it is called in the results.
    folder
        Of the submission; ``None`` for a built-in method or control of that name.
    key
        By which earlier results are found.
    checksum
        SHA-256 of the submission's files, empty for what is built in.
    """

    name: str
    folder: Path | None
    key: str
    checksum: str


def entries(
    dataset: Dataset, submissions: Sequence[tuple[str | None, Path]], controls: Sequence[str], settings: ScoreSettings
) -> list[Entry]:
    """Return what is to be scored, controls last.

    Parameters
    ----------
    dataset
        On which.
    submissions
        Folders, each with the name that it is to have, or ``None`` for its own.
    controls
        Names of controls, or of other built-in methods.
    settings
        What was chosen.

    Raises
    ------
    InputError
        If two are of one name.
    FormatError
        If a folder is no submission.
    UnknownNameError
        If there is no such control.
    """
    found = []
    for name, folder in submissions:
        own = read_submission_manifest(folder).method.name
        checksum = folder_checksum(folder)
        what = {"submission": checksum, "name": name or own}
        found.append(Entry(name or own, folder, score_key(dataset.card, what, settings), checksum))
    for name in controls:
        card = find_method(name).card
        what = {"built-in": card.name, "version": card.version}
        found.append(Entry(name, None, score_key(dataset.card, what, settings), ""))
    names = [entry.name for entry in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"two submissions are called '{name}': give one of them another name, as in other-name=FOLDER"
            )
    return found


def score_entries(
    dataset: Dataset,
    chosen: Sequence[Entry],
    settings: ScoreSettings,
    store: ScoreStore,
    progress: Progress = silent,
    *,
    any_dataset: bool = False,
) -> Results:
    """Return the results of all entries, those that the store has taken from there.

    Each is kept as soon as it is scored, so a run that was stopped goes on where it was.

    Raises
    ------
    CryobenchError
        If a submission cannot be read, or is of another dataset.
    """
    reference = Reference.of(dataset)
    own_key = score_key(dataset.card, {"dataset": dataset.card.id}, settings)
    seen = store.find(own_key)
    if seen is None:
        seen = dataset_results(dataset, settings)
        store.keep(own_key, seen)
    parts = [seen]
    for entry in chosen:
        results = store.find(entry.key)
        if results is None:
            results = _score(dataset, entry, settings, reference, progress, any_dataset=any_dataset)
            store.keep(entry.key, results)
        parts.append(results)
    return merge_results(parts, settings.seed)


def _score(
    dataset: Dataset,
    entry: Entry,
    settings: ScoreSettings,
    reference: Reference,
    progress: Progress,
    *,
    any_dataset: bool,
) -> Results:
    if entry.folder is None:
        submission = run_methods(dataset, [entry.name], settings.seed, progress)[0][0]
        run = MethodRun(method=submission.method.name, kind=submission.kind)
    else:
        submission = read_submission(entry.folder, len(dataset.particles), dataset.card, any_dataset=any_dataset)
        manifest = read_submission_manifest(entry.folder)
        submission = submission.named(entry.name)
        run = MethodRun(
            method=entry.name,
            kind=submission.kind,
            checksum=entry.checksum,
            seconds=manifest.seconds,
            device=manifest.device,
            peak_memory_mb=manifest.peak_memory_mb,
            command=manifest.command,
            notes=tuple(f"the volumes are {note}" for note in _sanity(submission, dataset, settings, progress)),
        )
    return score_submissions(dataset, [submission], settings, progress, [run], reference)[0]


def _sanity(submission: Submission, dataset: Dataset, settings: ScoreSettings, progress: Progress) -> tuple[str, ...]:
    aligned = settings.align in {"one", "each"} or (settings.align == "auto" and submission.kind == "ab-initio")
    return sanity_notes(submission, dataset.particles, aligned=aligned, progress=progress)
