"""Poses in a method's output: those that it was given, or its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64

from cryobench.core import FormatError, InputError, Particles, Poses

_SAME_ROTATION = 1e-3  # of a matrix: files hold angles in 6 digits
_SAME_SHIFT = 1e-2  # Å


@dataclass(frozen=True, eq=False)
class FoundPoses:
    """What the poses in a method's output say: its kind, its own poses where it has some, and this in words."""

    kind: Literal["fixed-pose", "ab-initio"]
    poses: Poses | None
    note: str


def compare_poses(found: Poses | None, particles: Particles) -> FoundPoses:
    """Return whether a method kept the poses that the dataset gives.

    Parameters
    ----------
    found
        In the order of the particles; None where the output has none.
    particles
        Those of the dataset.
    """
    if found is None:
        return FoundPoses("fixed-pose", None, "There are no poses: it is taken to have used those given.")
    given = particles.poses
    turned = np.abs(found.rotations - given.rotations).max(axis=(1, 2)) > _SAME_ROTATION
    other = turned | (np.abs(found.shifts - given.shifts).max(axis=1) > _SAME_SHIFT)
    if not other.any():
        return FoundPoses("fixed-pose", None, "Poses are those given.")
    return FoundPoses("ab-initio", found, f"Poses of {other.sum():,} of {len(other):,} particles are its own.")


def poses_of(rotations: Float64[np.ndarray, "n 3 3"], shifts: Float64[np.ndarray, "n 2"], source: str) -> Poses:
    """Return poses in single precision, and turn what is wrong with them into a :class:`FormatError` of a file."""
    with np.errstate(over="ignore"):  # what overflows is not finite, and refused
        single = rotations.astype(np.float32), shifts.astype(np.float32)
    try:
        return Poses(*single)
    except InputError as error:
        raise FormatError(f"{source}: {error}") from error
