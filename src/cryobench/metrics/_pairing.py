"""Which volume meets which truth."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int, Int32

from cryobench.core import InputError


def representatives(
    labels: Int32[np.ndarray, " N"], states: int, latents: Float32[np.ndarray, "N d"] | None
) -> Int[np.ndarray, " S"]:
    """Return the particle that stands for each state: the one whose latent is nearest to its mean latent.

    Parameters
    ----------
    labels
        True state of each particle, shape (N,).
    states
        Number of states S.
    latents
        The method's latents, shape (N, d). Without them the first particle of each state stands for it.

    Raises
    ------
    InputError
        If a state has no particle.
    """
    chosen = np.empty(states, dtype=np.int64)
    for state in range(states):
        members = np.flatnonzero(labels == state)
        if not members.size:
            raise InputError(f"state {state} has no particle: a volume cannot be asked for it")
        if latents is None:
            chosen[state] = members[0]
            continue
        own = latents[members].astype(np.float64)
        chosen[state] = members[np.argmin(((own - own.mean(axis=0)) ** 2).sum(axis=1))]
    return chosen


def strided_particles(particles: int, count: int) -> Int[np.ndarray, " m"]:
    """Return the particles of the published per-image protocol: 0 ... N in steps of N // n."""
    if not 1 <= count <= particles:
        raise InputError(f"{count} particles asked for of {particles}: choose from 1 to {particles}")
    return np.arange(0, particles, particles // count)
