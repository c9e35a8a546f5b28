"""A benchmark run: methods on a dataset, scored."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cryobench.benchmark.latents import embed_latents, score_latents
from cryobench.benchmark.measures import Measured
from cryobench.benchmark.pictures import particle_pictures, volume_pictures
from cryobench.benchmark.provenance import provenance
from cryobench.benchmark.volume_scores import resampled, volume_items
from cryobench.benchmark.volumes import VolumeScores, mean_curves, score_volumes
from cryobench.core import (
    Comparison,
    Dataset,
    MetricCard,
    Progress,
    Results,
    ResultsDocument,
    Score,
    Submission,
    silent,
)
from cryobench.methods import Control, find_method
from cryobench.metrics import bootstrap_mean

PER_IMAGE_VOLUMES = 100
"""Particles of the per-image protocol, as published."""


@dataclass(frozen=True, eq=False)
class Items:
    """The values of one metric over the items of one protocol, from which a score and its comparisons are made.

    ``measured`` is the score where it was made with its floor and ceiling. ``groups`` are those that resampling keeps,
    ``ceiling`` is the value of a perfect match where it is known, and ``flags`` name what was odd.
    """

    metric: MetricCard
    method: str
    protocol: str
    convention: str
    over: str
    values: np.ndarray
    parameters: dict[str, float | int | str]
    measured: Score | None = None
    groups: np.ndarray | None = None
    ceiling: float | None = None
    flags: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """What two methods must share to be compared."""
        return (self.metric.name, self.protocol, self.convention, repr(sorted(self.parameters.items())))


@dataclass(frozen=True, eq=False)
class Run:
    """Everything that a benchmark run found: the results, and the submissions and curves behind them."""

    results: Results
    volumes: Sequence[VolumeScores]


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


def score_run(dataset: Dataset, submissions: Sequence[Submission], seed: int, progress: Progress = silent) -> Run:
    """Score submissions against the truth of their dataset.

    Parameters
    ----------
    dataset
        Particles and truth.
    submissions
        One for each method; each metric takes what a submission has.
    seed
        Of UMAP and of the bootstrap.
    progress
        Told of what is finished.
    """
    truth = dataset.truth
    volumes = score_volumes(submissions, truth, PER_IMAGE_VOLUMES, progress)
    latents = score_latents(submissions, truth, seed, progress)
    items = [*_volume_items(volumes), *_latent_items(latents)]
    roles = {submission.method.name: submission.method.role for submission in submissions}
    document = ResultsDocument(
        dataset=dataset.card,
        coordinate=truth.coordinate,
        methods=tuple(submission.method for submission in submissions),
        scores=tuple(_score(item, items, roles, seed) for item in items),
        comparisons=tuple(_comparisons(items, seed)),
        curves=tuple(mean_curves(volumes, truth)),
        provenance=provenance(dataset.card, seed),
    )
    embeddings = embed_latents(submissions, truth, seed, progress)
    pictures = [*particle_pictures(dataset), *volume_pictures(dataset, submissions)]
    return Run(Results(document, tuple(embeddings), tuple(pictures)), volumes)


def _volume_items(volumes: Sequence[VolumeScores]) -> list[Items]:
    found = []
    for scores in volumes:
        over, groups = resampled(scores)
        for place, each in enumerate(volume_items(scores, "union of the true states")):
            items = Items(each.metric, scores.method, scores.protocol, each.convention, over, each.values,
                          each.parameters, groups=groups, ceiling=each.ceiling, flags=each.flags)  # fmt: skip
            found.append((place, items))
    return [items for _, items in sorted(found, key=lambda pair: pair[0])]


def _latent_items(latents: Mapping[str, Measured]) -> list[Items]:
    """Return the items of each number of latents: that of one number, of all methods, together."""
    found = [
        (place, Items(score.metric, method, score.protocol, score.convention, "particles", reading.items,
                      score.parameters, score))
        for method, measured in latents.items()
        for place, (score, reading) in enumerate(zip(measured.scores, measured.readings, strict=True))
        if reading.items is not None
    ]  # fmt: skip
    return [item for _, item in sorted(found, key=lambda pair: pair[0])]


def _score(items: Items, others: Sequence[Items], roles: Mapping[str, str], seed: int) -> Score:
    rivals = [o for o in others if o.key == items.key]
    higher = items.metric.direction == "higher"

    def beaten_by(role: str) -> bool:
        gaps = [o.values.mean() - items.values.mean() for o in rivals if roles[o.method] == role]
        return any(gap > 0 if higher else gap < 0 for gap in gaps)

    flags = []
    if roles[items.method] == "ceiling" and (beaten_by("method") or beaten_by("floor")):
        flags.append("not a ceiling here: too few images of each state, or too noisy")
    if items.measured is not None:
        return items.measured.model_copy(update={"flags": (*items.measured.flags, *flags)})
    return Score(
        metric=items.metric,
        method=items.method,
        protocol=items.protocol,
        convention=items.convention,
        statistic="mean",
        value=float(items.values.mean()),
        spread=float(items.values.std()),
        interval=bootstrap_mean(items.values, items.over, seed, items.groups),
        n=len(items.values),
        parameters=items.parameters,
        flags=(*items.flags, *flags),
        ceiling=items.ceiling,
    )


def _comparisons(items: Sequence[Items], seed: int) -> Iterable[Comparison]:
    """Yield the paired difference of every two methods that were scored on the same items."""
    for first, second in itertools.combinations(items, 2):
        if first.key != second.key:
            continue
        differences = first.values - second.values
        yield Comparison(
            metric=first.metric,
            protocol=first.protocol,
            convention=first.convention,
            first=first.method,
            second=second.method,
            difference=float(differences.mean()),
            interval=bootstrap_mean(differences, f"{first.over}, paired", seed, first.groups),
            n=len(differences),
            parameters=first.parameters,
        )
