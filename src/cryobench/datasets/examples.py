"""Example particles, step by step, for pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from cryobench.core import Dataset
from cryobench.imaging import Projector


@dataclass(frozen=True, eq=False)
class ExampleParticle:
    """One particle before and after the CTF, without noise, and as stored; shape (D, D), the particle bright."""

    index: int
    state: int
    clean: Float32[np.ndarray, "D D"]
    with_ctf: Float32[np.ndarray, "D D"]
    stored: Float32[np.ndarray, "D D"]


def example_particles(dataset: Dataset, count: int) -> list[ExampleParticle]:
    """Return particles spread evenly over the dataset, projected again from their true volumes."""
    particles, truth = dataset.particles, dataset.truth
    chosen = np.arange(count) * len(particles) // count
    examples = []
    for index in chosen:
        one = np.array([index])
        state = int(truth.labels[index])
        projector = Projector(truth.volumes[state])
        poses, ctf = particles.poses[one], particles.ctf[one]
        sign = np.float32(-1.0)  # under this CTF a particle is dark: shown bright
        examples.append(
            ExampleParticle(
                index=int(index),
                state=state,
                clean=projector.project(poses)[0],
                with_ctf=sign * projector.project(poses, ctf)[0],
                stored=sign * particles.sign * particles.images.read(one)[0],
            )
        )
    return examples
