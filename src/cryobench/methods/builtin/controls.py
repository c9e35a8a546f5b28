"""Controls: the truth (ceiling), one volume for all, and shuffled latents (floors)."""

from __future__ import annotations

import numpy as np

from cryobench.core import MethodCard, Particles, Progress, Submission, Truth, stream
from cryobench.methods.base import METHODS, Control
from cryobench.methods.builtin.backprojection import backproject_particles
from cryobench.methods.volumes import ClassVolumes

_VERSION = "1"


class Oracle(Control):
    """Backprojection of each true state: what perfect labels would give from these images."""

    card = MethodCard(
        name="oracle",
        version=_VERSION,
        role="ceiling",
        summary="Told the true state of each particle: backprojects each by itself. Its latents are the true ones.",
    )

    def run(self, particles: Particles, truth: Truth, seed: int, progress: Progress) -> Submission:
        """Return a volume a state; nothing is random."""
        advance = progress("oracle: one backprojection a state", len(truth.states))
        volumes = []
        for state in range(len(truth.states)):
            volumes.append(backproject_particles(particles, np.flatnonzero(truth.labels == state)))
            advance(1)
        return Submission(
            method=self.card,
            particles=len(particles),
            latents=truth.latents,
            labels=truth.labels,
            volumes=ClassVolumes(volumes, truth.labels),
        )


class Consensus(Control):
    """One backprojection of everything: what ignoring heterogeneity gives."""

    card = MethodCard(
        name="consensus",
        version=_VERSION,
        role="floor",
        summary="One backprojection of all particles, claimed for each of them: what ignoring heterogeneity gives.",
    )

    def run(self, particles: Particles, truth: Truth, seed: int, progress: Progress) -> Submission:
        """Return one volume for all particles; nothing is random."""
        advance = progress("consensus: one backprojection", 1)
        labels = np.zeros(len(particles), dtype=np.int32)
        volumes = ClassVolumes([backproject_particles(particles)], labels)
        advance(1)
        return Submission(method=self.card, particles=len(particles), labels=labels, volumes=volumes)


class Shuffle(Control):
    """The true latents, dealt out at random."""

    card = MethodCard(
        name="shuffle",
        version=_VERSION,
        role="floor",
        summary="The true latents, permuted over the particles at random: a latent space that knows nothing.",
    )

    def run(self, particles: Particles, truth: Truth, seed: int, progress: Progress) -> Submission:
        """Return permuted latents and no volumes."""
        order = stream(seed, "shuffle").permutation(len(truth))
        return Submission(method=self.card, particles=len(particles), latents=truth.latents[order])


for _control in (Oracle(), Consensus(), Shuffle()):
    METHODS.add(_control.card.name, _control)
