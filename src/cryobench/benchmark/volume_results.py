"""Volume scores as records: numbers, curves, matrix, pictures and surfaces of one method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from cryobench.benchmark.conformations import Wanted, conformation_particles, image_particles
from cryobench.benchmark.confusion import confusion
from cryobench.benchmark.framed import FramedVolumes, gauge_of
from cryobench.benchmark.pictures import PICTURED, SURFACED, projection, shown_states
from cryobench.benchmark.settings import ScoreSettings
from cryobench.benchmark.volume_scores import resampled, resolution_items, volume_items
from cryobench.benchmark.volumes import (
    PER_CONFORMATION,
    PER_IMAGE,
    UNUSABLE,
    Task,
    VolumeScores,
    curve_record,
    score_tasks,
)
from cryobench.core import (
    Curve,
    InputError,
    ItemValues,
    Picture,
    Progress,
    Score,
    StateMatrix,
    Submission,
    Surface,
    Truth,
    VolumeProvider,
)
from cryobench.metrics import CONVENTIONS, LEVEL_WORDS, bootstrap_mean, iso_surface

_TOLD = 3  # volumes that could not be scored, of each protocol

MOST_MATRIX_STATES = 150
"""Of more states than this no matrix is made: its time grows with their square."""


@dataclass(eq=False)
class VolumeResults:
    """Everything that was found of the volumes of one method."""

    scores: list[Score] = field(default_factory=list)
    items: list[ItemValues] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    matrices: list[StateMatrix] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    surfaces: list[Surface] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class _Plan:
    """What is scored of one submission under one protocol."""

    submission: Submission
    wanted: Wanted
    task: Task


def score_volumes(
    submissions: Sequence[Submission],
    truth: Truth,
    settings: ScoreSettings,
    progress: Progress,
    notes: Sequence[Sequence[str]],
) -> list[VolumeResults]:
    """Return what is found of the volumes of each submission, in their order.

    A true volume is made once for all of them. What one submission scores does not depend on the others.

    Parameters
    ----------
    submissions
        Those without volumes have none of these scores.
    truth
        True volumes.
    settings
        What was chosen.
    progress
        Told of volumes scored.
    notes
        What is odd about each submission as a whole: it flags each score of its volumes.

    Raises
    ------
    InputError
        If a common frame is wanted and cannot be found.
    """
    found = [VolumeResults(notes=list(each)) for each in notes]
    planned = [
        _plans(submission, truth, settings, results, progress)
        for submission, results in zip(submissions, found, strict=True)
    ]
    scored = iter(score_tasks([plan.task for plans in planned for plan in plans], truth, progress))
    for plans, results in zip(planned, found, strict=True):
        for plan in plans:
            _add(plan, next(scored), truth, settings, results)
    for plans, results in zip(planned, found, strict=True):
        if plans:  # the volumes of states, where there are some
            _add_states(plans[0], truth, settings, results, progress)
    return found


def true_views(truth: Truth, settings: ScoreSettings) -> tuple[list[Picture], list[Surface]]:
    """Return pictures and surfaces of the true volumes that are shown."""
    pictures, surfaces = [], []
    pictured, surfaced = shown_states(truth, PICTURED, settings.images), shown_states(truth, SURFACED, settings.images)
    for state in sorted({*pictured, *surfaced}):
        volume = truth.volumes[state]
        if state in pictured:
            pictures.append(projection("truth", truth, state, volume))
        if state in surfaced:
            surfaces.append(Surface(None, state, *iso_surface(volume, volume), LEVEL_WORDS))
    return pictures, surfaces


def _plans(
    submission: Submission, truth: Truth, settings: ScoreSettings, results: VolumeResults, progress: Progress
) -> list[_Plan]:
    if submission.volumes is None:
        results.missing |= dict.fromkeys((PER_CONFORMATION, PER_IMAGE), "needs volumes")
        return []
    wanted: dict[str, Wanted] = {}
    for protocol in (PER_CONFORMATION, PER_IMAGE):
        try:
            wanted[protocol] = (
                conformation_particles(submission, truth)
                if protocol == PER_CONFORMATION
                else image_particles(submission, truth, settings.images)
            )
        except InputError as error:
            results.missing[protocol] = str(error)
    if not wanted:
        return []
    first = next(iter(wanted.values()))
    gauge, note = gauge_of(submission, first.particles, truth, settings, progress)
    if note:
        results.notes.append(note)
    name = submission.method.name
    return [
        _Plan(submission, each, Task(name, protocol, submission.volumes, each.particles, gauge))
        for protocol, each in wanted.items()
    ]


def _add(plan: _Plan, scores: VolumeScores, truth: Truth, settings: ScoreSettings, results: VolumeResults) -> None:
    """Add the numbers and curves of one protocol."""
    mask = "no mask" if truth.mask is None else "union of the true states"
    failed = [item for item in scores.items if item.failure]
    results.failures += [f"{scores.protocol}, particle {item.particle}: {item.failure}" for item in failed[:_TOLD]]
    chosen = _chosen(settings, scores.protocol)
    for items, flags, ceiling in _values(scores, mask, chosen):
        results.items.append(items)
        results.scores.append(
            Score(
                metric=items.metric,
                method=items.method,
                protocol=items.protocol,
                convention=items.convention,
                statistic="mean",
                value=float(items.values.mean()),
                spread=float(items.values.std()),
                interval=bootstrap_mean(items.values, items.over, settings.seed, items.groups),
                n=len(items.values),
                parameters=items.parameters,
                flags=(*plan.wanted.flags, *flags, *results.notes),
                ceiling=ceiling,
            )
        )
    if scores.protocol == PER_CONFORMATION or PER_CONFORMATION in results.missing:
        names = [truth.states[item.state].name for item in scores.items]
        results.curves += [curve_record(scores, convention, names) for convention in CONVENTIONS]


def _chosen(settings: ScoreSettings, protocol: str) -> dict[str, float | int | str]:
    """Return what was chosen otherwise than by default: scores of other choices are not set side by side."""
    chosen: dict[str, float | int | str] = {}
    if settings.align != ScoreSettings().align:
        chosen["alignment"] = settings.align
    if protocol == PER_IMAGE and settings.images != ScoreSettings().images:
        chosen["images"] = settings.images
    return chosen


def _values(
    scores: VolumeScores, mask: str, chosen: dict[str, float | int | str]
) -> Iterator[tuple[ItemValues, tuple[str, ...], float | None]]:
    """Yield the values of each metric, with what is odd about them and the value of a perfect match."""
    over, groups = resampled(scores)
    particles = np.array([item.particle for item in scores.items], dtype=np.int64)
    states = np.array([item.state for item in scores.items], dtype=np.int32)
    usable = np.array([not item.failure for item in scores.items])
    for found in (*volume_items(scores, mask), *resolution_items(scores)):
        kept = np.ones(len(particles), dtype=bool) if len(found.values) == len(particles) else usable
        yield (
            ItemValues(
                metric=found.metric,
                method=scores.method,
                protocol=scores.protocol,
                convention=found.convention,
                parameters={**found.parameters, **chosen},
                over=over,
                particles=particles[kept],
                states=states[kept],
                values=found.values.astype(np.float64),
                groups=None if groups is None else groups[kept].astype(np.int64),
            ),
            found.flags,
            found.ceiling,
        )


def _add_states(plan: _Plan, truth: Truth, settings: ScoreSettings, results: VolumeResults, progress: Progress) -> None:
    """Add what shows the volumes of states: the matrix, pictures and surfaces."""
    name, task = plan.submission.method.name, plan.task
    of_state: dict[int, int] = {}
    for state, particle in zip(truth.labels[task.particles].tolist(), task.particles.tolist(), strict=True):
        of_state.setdefault(state, particle)
    if (
        task.protocol == PER_CONFORMATION
        and len(of_state) == len(truth.states) <= MOST_MATRIX_STATES
        and (task.gauge != "each")
    ):
        matrix = confusion(task, truth, progress)
        results.scores.append(matrix.score(settings.seed).model_copy(update={"flags": tuple(results.notes)}))
        rows = tuple(tuple(None if np.isnan(v) else v for v in row) for row in matrix.areas.tolist())
        results.matrices.append(
            StateMatrix(method=name, protocol=PER_CONFORMATION, convention="standard", names=matrix.names, values=rows)
        )
    else:
        results.missing["state-identification"] = (
            f"needs a volume of every state, at most {MOST_MATRIX_STATES} states, and one frame for all volumes"
        )
    framed: VolumeProvider = FramedVolumes(task.volumes, truth, task.gauge)
    pictured, surfaced = shown_states(truth, PICTURED, settings.images), shown_states(truth, SURFACED, settings.images)
    shown = [state for state in sorted({*pictured, *surfaced}) if state in of_state]
    advance = progress(f"Drawing volumes of {name}", len(shown))
    for state in shown:
        try:
            volume = framed.at(of_state[state])
            surface = iso_surface(volume, truth.volumes[state])
        except UNUSABLE:  # its score says why
            continue
        finally:
            advance(1)
        if state in pictured:
            results.pictures.append(projection(name, truth, state, volume))
        if state in surfaced:
            results.surfaces.append(Surface(name, state, *surface, LEVEL_WORDS))
