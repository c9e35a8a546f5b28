"""A benchmark run: methods on a dataset, scored."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from cryobench.benchmark.latent_results import score_claim
from cryobench.benchmark.latents import embed_latents
from cryobench.benchmark.measures import Reference
from cryobench.benchmark.merging import merge_results
from cryobench.benchmark.pictures import particle_pictures
from cryobench.benchmark.provenance import provenance
from cryobench.benchmark.settings import ScoreSettings
from cryobench.benchmark.volume_results import score_volumes, true_views
from cryobench.core import Dataset, InputError, MethodRun, Progress, Results, ResultsDocument, Submission, silent
from cryobench.methods import Control, find_method

TRUTH = "truth"
"""What the true maps are called in pictures."""


def run_methods(
    dataset: Dataset, names: Iterable[str], seed: int, progress: Progress = silent
) -> list[tuple[Submission, float]]:
    """Run built-in methods and controls; return the submission of each and the seconds it took.

    A name may carry a number, as in ``kclasses:16``.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    InputError
        If a number after the name is none that the method takes.
    """
    chosen = [find_method(name) for name in dict.fromkeys(names)]
    submissions = []
    for method in chosen:
        start = time.perf_counter()
        if isinstance(method, Control):
            submission = method.run(dataset.particles, dataset.truth, seed, progress)
        else:
            submission = method.run(dataset.particles, seed, progress)
        submissions.append((submission, time.perf_counter() - start))
    return submissions


def score_submissions(
    dataset: Dataset,
    submissions: Sequence[Submission],
    settings: ScoreSettings,
    progress: Progress = silent,
    runs: Sequence[MethodRun] | None = None,
    reference: Reference | None = None,
) -> list[Results]:
    """Return the results of each submission by itself: what it scores does not depend on the others.

    Parameters
    ----------
    dataset
        Particles and truth.
    submissions
        One for each method; each metric takes what a submission has.
    settings
        What may be chosen.
    progress
        Told of what is finished.
    runs
        How each submission came to be; what was missing and odd is added.
    reference
        The dataset's, where it is used again and again: it keeps what was computed of the truth.

    Raises
    ------
    InputError
        If two submissions are of one name.
    """
    require_names([submission.method.name for submission in submissions])
    truth = dataset.truth
    reference = reference or Reference.of(dataset)
    notes = [()] * len(submissions) if runs is None else [run.notes for run in runs]
    volumes = score_volumes(submissions, truth, settings, progress, notes)
    found = []
    for place, (submission, seen) in enumerate(zip(submissions, volumes, strict=True)):
        claimed = score_claim(submission, reference, settings, progress)
        known = MethodRun(method=submission.method.name, kind=submission.kind) if runs is None else runs[place]
        document = _document(dataset, settings).model_copy(
            update={
                "methods": (submission.method,),
                "runs": (
                    known.model_copy(
                        update={
                            "missing": {**seen.missing, **claimed.missing},
                            "notes": (*seen.notes, *seen.failures),
                        }
                    ),
                ),
                "scores": (*seen.scores, *claimed.scores),
                "curves": (*seen.curves, *claimed.curves),
                "matrices": tuple(seen.matrices),
                "imbalance": claimed.imbalance,
                "histograms": claimed.histograms,
            }
        )
        found.append(
            Results(
                document,
                tuple(embed_latents([submission], truth, settings.seed, progress)),
                tuple(seen.pictures),
                tuple(seen.surfaces),
                (*seen.items, *claimed.items),
            )
        )
    return found


def require_names(names: Sequence[str]) -> None:
    """Raise unless methods can be told apart by their names, and from the true maps.

    Raises
    ------
    InputError
        Naming the one that cannot.
    """
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"two submissions are called '{name}': give one of them another name, as in other-name=FOLDER"
            )
        if name == TRUTH:
            raise InputError(
                f"a submission is called '{name}', as the true maps are in results: give it another name, as in "
                "other-name=FOLDER"
            )


def dataset_results(dataset: Dataset, settings: ScoreSettings) -> Results:
    """Return what a report shows of the dataset itself, without any method: particles and true volumes."""
    pictures, surfaces = true_views(dataset.truth, settings)
    return Results(_document(dataset, settings), (), (*particle_pictures(dataset), *pictures), tuple(surfaces), ())


def score_run(
    dataset: Dataset,
    submissions: Sequence[Submission],
    seed: int,
    progress: Progress = silent,
    measures: tuple[str, ...] | None = None,
) -> Results:
    """Score submissions against the truth of their dataset, and compare them with each other.

    Parameters
    ----------
    dataset
        Particles and truth.
    submissions
        One for each method; each metric takes what a submission has.
    seed
        Of UMAP, of shuffles and of the bootstrap.
    progress
        Told of what is finished.
    measures
        Of latents, classes and poses, by name; all by default.

    Raises
    ------
    InputError
        If two submissions are of one name.
    """
    settings = ScoreSettings(seed=seed, measures=measures)
    parts = score_submissions(dataset, submissions, settings, progress)
    return merge_results([dataset_results(dataset, settings), *parts], seed)


def _document(dataset: Dataset, settings: ScoreSettings) -> ResultsDocument:
    """Return a document without any method."""
    return ResultsDocument(
        dataset=dataset.card,
        coordinate=dataset.truth.coordinate,
        states=dataset.truth.states,
        methods=(),
        scores=(),
        comparisons=(),
        curves=(),
        provenance=provenance(dataset.card, settings.seed)
        | {"Particles of the per-image protocol": str(settings.images), "Alignment": settings.align},
    )
