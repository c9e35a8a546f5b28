"""Reconstruction of one volume from images with known poses."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex64, Float32, Int

from cryobench.core import InputError, Particles, Volume
from cryobench.methods.builtin.fourier_images import fourier_images
from cryobench.ops.slices import Gridding, SliceAccumulator

INSERTION = Gridding(width=2, oversampling=2.0)
"""Kernel for insertion: narrower than for projection, as a voxel's samples should come from its own surroundings."""

FLOOR = 1e-2
"""Weight added to each voxel, as a fraction of its shell's mean weight: keeps voxels that few images reach quiet."""


def backproject(particles: Particles, indices: Int[np.ndarray, " m"] | None = None) -> Volume:
    """Return the CTF-weighted, gridding-corrected backprojection of the particles with these indices (all by default).

    Each Fourier voxel is sum(CTF image) / sum(CTF^2), the least-squares solution where samples do not interact.

    Raises
    ------
    InputError
        If there is no particle.
    """
    indices = np.arange(len(particles)) if indices is None else indices
    if not len(indices):
        raise InputError("there is no particle to reconstruct from: every class needs at least one")
    accumulator = SliceAccumulator(particles.box, gridding=INSERTION)
    for chunk in fourier_images(particles, indices):
        accumulator.insert(chunk.rotations, chunk.ctf * chunk.values, chunk.ctf**2)
    sums, weights = accumulator.folded()
    transform = divide_by_weights(sums[..., 0], weights[..., 0])
    return Volume(accumulator.to_volume(transform), particles.pixel_size)


def divide_by_weights(
    sums: Complex64[np.ndarray, "M M H"], weights: Float32[np.ndarray, "M M H"]
) -> Complex64[np.ndarray, "M M H"]:
    """Return sums / weights, each weight raised by a small fraction of the mean weight of its shell."""
    denominator = weights + np.float32(FLOOR) * shell_mean(weights)
    return np.asarray(np.divide(sums, denominator, out=np.zeros_like(sums), where=denominator > 0))


def shell_mean(values: Float32[np.ndarray, "M M H"]) -> Float32[np.ndarray, "M M H"]:
    """Return the mean of a half transform over each shell round(|k|), spread over the shell's voxels again."""
    shells = shell_indices(values.shape[0])
    totals = np.bincount(shells.ravel(), weights=values.ravel())
    counts = np.bincount(shells.ravel())
    return np.asarray((totals / np.maximum(counts, 1)).astype(np.float32)[shells])


def shell_indices(box: int) -> Int[np.ndarray, "M M H"]:
    """Return round(|k|) for each voxel of a half transform, shape (box, box, box/2 + 1)."""
    k = np.fft.fftfreq(box, 1 / box)
    half = np.arange(box // 2 + 1)
    squared = (k**2)[:, None, None] + (k**2)[:, None] + half**2
    return np.rint(np.sqrt(squared)).astype(np.int64)
