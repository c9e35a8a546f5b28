"""Volume scores: each volume asked for meets the truth of its state, one true volume in memory at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from cryobench.core import Curve, Progress, Submission, Truth
from cryobench.metrics import (
    CONVENTIONS,
    FSC_AUC,
    Convention,
    FSCCurve,
    fsc_of_transforms,
    representatives,
    strided_particles,
    transform_map,
)

PER_CONFORMATION, PER_IMAGE = "per-conformation", "per-image"


@dataclass(frozen=True, eq=False)
class VolumeScores:
    """Curves of one method under one protocol: ``curves[convention][i]`` belongs to the particle ``queries[i]``."""

    method: str
    protocol: str
    queries: Int[np.ndarray, " q"]
    curves: dict[Convention, list[FSCCurve]]

    def aucs(self, convention: Convention) -> np.ndarray:
        """Return the area under each curve, shape (q,)."""
        return np.array([curve.auc for curve in self.curves[convention]])


def score_volumes(
    submissions: Sequence[Submission], truth: Truth, images: int, progress: Progress
) -> list[VolumeScores]:
    """Return the FSC curves of each submission that has volumes, within the true mask, under both protocols.

    Parameters
    ----------
    submissions
        Those without volumes are left out.
    truth
        The true volumes.
    images
        Number of particles of the per-image protocol.
    progress
        Told of volumes scored.
    """
    scored = []
    for submission in submissions:
        if submission.volumes is None:
            continue
        per_state = representatives(truth.labels, len(truth.states), submission.latents)
        per_image = strided_particles(len(truth), min(images, len(truth)))
        for protocol, queries in ((PER_CONFORMATION, per_state), (PER_IMAGE, per_image)):
            by_state = queries[np.argsort(truth.labels[queries], kind="stable")]
            scored.append(VolumeScores(submission.method.name, protocol, by_state, {c: [] for c in CONVENTIONS}))
    by_name = {submission.method.name: submission for submission in submissions}
    advance = progress("Scoring volumes", sum(len(scores.queries) for scores in scored))
    for state in range(len(truth.states)):
        reference = transform_map(truth.volumes[state], truth.mask, f"the true volume of state {state}")
        for scores in scored:
            provider = by_name[scores.method].volumes
            assert provider is not None
            # Queries are sorted by state, so what is appended stays in their order.
            for particle in scores.queries[truth.labels[scores.queries] == state]:
                name = f"the volume of method '{scores.method}' at particle {particle}"
                claimed = transform_map(provider.at(int(particle)), truth.mask, name)
                for convention in CONVENTIONS:
                    scores.curves[convention].append(fsc_of_transforms(claimed, reference, convention))
            advance(int((truth.labels[scores.queries] == state).sum()))
    return scored


def mean_curves(scored: Sequence[VolumeScores], truth: Truth) -> list[Curve]:
    """Return the per-conformation curves of each method, a mean and one for each state."""
    return [
        Curve(
            metric=FSC_AUC,
            method=scores.method,
            protocol=scores.protocol,
            convention=convention,
            label="Fourier shell correlation",
            x=tuple(curves[0].frequencies.tolist()),
            x_label="Spatial frequency",
            x_unit="1/Å",
            mean=tuple(np.mean([curve.correlations for curve in curves], axis=0).tolist()),
            item_names=tuple(state.name for state in truth.states),
            items=tuple(tuple(curve.correlations.tolist()) for curve in curves),
        )
        for scores in scored
        if scores.protocol == PER_CONFORMATION
        for convention, curves in scores.curves.items()
    ]
