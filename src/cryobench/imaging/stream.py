"""Volumes to stacks, in chunks: memory holds the volume and a chunk of images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from jaxtyping import Float32, Float64, Int
from pydantic import BaseModel, ConfigDict, Field

from cryobench.core import CTFParameters, Poses, Volume
from cryobench.imaging.images import Projector, add_noise, finish

CHUNK = 256
"""Images made at a time; what is in an image does not depend on it."""


class ImagingSpec(BaseModel):
    """How images are formed.

    ``box`` and ``pixel_size`` (Å) are those of the simulation; ``output_box`` that of the images on disk. ``snr`` is
    the variance of the clean images (with CTF, over all pixels) over that of the noise at the simulated box, taken
    over the images of a ``state`` or of the ``dataset``. ``shift_extent`` is in Å. ``sign`` multiplies the finished
    image.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    box: int = Field(le=1024)
    pixel_size: float = Field(gt=0, le=1000)
    output_box: int
    snr: float = Field(ge=1e-6, le=1e6)
    snr_scope: Literal["state", "dataset"]
    shift_extent: float = Field(ge=0, le=1000)
    sign: Literal[-1, 1] = -1

    @property
    def output_pixel_size(self) -> float:
        """Edge of a pixel on disk, in Å."""
        return self.pixel_size * self.box / self.output_box


def clean_moments(
    volume: Volume, poses: Poses, ctf: CTFParameters, advance: Callable[[int], None]
) -> Float64[np.ndarray, "n 2"]:
    """Return the sum and the sum of squares of the pixels of each clean image, shape (n, 2).

    They are kept for each image so that a variance over any set of images does not depend on how they were grouped.
    """
    projector = Projector(volume)
    moments = np.empty((len(poses), 2))
    for chunk in _chunks(len(poses)):
        wide = projector.project(poses[chunk], ctf[chunk]).reshape(len(chunk), -1).astype(np.float64)
        moments[chunk] = np.stack((wide.sum(axis=1), (wide**2).sum(axis=1)), axis=1)
        advance(len(chunk))
    return moments


def noise_sigma(moments: Float64[np.ndarray, "n 2"], box: int, snr: float) -> float:
    """Return the standard deviation of the noise that gives images of these moments a signal-to-noise ratio."""
    pixels = len(moments) * box * box
    mean = moments[:, 0].sum() / pixels
    return float(np.sqrt((moments[:, 1].sum() / pixels - mean**2) / snr))


def noisy_images(
    volume: Volume,
    poses: Poses,
    ctf: CTFParameters,
    indices: Int[np.ndarray, " n"],
    sigma: float,
    spec: ImagingSpec,
    seed: int,
) -> Iterator[Float32[np.ndarray, "m d d"]]:
    """Yield the finished images of one volume in chunks.

    Parameters
    ----------
    volume
        The density at the simulated box.
    poses, ctf
        Of the n particles.
    indices
        Their particle indices, which key the noise.
    sigma
        Standard deviation of the noise at the simulated box.
    spec
        Sign and output box.
    seed
        The dataset's seed.
    """
    projector = Projector(volume)
    for chunk in _chunks(len(poses)):
        clean = projector.project(poses[chunk], ctf[chunk])
        yield finish(add_noise(clean, sigma, seed, indices[chunk]), spec.sign, spec.output_box)


def _chunks(n: int) -> Iterator[Int[np.ndarray, " m"]]:
    for start in range(0, n, CHUNK):
        yield np.arange(start, min(n, start + CHUNK))
