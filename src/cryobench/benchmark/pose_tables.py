"""Pose errors as tables: of each particle, and of each state."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from cryobench.benchmark.measures import Measured, Reference
from cryobench.benchmark.measures.poses import rotation_errors, translation_errors
from cryobench.benchmark.tables import csv_text

_PARTICLE_COLUMNS = (
    "particle", "state", "rotation_degrees", "view_degrees", "in_plane_degrees", "squared_frobenius", "shift_angstrom",
)  # fmt: skip


class StateErrors(NamedTuple):
    """Pose errors of one state: angles in degrees, fractions of its particles, distances in Å."""

    state: str
    particles: int
    mean_degrees: float
    median_degrees: float
    under_5_degrees: float
    under_10_degrees: float
    mean_angstrom: float
    median_angstrom: float


def pose_errors(
    measured: Measured, reference: Reference
) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, " N"]]:
    """Return the rotation error (degrees) and the shift error (Å) of each particle, shape (N,) both."""
    claim = measured.claim
    return rotation_errors(claim, reference).geodesic_degrees, translation_errors(claim, reference).distance


def is_mirrored(measured: Measured, reference: Reference) -> bool:
    """Return whether the poses are those of the mirrored map."""
    return rotation_errors(measured.claim, reference).mirrored


def per_particle_text(measured: Measured, reference: Reference) -> str:
    """Return the pose errors of each particle as comma-separated values."""
    rotations = rotation_errors(measured.claim, reference)
    columns = (
        rotations.geodesic_degrees,
        rotations.view_degrees,
        rotations.in_plane_degrees,
        rotations.squared_frobenius,
        translation_errors(measured.claim, reference).distance,
    )
    states = [reference.truth.states[label].name for label in reference.truth.labels.tolist()]
    rows = (
        (i, state, *(f"{value:.6g}" for value in values))
        for i, (state, values) in enumerate(zip(states, np.stack(columns, axis=1).tolist(), strict=True))
    )
    return csv_text(_PARTICLE_COLUMNS, rows)


def per_state(measured: Measured, reference: Reference) -> list[StateErrors]:
    """Return the pose errors of each state that has particles."""
    distance = translation_errors(measured.claim, reference).distance
    rows = []
    for state, found in rotation_errors(measured.claim, reference).per_state().items():
        own = distance[reference.truth.labels == state]
        rows.append(
            StateErrors(
                reference.truth.states[state].name,
                found.particles,
                found.mean_degrees,
                found.median_degrees,
                found.under_5_degrees,
                found.under_10_degrees,
                float(own.mean()),
                float(np.median(own)),
            )
        )
    return rows


def per_state_text(rows: list[StateErrors]) -> str:
    """Return the pose errors of states as comma-separated values."""
    return csv_text(
        StateErrors._fields, (tuple(f"{v:.6g}" if isinstance(v, float) else v for v in row) for row in rows)
    )
