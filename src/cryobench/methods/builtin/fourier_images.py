"""Particle images as the built-in methods see them: centred, in Fourier space, with the CTF beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex64, Float32, Int

from cryobench.core import Particles
from cryobench.ops.ctf import evaluate_ctf
from cryobench.ops.fft import images_to_fourier, signed_frequencies
from cryobench.ops.shift import displace

CHUNK = 256
"""Images held in memory at a time."""


@dataclass(frozen=True, eq=False)
class FourierImages:
    """A chunk of n images.

    Parameters
    ----------
    indices
        Which particles they are, shape (n,).
    values
        Half transforms of the centred images with the particle's own sign, shape (n, d, d/2 + 1).
    ctf
        Their CTF, same shape.
    rotations
        Their rotations, shape (n, 3, 3).
    """

    indices: Int[np.ndarray, " n"]
    values: Complex64[np.ndarray, "n d h"]
    ctf: Float32[np.ndarray, "n d h"]
    rotations: Float32[np.ndarray, "n 3 3"]


def fourier_images(
    particles: Particles, indices: Int[np.ndarray, " m"], box: int | None = None
) -> Iterator[FourierImages]:
    """Yield the particles with these indices in chunks.

    Parameters
    ----------
    particles
        Images, poses and CTF.
    indices
        Which particles, shape (m,).
    box
        Keep only the frequencies of this smaller box (values are not rescaled); the images' own by default.
    """
    full = particles.box
    box = full if box is None else box
    rows = signed_frequencies(box)
    for start in range(0, len(indices), CHUNK):
        chunk = indices[start : start + CHUNK]
        values = images_to_fourier(particles.images.read(chunk))[:, rows, : box // 2 + 1]
        poses = particles.poses[chunk]
        # Displacing by t pixels of the full box is t box / full pixels of the smaller one.
        shifts = poses.shifts / (particles.pixel_size * full / box)
        values = displace(np.ascontiguousarray(values), shifts) * np.float32(particles.sign)
        ctf = evaluate_ctf(particles.ctf[chunk].table, box, particles.pixel_size * full / box)
        yield FourierImages(chunk, values, ctf, poses.rotations)
