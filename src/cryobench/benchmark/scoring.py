"""Submissions scored with the controls of their dataset; what did not change since an earlier run is kept."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryobench.benchmark.measures import Reference
from cryobench.benchmark.merging import merge_results
from cryobench.benchmark.run import dataset_results, require_names, run_methods, score_submissions
from cryobench.benchmark.sanity import sanity_notes
from cryobench.benchmark.score_store import ScoreStore, score_key
from cryobench.benchmark.settings import ScoreSettings
from cryobench.core import Dataset, MethodRun, Progress, Results, Submission, silent
from cryobench.methods import find_method, read_submission, read_submission_manifest, submission_checksum

CONTROLS = ("oracle", "consensus", "shuffle")
"""Controls that bracket the scores of methods."""

OTHER_BUILD = "made of another dataset, or another build of it"
"""Note of a submission whose dataset's checksum is not that of the dataset."""


@dataclass(frozen=True)
class Entry:
    """Something to score.

    Parameters
    ----------
    name
        What it is called in the results.
    source
        Folder of a submission, or the name of a built-in method or control, such as ``kclasses:16``.
    key
        By which earlier results are found.
    checksum
        SHA-256 of the submission's files, empty for what is built in.
    other_build
        Whether a submission was made of another dataset, or another build of it.
    """

    name: str
    source: Path | str
    key: str
    checksum: str = ""
    other_build: bool = False


def entries(
    dataset: Dataset,
    submissions: Sequence[tuple[str | None, Path]],
    controls: Sequence[str],
    settings: ScoreSettings,
    *,
    any_dataset: bool = False,
) -> list[Entry]:
    """Return what is to be scored, controls last; submissions are checked here, whatever was kept of them.

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
    any_dataset
        Whether a submission of another dataset, or another build of it, will do.

    Raises
    ------
    InputError
        If two are of one name, or a submission is of another dataset.
    FormatError
        If a folder is no submission.
    UnknownNameError
        If there is no such control.
    """
    found = []
    for name, folder in submissions:
        submission = read_submission(folder, len(dataset.particles), dataset.card, any_dataset=any_dataset)
        other = read_submission_manifest(folder).dataset_checksum != dataset.card.checksum
        checksum = submission_checksum(folder, submission)
        called = name or submission.method.name
        key = score_key(dataset.card, {"submission": checksum, "name": called}, settings)
        found.append(Entry(called, folder, key, checksum, other))
    for text in dict.fromkeys(controls):
        card = find_method(text).card
        key = score_key(dataset.card, {"built-in": card.name, "version": card.version}, settings)
        found.append(Entry(card.name, text, key))
    require_names([entry.name for entry in found])
    return found


def score_entries(
    dataset: Dataset, chosen: Sequence[Entry], settings: ScoreSettings, store: ScoreStore, progress: Progress = silent
) -> Results:
    """Return the results of all entries, those that the store has taken from there.

    Each is kept as soon as it is scored, so a run that was stopped goes on where it was.

    Raises
    ------
    CryobenchError
        If a submission cannot be read.
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
            results = _score(dataset, entry, settings, reference, progress)
            store.keep(entry.key, results)
        parts.append(results)
    return merge_results(parts, settings.seed)


def _score(
    dataset: Dataset, entry: Entry, settings: ScoreSettings, reference: Reference, progress: Progress
) -> Results:
    start, now = time.monotonic(), datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    if isinstance(entry.source, str):
        submission, seconds = run_methods(dataset, [entry.source], settings.seed, progress)[0]
        run = MethodRun(method=entry.name, kind=submission.kind, seconds=round(seconds, 3), device="cpu")
    else:
        submission = read_submission(entry.source, any_dataset=True).named(entry.name)
        manifest = read_submission_manifest(entry.source)
        run = MethodRun(
            method=entry.name,
            kind=submission.kind,
            checksum=entry.checksum,
            seconds=manifest.seconds,
            device=manifest.device,
            peak_memory_mb=manifest.peak_memory_mb,
            command=manifest.command,
            notes=(
                *([OTHER_BUILD] if entry.other_build else []),
                *(f"the volumes are {note}" for note in _sanity(submission, dataset, settings, progress)),
            ),
        )
    results = score_submissions(dataset, [submission], settings, progress, [run], reference)[0]
    taken = {"scored_at": now, "scoring_seconds": round(time.monotonic() - start, 3)}
    runs = tuple(each.model_copy(update=taken) for each in results.document.runs)
    return Results(
        results.document.model_copy(update={"runs": runs}),
        results.embeddings,
        results.pictures,
        results.surfaces,
        results.items,
    )


def _sanity(submission: Submission, dataset: Dataset, settings: ScoreSettings, progress: Progress) -> tuple[str, ...]:
    aligned = settings.align in {"one", "each"} or (settings.align == "auto" and submission.kind == "ab-initio")
    return sanity_notes(submission, dataset.particles, aligned=aligned, progress=progress)
