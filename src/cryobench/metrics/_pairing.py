"""Which volume meets which truth."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int, Int32

from cryobench.core import InputError, stream


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


def stratified_particles(labels: Int32[np.ndarray, " N"], count: int, seed: int) -> Int[np.ndarray, " m"]:
    """Return particles drawn at random within their states, in ascending order.

    Each state gets its share of the count, in proportion to its particles and at least one: so there are more than
    asked for where there are many small states.

    Parameters
    ----------
    labels
        True state of each particle, shape (N,).
    count
        Number of particles, 1 to N.
    seed
        Seed of the draw; each state has its own.
    """
    _require_count(len(labels), count)
    chosen = []
    for state in np.unique(labels):
        members = np.flatnonzero(labels == state)
        share = max(1, round(count * len(members) / len(labels)))
        chosen.append(stream(seed, "particles of a state", int(state)).permutation(members)[:share])
    return np.sort(np.concatenate(chosen))


def strided_particles(particles: int, count: int) -> Int[np.ndarray, " m"]:
    """Return the particles of the published per-image protocol: 0 ... N in steps of N // n."""
    _require_count(particles, count)
    return np.arange(0, particles, particles // count)


def _require_count(particles: int, count: int) -> None:
    if not 1 <= count <= particles:
        raise InputError(f"{count} particles asked for of {particles}: choose from 1 to {particles}")
