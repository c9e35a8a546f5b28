"""Whose volume stands for each state, and which volumes of a submission can be scored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from cryobench.benchmark.queries import particles_of_conformations, particles_of_images
from cryobench.core import InputError, Submission, Truth
from cryobench.methods import FileVolumes

MOST_STATES = 1000
"""Of more states than this, one volume each is not asked for: the per-image protocol is for those."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """The particles whose volumes one protocol scores.

    Parameters
    ----------
    particles
        Shape (q,).
    flags
        What is odd about them.
    """

    particles: Int[np.ndarray, " q"]
    flags: tuple[str, ...] = ()


def conformation_particles(submission: Submission, truth: Truth) -> Wanted:
    """Return the particle that stands for each state that has particles, in the order of the states.

    It is the one whose latent is nearest to the mean latent of the state. Where a submission has no volume there, the
    first particle of the state that has one stands in, and that is flagged; a state without any scores 0.

    Raises
    ------
    InputError
        If there are more states than one volume each is asked for.
    """
    present = len(np.unique(truth.labels))
    if present > MOST_STATES:
        raise InputError(f"{present:,} states: one volume each is asked for up to {MOST_STATES:,} states")
    wanted = particles_of_conformations(truth, submission.latents)
    if not isinstance(submission.volumes, FileVolumes):
        return Wanted(wanted)
    return stand_ins(submission.volumes, wanted, truth)


def stand_ins(volumes: FileVolumes, wanted: Int[np.ndarray, " q"], truth: Truth) -> Wanted:
    """Return particles that stand for states, each replaced by the first of its state that has a volume if it has none.

    Parameters
    ----------
    volumes
        Those that there are.
    wanted
        The particle nearest to the mean latent of each state, shape (q,).
    truth
        The true states.
    """
    having = volumes.particles
    chosen, standing_in = wanted.copy(), 0
    for place in np.flatnonzero(~np.isin(wanted, having)).tolist():
        own = having[truth.labels[having] == truth.labels[wanted[place]]]
        if own.size:
            chosen[place] = own[0]
            standing_in += 1
    if not standing_in:
        return Wanted(chosen)
    return Wanted(
        chosen,
        (
            f"{standing_in} of {len(wanted)} states: another particle of the state stands in, since the submission has "
            "no volume at the one nearest to the mean latent",
        ),
    )


def image_particles(submission: Submission, truth: Truth, images: int) -> Wanted:
    """Return the particles of the published per-image protocol: every N // n-th.

    Raises
    ------
    InputError
        If the submission has no volume at some of them.
    """
    wanted = particles_of_images(truth, images)
    if isinstance(submission.volumes, FileVolumes):
        missing = np.setdiff1d(wanted, submission.volumes.particles)
        if missing.size:
            raise InputError(
                f"needs volumes of {len(wanted)} particles, and {len(missing)} are not there (particle {missing[0]}, "
                "for one): 'cryobench queries' lists them"
            )
    return Wanted(wanted)
