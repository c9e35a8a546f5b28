"""What a method claims about the particles it was given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float32, Int32
from pydantic import BaseModel, ConfigDict

from cryobench.core.checks import require_finite, require_shape
from cryobench.core.particles import Poses
from cryobench.core.volumes import VolumeProvider


class MethodCard(BaseModel):
    """A method in a table: what it is, which kind, and what it was told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    role: Literal["ceiling", "floor", "method"]
    summary: str


@dataclass(frozen=True, eq=False)
class Submission:
    """Latents, labels, posteriors, poses and volumes of N particles, any of which may be missing.

    Parameters
    ----------
    method
        Which method it is from.
    particles
        Number of particles N.
    kind
        Whether the method was given the poses or found them.
    latents
        Latent coordinates, shape (N, d).
    labels
        Class of each particle, shape (N,).
    posteriors
        Probability of each class, shape (N, K).
    poses
        Estimated poses, N of them.
    volumes
        The volume claimed at any particle.
    """

    method: MethodCard
    particles: int
    kind: Literal["fixed-pose", "ab-initio"] = "fixed-pose"
    latents: Float32[np.ndarray, "N d"] | None = None
    labels: Int32[np.ndarray, " N"] | None = None
    posteriors: Float32[np.ndarray, "N K"] | None = None
    poses: Poses | None = None
    volumes: VolumeProvider | None = None

    def named(self, name: str) -> Submission:
        """Return the same claims under another name of the method."""
        return replace(self, method=self.method.model_copy(update={"name": name}))

    def __post_init__(self) -> None:
        who = f"method '{self.method.name}':"
        if self.latents is not None:
            require_shape(f"{who} latents", self.latents, (self.particles, None))
            require_finite(f"{who} latents", self.latents)
        if self.labels is not None:
            require_shape(f"{who} labels", self.labels, (self.particles,))
        if self.posteriors is not None:
            require_shape(f"{who} posteriors", self.posteriors, (self.particles, None))
        if self.poses is not None:
            require_shape(f"{who} rotations", self.poses.rotations, (self.particles, 3, 3))
