"""How far estimated rotations are from the true ones, once the freedom of frame and hand is taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from cryobench.align import (
    CRITERIA,
    Criterion,
    SymmetricRows,
    align_rotations,
    best_frame,
    require_operators,
    require_rotations,
    symmetry_traces,
)
from cryobench.core import InputError, MetricCard
from cryobench.metrics._registry import METRICS

FrameScope = Literal["one", "per-state"]
Symmetry = Float[np.ndarray, "_ 3 3"] | Mapping[int, Float[np.ndarray, "_ 3 3"]] | Sequence[Float[np.ndarray, "_ 3 3"]]

ROTATION_ERROR = METRICS.add(
    "rotation-error",
    MetricCard(
        name="rotation-error",
        label="Rotation error",
        summary="Angle between each estimated rotation and the true one, after the global rotation and the hand that "
        "bring the two sets nearest. Random rotations: 126.5° in the mean, 132.3° in the median.",
        reference="Hartley, Trumpf, Dai & Li, IJCV 103 (2013) 267; Jeon et al., CryoBench, NeurIPS 2024",
        range=(0.0, 180.0),
        direction="lower",
        unit="°",
    ),
)


@dataclass(frozen=True)
class RotationSummary:
    """Statistics of rotation errors: means and medians of angles in degrees and of squared Frobenius norms.

    ``under_5_degrees`` and ``under_10_degrees`` are fractions of the ``particles``.
    """

    particles: int
    mean_degrees: float
    median_degrees: float
    mean_view_degrees: float
    mean_in_plane_degrees: float
    mean_squared_frobenius: float
    median_squared_frobenius: float
    under_5_degrees: float
    under_10_degrees: float


@dataclass(frozen=True, eq=False)
class RotationError:
    """Errors of N rotations, each beside the parts it is made of.

    Parameters
    ----------
    geodesic_degrees
        Angle of the rotation between the aligned and the true one, 0 to 180°, shape (N,).
    squared_frobenius
        Squared Frobenius norm of their difference, 8 sin²(angle/2), 0 to 8, shape (N,).
    view_degrees
        Angle between the two viewing directions, 0 to 180°, shape (N,).
    in_plane_degrees
        Angle of the turn within the image that remains, 0 to 180°, shape (N,):
        cos(geodesic/2) = cos(view/2) cos(in-plane/2).
    mirrored
        Whether a reflection stands between the two sets: for rotations, whether the map is of the other hand. With
        one frame a state, whether that holds for more than half of the particles.
    gauge
        Orthogonal matrix G of each frame, shape (F, 3, 3): R_est is about R_true G, or M R_true G. Its determinant is
        -1 where the map is of the other hand. F is 1, or the number of states.
    gauge_mirrored
        Whether a reflection was needed, by frame, shape (F,).
    aligned
        Estimated rotations in the frame of the true ones, shape (N, 3, 3).
    labels
        State of each particle, shape (N,); zeros where none were given.
    """

    geodesic_degrees: Float64[np.ndarray, " N"]
    squared_frobenius: Float64[np.ndarray, " N"]
    view_degrees: Float64[np.ndarray, " N"]
    in_plane_degrees: Float64[np.ndarray, " N"]
    mirrored: bool
    gauge: Float64[np.ndarray, "F 3 3"]
    gauge_mirrored: Bool[np.ndarray, " F"]
    aligned: Float64[np.ndarray, "N 3 3"]
    labels: Int[np.ndarray, " N"]

    def summary(self, chosen: Bool[np.ndarray, " N"] | None = None) -> RotationSummary:
        """Return the statistics over all particles, or over those chosen."""
        rows = np.ones(len(self.labels), dtype=bool) if chosen is None else chosen
        if not rows.any():
            raise InputError("no particle is chosen: there is nothing to take a mean of")
        angles, squares = self.geodesic_degrees[rows], self.squared_frobenius[rows]
        return RotationSummary(
            particles=int(rows.sum()),
            mean_degrees=float(angles.mean()),
            median_degrees=float(np.median(angles)),
            mean_view_degrees=float(self.view_degrees[rows].mean()),
            mean_in_plane_degrees=float(self.in_plane_degrees[rows].mean()),
            mean_squared_frobenius=float(squares.mean()),
            median_squared_frobenius=float(np.median(squares)),
            under_5_degrees=float((angles < 5).mean()),
            under_10_degrees=float((angles < 10).mean()),
        )

    def per_state(self) -> dict[int, RotationSummary]:
        """Return the statistics of each state that has particles, by its label."""
        return {int(state): self.summary(self.labels == state) for state in np.unique(self.labels)}


def rotation_error(
    estimated: Float[np.ndarray, ...],
    true: Float[np.ndarray, ...],
    labels: Int[np.ndarray, ...] | None = None,
    handedness: bool = True,
    symmetry: Symmetry | None = None,
    frame: FrameScope = "one",
    criterion: Criterion = "distance",
) -> RotationError:
    """Return the errors of rotations after the best global rotation, and the better hand.

    Parameters
    ----------
    estimated, true
        Active rotations of the same N particles, shape (N, 3, 3): density at p lands at R p. The estimated ones may
        all be reflections (determinant -1) where ``handedness`` is on.
    labels
        State of each particle, shape (N,).
    handedness
        Whether the poses of the mirrored map are tried as well.
    symmetry
        Operators of the true map in its own frame: one group, shape (n, 3, 3), for all particles, or a group for each
        state, by label. R and R S then are the same pose.
    frame
        ``"one"`` for all particles, or one of its own for each state (``"per-state"``), as where classes were refined
        apart.
    criterion
        What the frame makes smallest: the mean distance (``"distance"``, which wrong poses hardly move) or the mean
        squared distance (``"squared"``), Frobenius.

    Raises
    ------
    InputError
        If the sets differ in length, a matrix is not a rotation, or states are needed and not given.

    References
    ----------
    Hartley, Trumpf, Dai and Li, Int. J. Comput. Vis. 103 (2013) 267, for the distances.
    """
    found = require_rotations("estimated rotations", estimated, reflections=handedness)
    known = require_rotations("true rotations", true)
    if len(found) != len(known):
        raise InputError(f"{len(found)} estimated and {len(known)} true rotations: give those of the same particles")
    if frame not in {"one", "per-state"} or criterion not in CRITERIA:
        raise InputError(f"frame '{frame}', criterion '{criterion}': choose 'one' or 'per-state', and {CRITERIA}")
    if labels is None and (frame == "per-state" or not (symmetry is None or isinstance(symmetry, np.ndarray))):
        raise InputError("one frame or one symmetry a state needs the state of each particle: give labels")
    states = np.zeros(len(known), dtype=np.int64) if labels is None else np.asarray(labels)
    if states.shape != (len(known),):
        raise InputError(f"labels have shape {states.shape}, expected ({len(known)},): one for each rotation")

    groups = _groups(symmetry, states)
    hands = (False, True) if handedness else (False,)
    parts = [np.arange(len(known))]
    if frame == "per-state":
        parts = [np.flatnonzero(states == state) for state in np.unique(states)]
    aligned, frames, reflected = np.empty_like(found), [], np.zeros(len(known), dtype=bool)
    for rows in parts:
        within = None if symmetry is None else _groups(symmetry, states[rows])
        best = best_frame(found[rows], known[rows], within, hands, criterion)
        aligned[rows] = align_rotations(found[rows], best)
        frames.append(best)
        reflected[rows] = best.mirrored or np.linalg.det(best.gauge) < 0
    _, operators = symmetry_traces(np.matmul(known.transpose(0, 2, 1), aligned), groups)
    geodesic, view, in_plane = rotation_parts(np.matmul(aligned, np.matmul(known, operators).transpose(0, 2, 1)))
    return RotationError(
        geodesic_degrees=np.rad2deg(geodesic),
        squared_frobenius=8 * np.sin(geodesic / 2) ** 2,
        view_degrees=np.rad2deg(view),
        in_plane_degrees=np.rad2deg(in_plane),
        mirrored=bool(reflected.mean() > 0.5),
        gauge=np.array([best.gauge for best in frames]),
        gauge_mirrored=np.array([reflected[rows[0]] for rows in parts]),
        aligned=aligned,
        labels=states,
    )


def rotation_parts(
    turns: Float64[np.ndarray, "N 3 3"],
) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, " N"], Float64[np.ndarray, " N"]]:
    """Return the angle of rotations, that between the z axis and where it lands, and that of the turn about it.

    All in radians, 0 to π, each of shape (N,). A turn about an axis that lands opposite to itself has no angle, and is
    said to be 0. Arctangents keep small angles exact, which an arccosine would not.
    """
    xx, xy, xz, yx, yy, yz, zx, zy, zz = turns.reshape(-1, 9).T
    sines = np.sqrt((zy - yz) ** 2 + (xz - zx) ** 2 + (yx - xy) ** 2)
    geodesic = np.arctan2(sines, xx + yy + zz - 1)
    view = np.arctan2(np.hypot(xz, yz), zz)
    turn = np.hypot(yx - xy, xx + yy)
    in_plane = np.where(turn > 1e-12, np.abs(np.arctan2(yx - xy, xx + yy)), 0.0)
    return geodesic, view, in_plane


def _groups(symmetry: Symmetry | None, states: Int[np.ndarray, " N"]) -> list[SymmetricRows]:
    """Return the particles that share a symmetry, and its operators."""
    everyone = np.arange(len(states))
    if symmetry is None:
        return [SymmetricRows(everyone, np.eye(3)[None])]
    if isinstance(symmetry, np.ndarray):
        return [SymmetricRows(everyone, require_operators("symmetry operators", symmetry))]
    by_state = symmetry if isinstance(symmetry, Mapping) else dict(enumerate(symmetry))
    groups = []
    for state in np.unique(states).tolist():
        if state not in by_state:
            raise InputError(f"state {state} has no symmetry operators: give the identity where there is none")
        operators = require_operators(f"symmetry operators of state {state}", by_state[state])
        groups.append(SymmetricRows(np.flatnonzero(states == state), operators))
    return groups
