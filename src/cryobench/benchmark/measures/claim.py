"""The two sides of a measure: what is claimed of the particles, and what is known."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

import numpy as np
from jaxtyping import Int, Int32

from cryobench.benchmark.measures.space import Space
from cryobench.core import CTFParameters, Dataset, Poses, Submission, Truth

Need = Literal["latents", "labels or posteriors", "poses"]
NEEDS: tuple[Need, ...] = ("latents", "labels or posteriors", "poses")
FrameScope = Literal["one", "per-state"]

T = TypeVar("T")


def neighbour_counts(truth: Truth) -> tuple[int, ...]:
    """Return the numbers of neighbours to score at: a state's own particles, and those of its two neighbours as well.

    Particles of a state share one true latent, so smaller numbers would score how ties are broken; of more than half of
    all particles, chance alone finds most.
    """
    per_state = len(truth) // len(truth.states)
    return tuple(k for k in (per_state - 1, 3 * per_state - 1) if 1 <= k < len(truth) / 2)


class _Shared:
    """What was computed once and is asked for again."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Any] = {}

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return what ``compute`` returned when the key was first asked for."""
        if key not in self._kept:
            self._kept[key] = compute()
        found: T = self._kept[key]
        return found


class Claim(_Shared):
    """What is claimed of N particles: latents, classes and poses, any of which may be missing.

    Parameters
    ----------
    latents
        Shape (N, d).
    classes
        Class of each particle, shape (N,), any whole numbers.
    poses
        N poses.
    """

    def __init__(self, latents: Space | None, classes: Int32[np.ndarray, " N"] | None, poses: Poses | None) -> None:
        super().__init__()
        self.latents = latents
        self.classes = classes
        self.poses = poses

    @classmethod
    def of(cls, submission: Submission) -> Claim:
        """Return what a submission claims; where it has no labels, the most probable class is the claim."""
        classes = submission.labels
        if classes is None and submission.posteriors is not None:
            classes = submission.posteriors.argmax(axis=1).astype(np.int32)
        latents = None if submission.latents is None else Space(submission.latents)
        return cls(latents, classes, submission.poses)

    def has(self, need: Need) -> bool:
        """Return whether the claim has what a measure needs."""
        parts = {"latents": self.latents, "labels or posteriors": self.classes, "poses": self.poses}
        return parts[need] is not None

    def shuffled(self, order: Int[np.ndarray, " N"], number: int = 0) -> Claim:
        """Return the claim dealt out anew: particle i gets what was claimed of particle ``order[i]``."""
        return Claim(
            None if self.latents is None else self.latents.shuffled(order, number),
            None if self.classes is None else self.classes[order],
            None if self.poses is None else self.poses[order],
        )

    def part(self, rows: Int[np.ndarray, " m"]) -> Claim:
        """Return what is claimed of some of the particles."""
        return Claim(
            None if self.latents is None else self.latents.part(rows),
            None if self.classes is None else self.classes[rows],
            None if self.poses is None else self.poses[rows],
        )


@dataclass(frozen=True)
class PoseFreedom:
    """What is taken out of poses before they are compared.

    ``frame`` is one global rotation for all particles or one for each state; ``handedness`` is whether the other hand
    is tried too.
    """

    frame: FrameScope = "one"
    handedness: bool = True


@dataclass(eq=False)
class Reference:
    """What is known of the particles, with what several measures and several submissions share.

    Parameters
    ----------
    truth
        States, latents and coordinate.
    poses, ctf
        The true ones, or None where nothing is to be measured against them.
    freedom
        What is taken out of poses.
    counts
        Numbers of neighbours to score at; by default :func:`neighbour_counts`.
    """

    truth: Truth
    poses: Poses | None = None
    ctf: CTFParameters | None = None
    freedom: PoseFreedom = field(default_factory=PoseFreedom)
    counts: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.counts is None:
            self.counts = neighbour_counts(self.truth)
        self.space = Space(self.truth.latents)
        self.shared = _Shared()

    @classmethod
    def of(cls, dataset: Dataset, freedom: PoseFreedom | None = None) -> Reference:
        """Return what is known of a dataset's particles."""
        particles = dataset.particles
        return cls(dataset.truth, particles.poses, particles.ctf, freedom or PoseFreedom())

    def __len__(self) -> int:
        return len(self.truth)

    def part(self, rows: Int[np.ndarray, " m"]) -> Reference:
        """Return what is known of some of the particles; numbers of neighbours keep their share of the particles."""
        truth = replace(self.truth, labels=self.truth.labels[rows], latents=self.truth.latents[rows])
        share = len(rows) / len(self)
        counts = tuple(max(1, round((k + 1) * share) - 1) for k in self.counts or ())
        poses = None if self.poses is None else self.poses[rows]
        ctf = None if self.ctf is None else self.ctf[rows]
        return Reference(truth, poses, ctf, self.freedom, counts)

    def perfect(self) -> Claim:
        """Return the truth as a claim, which makes a ceiling."""
        return self.shared.once("perfect", lambda: Claim(self.space, self.truth.labels, self.poses))
