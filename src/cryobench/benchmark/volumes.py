"""Volume scores: each volume asked for meets the truth of its state; one of each is in memory at a time.

A claimed volume that cannot be scored (empty, constant, not a number, on another grid, missing) is a failure: it scores
0 and says why. It is never left out, and never a perfect score.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from cryobench.align import Transform, align_volumes, transform_volume
from cryobench.core import Advance, Curve, FormatError, InputError, Progress, Truth, Volume, VolumeProvider
from cryobench.core.maps import require_map
from cryobench.metrics import (
    CONVENTIONS,
    FSC_AUC,
    Convention,
    FSCCurve,
    TransformedMap,
    failed_curve,
    fsc_of_transforms,
    real_space_correlation,
    transform_map,
)

_log = logging.getLogger(__name__)

PER_CONFORMATION, PER_IMAGE = "per-conformation", "per-image"

Gauge = Transform | str | None
"""What is done to a claimed volume first: one transform for all, ``"each"``, each to its own truth, or nothing."""

UNUSABLE = (InputError, FormatError)
"""What a claimed volume that cannot be scored raises; anything else, such as a program that fails, ends the scoring."""

Curves = dict[Convention, FSCCurve]


@dataclass(frozen=True, eq=False)
class ScoredVolume:
    """One claimed volume against the truth of its particle's state.

    Parameters
    ----------
    particle, state
        Whose volume, and the particle's true state.
    curves
        FSC within the mask.
    moving
        FSC within the region in which the states differ; None where there is no such mask.
    real_space
        Pearson correlation of the voxels within the mask.
    failure
        Why nothing could be scored, or empty.
    """

    particle: int
    state: int
    curves: Curves
    moving: Curves | None
    real_space: float
    failure: str = ""


@dataclass(frozen=True, eq=False)
class VolumeScores:
    """The volumes of one method under one protocol, in the order of their states."""

    method: str
    protocol: str
    items: list[ScoredVolume]

    def aucs(self, convention: Convention) -> np.ndarray:
        """Return the area under each curve, shape (q,)."""
        return np.array([item.curves[convention].auc for item in self.items])


@dataclass(frozen=True, eq=False)
class Task:
    """Volumes to score: whose, under which protocol, at which particles, and in which frame."""

    method: str
    protocol: str
    volumes: VolumeProvider
    particles: Int[np.ndarray, " q"]
    gauge: Gauge = None


def score_tasks(tasks: Sequence[Task], truth: Truth, progress: Progress) -> list[VolumeScores]:
    """Return the scores of some tasks; a true volume is made once for all of them, and transformed once.

    Raises
    ------
    InputError
        If a true volume has nothing to correlate. What is wrong with a claimed one is told in its score.
    """
    scored = [VolumeScores(task.method, task.protocol, []) for task in tasks]
    advance = progress("Scoring volumes", sum(len(task.particles) for task in tasks))
    wanted = np.unique(np.concatenate([truth.labels[task.particles] for task in tasks])) if tasks else ()
    for state in map(int, wanted):
        _score_state(tasks, scored, truth, state, advance)
    return scored


def _score_state(
    tasks: Sequence[Task], scored: Sequence[VolumeScores], truth: Truth, state: int, advance: Advance
) -> None:
    """Score what belongs to one state; its true volume is let go before the next one is made."""
    target = _Target.of(truth, state)
    for task, scores in zip(tasks, scored, strict=True):
        for particle in task.particles[truth.labels[task.particles] == state]:
            scores.items.append(target.score(task, int(particle)))
            advance(1)


@dataclass(frozen=True, eq=False)
class _Target:
    """A true volume, ready to meet claimed ones."""

    state: int
    volume: Volume
    mask: Volume | None
    moving_mask: Volume | None
    whole: TransformedMap
    moving: TransformedMap | None

    @classmethod
    def of(cls, truth: Truth, state: int) -> _Target:
        volume = truth.volumes[state]
        name = f"the true volume of state {state}"
        # A mask that selects nothing: the states do not differ.
        moving_mask = truth.moving_mask if truth.moving_mask is not None and truth.moving_mask.data.any() else None
        whole = transform_map(volume, truth.mask, name)
        moving = None if moving_mask is None else transform_map(volume, moving_mask, name)
        return cls(state, volume, truth.mask, moving_mask, whole, moving)

    def score(self, task: Task, particle: int) -> ScoredVolume:
        try:
            return self._score(task, particle)
        except UNUSABLE as error:
            failed: Curves = {convention: failed_curve(self.whole, convention) for convention in CONVENTIONS}
            return ScoredVolume(particle, self.state, failed, failed if self.moving else None, 0.0, str(error))

    def _score(self, task: Task, particle: int) -> ScoredVolume:
        name = f"the volume of method '{task.method}' at particle {particle}"
        claimed = in_frame(task.volumes.at(particle), self.volume, task.gauge, name)
        curves = self._curves(transform_map(claimed, self.mask, name), self.whole)
        real_space = real_space_correlation(claimed, self.volume, self.mask)
        moving = None
        if self.moving is not None:
            moving = self._curves(transform_map(claimed, self.moving_mask, name), self.moving)
        return ScoredVolume(particle, self.state, curves, moving, real_space)

    @staticmethod
    def _curves(claimed: TransformedMap, reference: TransformedMap) -> Curves:
        return {convention: fsc_of_transforms(claimed, reference, convention) for convention in CONVENTIONS}


def in_frame(claimed: Volume, true: Volume, gauge: Gauge, name: str) -> Volume:
    """Return a claimed volume in the frame of the true one.

    Raises
    ------
    InputError
        If it is empty, constant, not finite or on another grid. A constant map is no longer quite one once it is
        turned, so this is asked first.
    """
    require_map(claimed, name, true, "the true one")
    if isinstance(gauge, Transform):
        return transform_volume(claimed, gauge)
    return align_volumes(claimed, true).volume if gauge == "each" else claimed


def common_frame(
    volumes: VolumeProvider, particles: Int[np.ndarray, " q"], truth: Truth, count: int, progress: Progress
) -> Transform:
    """Return the one transform that takes a method's frame to that of the truth.

    The mean of some of its volumes is aligned with the mean of their true volumes: a motion that both show blurs both
    alike.

    Parameters
    ----------
    volumes, particles
        What will be scored.
    truth
        The true volumes.
    count
        Number of volumes in the means, evenly spread over the particles.
    progress
        Told of volumes read.

    Raises
    ------
    InputError
        If none of the volumes can be used.
    """
    chosen = particles[np.unique(np.linspace(0, len(particles) - 1, min(count, len(particles))).astype(int))]
    advance = progress("Finding the common frame", len(chosen))

    claimed, true = _Sum(), _Sum()
    for particle in map(int, chosen):
        try:
            _add_pair(claimed, true, volumes, truth, particle)
        except UNUSABLE as error:
            _log.info("left out of the common frame: particle %d: %s", particle, error)
        advance(1)
    if claimed.total is None:
        raise InputError("no volume can be used to find the common frame: score without alignment to see why")
    return align_volumes(claimed.volume(), true.volume())


class _Sum:
    """A sum of maps of equal scale: their mean but for its own scale, which does not matter to an alignment."""

    def __init__(self) -> None:
        self.total: np.ndarray | None = None
        self._pixel_size = 0.0

    def add(self, volume: Volume) -> None:
        scaled = volume.data / volume.data.std(dtype=np.float64)
        self.total = scaled if self.total is None else self.total + scaled
        self._pixel_size = volume.pixel_size

    def volume(self) -> Volume:
        assert self.total is not None
        return Volume(self.total.astype(np.float32), self._pixel_size)


def _add_pair(claimed: _Sum, true: _Sum, volumes: VolumeProvider, truth: Truth, particle: int) -> None:
    """Add a claimed volume and the true one to their sums; both are let go before the next are made."""
    target = truth.volumes[int(truth.labels[particle])]
    volume = in_frame(volumes.at(particle), target, None, "the volume")
    claimed.add(volume)
    true.add(target)


def curve_record(scores: VolumeScores, convention: Convention, names: Sequence[str]) -> Curve:
    """Return the curves of one method, a mean and one for each item, in 1/Å."""
    curves = [item.curves[convention] for item in scores.items]
    pixel_size = curves[0].pixel_size
    assert pixel_size is not None  # true volumes know theirs
    return Curve(
        metric=FSC_AUC,
        method=scores.method,
        protocol=scores.protocol,
        convention=convention,
        label="Fourier shell correlation",
        x=tuple((curves[0].frequency / pixel_size).tolist()),
        x_label="Spatial frequency",
        x_unit="1/Å",
        mean=tuple(np.mean([curve.correlation for curve in curves], axis=0).tolist()),
        item_names=tuple(names),
        items=tuple(tuple(curve.correlation.tolist()) for curve in curves),
    )
