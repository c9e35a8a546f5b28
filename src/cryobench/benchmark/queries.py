"""Which particles a submission's volumes are wanted at."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int64

from cryobench.core import Truth
from cryobench.metrics import representatives, stratified_particles, strided_particles


def particles_of_images(truth: Truth, n: int, seed: int = 0, *, stratified: bool = False) -> Int64[np.ndarray, " q"]:
    """Return the particles of the per-image protocol.

    Parameters
    ----------
    truth
        The true states.
    n
        How many are asked for; all where there are no more. Every N // n-th is taken: as published, so a few more.
    seed
        Of the stratified draw.
    stratified
        Whether they are drawn at random within states instead.
    """
    count = min(n, len(truth))
    if stratified:
        return np.asarray(stratified_particles(truth.labels, count, seed), dtype=np.int64)
    return np.asarray(strided_particles(len(truth), count), dtype=np.int64)


def particles_of_conformations(truth: Truth, latents: Float32[np.ndarray, "N d"] | None) -> Int64[np.ndarray, " s"]:
    """Return the particle that stands for each state that has particles: the one nearest to the state's mean latent.

    Parameters
    ----------
    truth
        The true states.
    latents
        The method's latents, shape (N, d); without them the first particle of each state.
    """
    present, compact = np.unique(truth.labels, return_inverse=True)
    return np.asarray(representatives(compact.astype(np.int32), len(present), latents), dtype=np.int64)


def wanted_particles(
    truth: Truth, latents: Float32[np.ndarray, "N d"] | None, n: int, seed: int, *, stratified: bool = False
) -> Int64[np.ndarray, " q"]:
    """Return the particles whose volumes both protocols ask for, ascending, each once.

    Parameters
    ----------
    truth
        The true states.
    latents
        The method's latents, shape (N, d), or None.
    n
        Number of particles of the per-image protocol.
    seed
        Of the stratified draw.
    stratified
        Whether the per-image protocol draws at random within states, with the seed; else every N // n-th is taken.

    Raises
    ------
    InputError
        If the number is below 1.
    """
    images = particles_of_images(truth, n, seed, stratified=stratified)
    return np.union1d(images, particles_of_conformations(truth, latents)).astype(np.int64)
