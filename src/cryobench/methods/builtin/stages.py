"""What methods that refine by stages share: the boxes, the images at a box, where density may be, when to stop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from cryobench.core import InputError, Particles, Volume
from cryobench.core.maps import alike, require_mask
from cryobench.methods.builtin.fourier_images import FourierImages, fourier_images
from cryobench.ops.fft import crop_volume

SMALLEST_BOX = 16
HELD_BYTES = 2 << 30
"""Images that take more than this at a box are read again each time."""

_EDGE = 3.0
_BYTES = 12  # of a Fourier pixel: its value and its CTF


@dataclass(frozen=True)
class Stage:
    """Resolution in Å of one stage of a fit, and its largest number of iterations."""

    resolution: float
    most: int

    def box(self, particles: Particles) -> int:
        """Return the even box whose Nyquist frequency is 1/resolution, within the images' own."""
        box = 2 * round(particles.box * particles.pixel_size / self.resolution)
        return min(max(box, SMALLEST_BOX), particles.box)


class BoxImages:
    """All particles at a box, in Fourier space, iterated over in chunks as often as needed.

    They are kept in memory where they fit, and read again each time where not; which of both changes nothing else.

    Parameters
    ----------
    particles
        The images.
    box
        Keep only the frequencies of this box.
    """

    def __init__(self, particles: Particles, box: int) -> None:
        self.particles, self.box = particles, box
        self._held: list[FourierImages] | None = None
        self._fits = len(particles) * box * (box // 2 + 1) * _BYTES <= HELD_BYTES

    def __len__(self) -> int:
        return len(self.particles)

    def __iter__(self) -> Iterator[FourierImages]:
        if self._held is not None:
            yield from self._held
            return
        held = []
        for chunk in fourier_images(self.particles, np.arange(len(self.particles)), self.box):
            if self._fits:
                held.append(chunk)
            yield chunk
        if self._fits:
            self._held = held


def white_noise(particles: Particles) -> float:
    """Return the mean power of the noise in a Fourier pixel, from the corners at |k| >= D/2, where no model reaches."""
    box = particles.box
    k = np.fft.fftfreq(box, 1 / box)
    corners = (k**2)[:, None] + np.arange(box // 2 + 1) ** 2 >= (box // 2) ** 2
    # Images cropped in Fourier space hold nothing on the Nyquist lines.
    corners[box // 2] = corners[:, box // 2] = False
    chunks = fourier_images(particles, np.arange(len(particles)))
    power = [np.mean(np.abs(c.values[:, corners]).astype(np.float64) ** 2, axis=1) for c in chunks]
    return float(np.concatenate(power).mean())


def widened(found: Float64[np.ndarray, " s"], noise: Float64[np.ndarray, " S"], box: int) -> Float64[np.ndarray, " d"]:
    """Return the noise power of each shell to start a stage with, at its box.

    Parameters
    ----------
    found
        Of the shells of the stage before, whose box is no larger.
    noise
        Of the shells of the images' own box, for those beyond.
    box
        Of the stage.
    """
    power = noise[: box // 2 + 1].copy()
    power[: len(found)] = found
    return power


def window(box: int, mask: Volume | None, like: Particles) -> Float32[np.ndarray, "D D D"]:
    """Return where density may be, at a box: within a soft-edged sphere that fills it, and within the mask if any.

    Particles are seen in every direction, so none is beyond the sphere.

    Raises
    ------
    InputError
        If the mask is not on the grid of the images, or holds values outside 0 to 1.
    """
    x2 = np.arange(-(box // 2), box // 2) ** 2
    radius = np.sqrt(x2[:, None, None] + x2[:, None] + x2)
    sphere = np.asarray(np.clip((box / 2 - 1 - radius) / _EDGE, 0.0, 1.0), dtype=np.float32)
    if mask is None:
        return sphere
    if mask.box != like.box or not alike(mask.pixel_size, like.pixel_size):
        raise InputError(
            f"the mask has a box of {mask.box} voxels of {mask.pixel_size:g} Å but the images one of {like.box} of "
            f"{like.pixel_size:g} Å: bring it to theirs"
        )
    weights = require_mask(mask, mask, "the mask")
    if weights.max() > 1:
        raise InputError(f"the mask has the value {weights.max():g}, expected weights from 0 to 1")
    return np.asarray(sphere * np.clip(crop_volume(weights, box), 0.0, 1.0), dtype=np.float32)


def settled(likelihoods: list[float], particles: int, tolerance: float) -> bool:
    """Return whether the last iteration gained less than the tolerance, in log likelihood a particle."""
    return len(likelihoods) > 1 and likelihoods[-1] - likelihoods[-2] < tolerance * particles


def log_normal(counts: np.ndarray, noise: Float64[np.ndarray, " S"]) -> float:
    """Return the part of an image's log likelihood that depends on the noise power of its shells alone."""
    return float(-0.5 * np.sum(counts[1:] * np.log(2 * np.pi * noise[1:])))
