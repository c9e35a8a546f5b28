"""Scores of latents, classes and poses as records, with what is drawn of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pydantic
from jaxtyping import Float64

from cryobench.benchmark.latent_plots import imbalance_points, neighbourhood_curve
from cryobench.benchmark.measures import MEASURES, Reference, measure_submission
from cryobench.benchmark.pose_tables import pose_errors
from cryobench.benchmark.settings import ScoreSettings
from cryobench.core import Curve, Histogram, ImbalancePoint, InputError, ItemValues, Progress, Score, Submission

_EDGES = {"rotation error": ("°", 0.02, 180.0), "shift error": ("Å", 0.02, 200.0)}
_BINS = 60


@dataclass(frozen=True, eq=False)
class LatentResults:
    """Everything that was found of the latents, classes and poses of one method."""

    scores: tuple[Score, ...]
    items: tuple[ItemValues, ...]
    curves: tuple[Curve, ...]
    imbalance: tuple[ImbalancePoint, ...]
    histograms: tuple[Histogram, ...]
    missing: dict[str, str]


def score_claim(
    submission: Submission, reference: Reference, settings: ScoreSettings, progress: Progress
) -> LatentResults:
    """Return what is found of a submission's latents, classes and poses.

    Raises
    ------
    InputError
        If a score is no finite number.
    UnknownNameError
        If there is no measure of a name that was chosen.
    """
    names = tuple(MEASURES) if settings.measures is None else settings.measures
    method = submission.method.name
    try:
        measured = measure_submission(submission, reference, names, settings.seed, progress)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise InputError(
            f"method '{method}': a {error.title.lower()} that is no finite number ({first['loc'][0]}): check its "
            "latents, classes and poses"
        ) from error
    items = tuple(
        ItemValues(
            metric=score.metric,
            method=method,
            protocol=score.protocol,
            convention=score.convention,
            parameters=score.parameters,
            over="particles",
            particles=np.arange(len(reference), dtype=np.int64),
            states=reference.truth.labels,
            values=reading.items.astype(np.float64),
        )
        for score, reading in zip(measured.scores, measured.readings, strict=True)
        if reading.items is not None and len(reading.items) == len(reference)
    )
    curves: tuple[Curve, ...] = ()
    if submission.latents is not None and np.ptp(submission.latents, axis=0).any():
        curves = (neighbourhood_curve(measured, reference, method, settings.seed),)
    histograms: tuple[Histogram, ...] = ()
    if submission.poses is not None and reference.poses is not None:
        errors = zip(_EDGES, pose_errors(measured, reference), strict=True)
        histograms = tuple(_histogram(method, quantity, values) for quantity, values in errors)
    missing = dict(measured.missing) | {name: "not asked for" for name in MEASURES if name not in names}
    return LatentResults(measured.scores, items, curves, imbalance_points(measured.scores), histograms, missing)


def _histogram(method: str, quantity: str, values: Float64[np.ndarray, " N"]) -> Histogram:
    """Return how errors are spread, on edges that are the same for every method; what is larger is in the last bin."""
    unit, least, most = _EDGES[quantity]
    edges = np.concatenate(([0.0], np.geomspace(least, most, _BINS)))
    counts, _ = np.histogram(np.minimum(values, most), edges)
    return Histogram(
        method=method,
        quantity=quantity,
        unit=unit,
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
        median=float(np.median(values)),
    )
