"""Measures of poses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from cryobench.benchmark.measures.claim import Claim, Reference
from cryobench.benchmark.measures.reading import Parameters, Reading, over_particles, resampled
from cryobench.benchmark.measures.registry import Measure, add_measure
from cryobench.benchmark.measures.resampling import RESAMPLES, resamples
from cryobench.core import InputError, MetricCard, Poses
from cryobench.metrics import (
    POSE_ENTANGLEMENT,
    ROTATION_ERROR,
    ROTATION_FROBENIUS,
    ROTATIONS_WITHIN,
    TRANSLATION_ERROR,
    RotationError,
    TranslationError,
    entanglement,
    rotation_error,
    translation_error,
)

SMALL_DEGREES = (5, 10)

BOUNDS = 10_000
"""Particles of floors and ceilings."""


def rotation_errors(claim: Claim, reference: Reference) -> RotationError:
    """Return the errors of a claim's rotations, computed once.

    Raises
    ------
    InputError
        If there are no poses on one of the sides.
    """
    claimed, true = _both(claim, reference)
    freedom = reference.freedom
    return claim.once(
        ("rotations", id(reference)),
        lambda: rotation_error(
            claimed.rotations,
            true.rotations,
            labels=reference.truth.labels,
            handedness=freedom.handedness,
            frame=freedom.frame,
        ),
    )


def translation_errors(claim: Claim, reference: Reference) -> TranslationError:
    """Return the errors of a claim's shifts, computed once.

    Raises
    ------
    InputError
        If there are no poses on one of the sides.
    """
    claimed, true = _both(claim, reference)
    return claim.once(
        ("translations", id(reference)), lambda: translation_error(claimed.shifts, true.shifts, true.rotations)
    )


def _both(claim: Claim, reference: Reference) -> tuple[Poses, Poses]:
    if claim.poses is None or reference.poses is None:
        raise InputError("poses are measured against poses: one of the two sides has none")
    return claim.poses, reference.poses


def _rotation(claim: Claim, reference: Reference, seed: int) -> Sequence[Reading]:
    errors = rotation_errors(claim, reference)
    frame: Parameters = {"frame": reference.freedom.frame}
    readings = [
        over_particles(ROTATION_ERROR, errors.geodesic_degrees, seed, parameters=frame),
        _median(ROTATION_ERROR, errors.geodesic_degrees, seed, frame),
        over_particles(ROTATION_ERROR, errors.view_degrees, seed, parameters=frame | {"part": "viewing direction"}),
        over_particles(ROTATION_ERROR, errors.in_plane_degrees, seed, parameters=frame | {"part": "in plane"}),
        over_particles(ROTATION_FROBENIUS, errors.squared_frobenius, seed, parameters=frame),
        _median(ROTATION_FROBENIUS, errors.squared_frobenius, seed, frame),
    ]
    for degrees in SMALL_DEGREES:
        small = (errors.geodesic_degrees < degrees).astype(np.float64)
        readings.append(over_particles(ROTATIONS_WITHIN, small, seed, parameters=frame | {"degrees": degrees}))
    return readings


def _translation(claim: Claim, reference: Reference, seed: int) -> Sequence[Reading]:
    distance = translation_errors(claim, reference).distance
    return [over_particles(TRANSLATION_ERROR, distance, seed), _median(TRANSLATION_ERROR, distance, seed, {})]


def _entanglement(claim: Claim, reference: Reference, seed: int) -> Sequence[Reading]:
    """Return how far the state foretells the errors of rotations and of shifts."""
    labels = reference.truth.labels
    frame = reference.freedom.frame
    errors = {
        "rotation": rotation_errors(claim, reference).geodesic_degrees,
        "shift": translation_errors(claim, reference).distance,
    }
    return [_explained(values, labels, seed, {"error": name, "frame": frame}) for name, values in errors.items()]


def _explained(values: Float64[np.ndarray, " N"], labels: np.ndarray, seed: int, parameters: Parameters) -> Reading:
    # Rounding is no error: a perfect claim has nothing to explain.
    values = np.where(values < 1e-3, 0.0, values)

    def draw() -> Float64[np.ndarray, " r"]:
        found = np.empty(RESAMPLES)
        for i, rows in enumerate(resamples(len(values), seed)):
            found[i] = entanglement(values[rows], labels[rows], seed, shuffles=1).explained
        return found

    return resampled(
        POSE_ENTANGLEMENT,
        entanglement(values, labels, seed, shuffles=1).explained,
        draw,
        len(values),
        parameters=parameters,
    )


def _median(metric: MetricCard, values: Float64[np.ndarray, " N"], seed: int, parameters: Parameters) -> Reading:
    def draw() -> Float64[np.ndarray, " r"]:
        return np.array([np.median(values[rows]) for rows in resamples(len(values), seed)])

    return resampled(metric, float(np.median(values)), draw, len(values), "median", parameters=parameters)


for _name, _metrics, _read in (
    ("rotation-error", (ROTATION_ERROR, ROTATION_FROBENIUS, ROTATIONS_WITHIN), _rotation),
    ("translation-error", (TRANSLATION_ERROR,), _translation),
    ("pose-entanglement", (POSE_ENTANGLEMENT,), _entanglement),
):
    add_measure(Measure(_name, "poses", "poses", _metrics, _read, most_bounds=BOUNDS))
