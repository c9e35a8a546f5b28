"""Reconstruction of one volume from images with known poses."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex64, Float, Float32, Int

from cryobench.core import ArrayImages, CTFParameters, InputError, Particles, Poses, Volume
from cryobench.methods.builtin.fourier_images import fourier_images
from cryobench.ops.gridding import Gridding
from cryobench.ops.shells import shell_mean
from cryobench.ops.spreading import SliceAccumulator

INSERTION = Gridding(width=2, oversampling=2.0)
"""Kernel for insertion: narrower than for projection, as a voxel's samples should come from its own surroundings."""

FLOOR = 1e-2
"""Weight added to each voxel, as a fraction of its shell's mean weight: keeps voxels that few images reach quiet."""


def backproject_particles(
    particles: Particles, indices: Int[np.ndarray, " m"] | None = None, box: int | None = None
) -> Volume:
    """Return the CTF-weighted, gridding-corrected backprojection of the particles with these indices (all by default).

    Each Fourier voxel is sum(CTF image) / sum(CTF^2), the least-squares solution where samples do not interact. A
    smaller ``box`` has the frequencies of that box alone, in less time and memory; density keeps its scale.

    Raises
    ------
    InputError
        If there is no particle.
    """
    indices = np.arange(len(particles)) if indices is None else indices
    if not len(indices):
        raise InputError("there is no particle to reconstruct from: every class needs at least one")
    shrink = 1.0 if box is None else box / particles.box
    accumulator = SliceAccumulator(particles.box if box is None else box, gridding=INSERTION)
    for chunk in fourier_images(particles, indices, box):
        accumulator.insert(chunk.rotations, chunk.ctf * chunk.values, chunk.ctf**2)
    sums, weights = accumulator.folded()
    transform = divide_by_weights(sums[..., 0], weights[..., 0])
    data = accumulator.to_volume(transform)
    return Volume(data if box is None else data * np.float32(shrink**3), particles.pixel_size / shrink)


def backproject(
    images: Float[np.ndarray, "N D D"],
    rotations: Float[np.ndarray, "N 3 3"],
    shifts: Float[np.ndarray, "N 2"] | None = None,
    ctf: CTFParameters | None = None,
    *,
    pixel_size: float,
) -> Float32[np.ndarray, "D D D"]:
    """Return the volume that images with known poses and CTF come from, shape (D, D, D).

    It is :func:`backproject_particles` on arrays: CTF-weighted and corrected for the gridding.

    Parameters
    ----------
    images
        Indexed ``[y, x]``, as projection and CTF make them: multiply a sign-inverted stack by -1 first.
    rotations
        Active rotations: density at p lands at R p.
    shifts
        Shifts (x, y) in Å that centre each image; none by default.
    ctf
        CTF parameters of the images; ``None`` where no CTF was applied.
    pixel_size
        Edge of a pixel in Å.

    Raises
    ------
    InputError
        If there is no image, or an array has another shape than these.
    """
    n = len(images)
    if len(rotations) != n:
        raise InputError(f"there are {n} images but {len(rotations)} rotations: one is needed for each image")
    moves = np.zeros((n, 2), np.float32) if shifts is None else np.asarray(shifts, dtype=np.float32)
    poses = Poses(np.asarray(rotations, dtype=np.float32), moves)
    # Of amplitude contrast alone, at 180 degrees: 1 at every frequency.
    optics = CTFParameters(np.tile([0.0, 0.0, 0.0, 300.0, 0.0, 1.0, 180.0], (n, 1))) if ctf is None else ctf
    particles = Particles(ArrayImages(np.asarray(images, dtype=np.float32)), poses, optics, float(pixel_size), sign=1)
    return backproject_particles(particles).data


def divide_by_weights(
    sums: Complex64[np.ndarray, "M M H"], weights: Float32[np.ndarray, "M M H"]
) -> Complex64[np.ndarray, "M M H"]:
    """Return sums / weights, each weight raised by a small fraction of the mean weight of its shell."""
    denominator = weights + np.float32(FLOOR) * shell_mean(weights)
    return np.asarray(np.divide(sums, denominator, out=np.zeros_like(sums), where=denominator > 0))
