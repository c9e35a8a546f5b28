"""Other poses and CTF parameters that images should fit worse than their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from cryobench.core import CTFParameters, Poses

Change = Callable[[Poses, CTFParameters, Poses, CTFParameters], tuple[Poses, CTFParameters]]
"""Makes poses and CTF parameters to try, of those of some particles and of as many others."""

OTHER_POSE = "another particle's pose"
OTHER_CTF = "another particle's CTF"
OTHER_STATE = "another state's volume"


class Rival(NamedTuple):
    """What to try, and what it means if it fits better."""

    name: str
    change: Change
    advice: str


def _turned(poses: Poses) -> Poses:
    return Poses(np.ascontiguousarray(poses.rotations.transpose(0, 2, 1)), poses.shifts)


def _other_hand(poses: Poses) -> Poses:
    mirror = np.array([1.0, 1.0, -1.0], dtype=np.float32)
    return Poses(mirror[:, None] * poses.rotations * mirror, poses.shifts)


CONVENTIONS: tuple[Rival, ...] = (
    Rival(
        "the inverse rotations",
        lambda poses, ctf, _, __: (_turned(poses), ctf),
        "transpose every rotation: they turn the volume, not the frame",
    ),
    Rival(
        "the shifts with the other sign",
        lambda poses, ctf, _, __: (Poses(poses.rotations, -poses.shifts), ctf),
        "negate the shifts: the stored one centres the image",
    ),
    Rival(
        "the shifts with x and y exchanged",
        lambda poses, ctf, _, __: (Poses(poses.rotations, np.ascontiguousarray(poses.shifts[:, ::-1])), ctf),
        "exchange the columns of the shifts: x comes first",
    ),
    Rival(
        "the other hand",
        lambda poses, ctf, _, __: (_other_hand(poses), ctf),
        "the volumes have the other hand: mirror them, or replace each rotation R by M R M with M = diag(1, 1, -1)",
    ),
)
"""Conventions that programs differ in."""

STRANGERS: tuple[Rival, ...] = (
    Rival(OTHER_POSE, lambda _, ctf, poses, __: (poses, ctf), "bring poses and images into the same order"),
    Rival(OTHER_CTF, lambda poses, _, __, ctf: (poses, ctf), "bring CTF parameters and images into the same order"),
)
"""What belongs to another particle."""
