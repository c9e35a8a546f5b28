"""Whether the images of an archive show its true volumes, in which order and of which sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32, Float64, Int32

from cryobench.core import CTFParameters, FormatError, Poses, Volume
from cryobench.imaging import Projector
from cryobench.io import StackImages

_STATES = 16
_IMAGES = 4
_DECISIVE = 6.0
"""Standard errors of a mean correlation beyond which noise alone is ruled out."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """Correlation of n images with projections of the true volumes with the CTF, pixel by pixel.

    Parameters
    ----------
    states
        State of each image, shape (n,).
    matched
        With the pose of the image, shape (n,).
    mismatched
        With the pose of another particle, shape (n,).
    error
        Standard deviation of one such number, were the image noise alone.
    """

    states: Int32[np.ndarray, " n"]
    matched: Float64[np.ndarray, " n"]
    mismatched: Float64[np.ndarray, " n"]
    error: float

    @property
    def mean(self) -> float:
        """Mean correlation."""
        return float(self.matched.mean())

    @property
    def decisive(self) -> bool:
        """Whether the images show the volumes, and better with their own poses than with those of others."""
        error = _DECISIVE * self.error / len(self.matched) ** 0.5
        return bool(abs(self.mean) - abs(self.mismatched.mean()) > error)

    @property
    def sign(self) -> Literal[-1, 1]:
        """Contrast sign of the images: -1 where the particle is bright."""
        return 1 if self.mean > 0 else -1

    def words(self) -> str:
        """Return the mean correlations, in words."""
        return (
            f"mean correlation {self.mean:+.4f} on {len(self.matched)} images, {self.mismatched.mean():+.4f} with the "
            "poses of others"
        )

    def outliers(self) -> list[int]:
        """Return the states whose images are clearly of the rarer sign."""
        clear: dict[bool, list[int]] = {True: [], False: []}
        for state in np.unique(self.states).tolist():
            own = self.matched[self.states == state]
            if abs(own.mean()) > _DECISIVE * self.error / len(own) ** 0.5:
                clear[bool(own.mean() > 0)].append(state)
        return min(clear.values(), key=len)


def agreement(
    images: StackImages,
    poses: Poses,
    ctf: CTFParameters,
    labels: Int32[np.ndarray, " N"],
    volume: Callable[[int], Volume],
    most_states: int = _STATES,
) -> Agreement:
    """Compare images with projections of true volumes: of some states, evenly spread, at most 4 images of each.

    Parameters
    ----------
    images, poses, ctf, labels
        Of the N particles.
    volume
        Makes the true volume of a state.
    most_states
        Of how many states at most.
    """
    states = np.unique(labels)
    looked_at = min(most_states, len(states))
    chosen = states[np.arange(looked_at) * len(states) // looked_at]
    of_state, matched, mismatched = [], [], []
    for state in chosen.tolist():
        members = np.flatnonzero(labels == state)
        few = min(_IMAGES, len(members))
        some = members[np.arange(few) * len(members) // few]
        other = (some + 1) % len(labels)
        projector = Projector(volume(state))
        shown = images.read(some)
        of_state += [state] * few
        matched.append(_correlations(shown, projector.project(poses[some], ctf[some])))
        mismatched.append(_correlations(shown, projector.project(poses[other], ctf[some])))
    return Agreement(
        states=np.array(of_state, dtype=np.int32),
        matched=np.concatenate(matched),
        mismatched=np.concatenate(mismatched),
        error=1.0 / images.box,
    )


def require_agreement(found: Agreement, source: str) -> None:
    """Raise unless the images show the true volumes, all with one sign.

    Raises
    ------
    FormatError
        Saying what was found.
    """
    outliers = found.outliers()
    if outliers:
        raise FormatError(
            f"{source}: images of states {', '.join(map(str, outliers))} have another contrast sign than those of the "
            f"others that were looked at ({found.words()}): a dataset has one sign; unpack the archive again"
        )
    if not found.decisive:
        raise FormatError(
            f"{source}: the images do not show the true volumes ({found.words()}): images, poses, CTF parameters and "
            "volumes do not belong together, or are not in the same order; unpack the archive again"
        )


def _correlations(
    images: Float32[np.ndarray, "n D D"], expected: Float32[np.ndarray, "n D D"]
) -> Float64[np.ndarray, " n"]:
    first, second = (stack.reshape(len(stack), -1).astype(np.float64) for stack in (images, expected))
    first, second = (rows - rows.mean(axis=1, keepdims=True) for rows in (first, second))
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    products = (first * second).sum(axis=1)
    return np.asarray(np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0))
