"""Volumes to images in one stream, in chunks: memory holds the volume and a chunk of images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int

from cryobench.core import CTFParameters, InputError, Poses, streams
from cryobench.imaging.chunks import chunks
from cryobench.imaging.ctf_draw import draw_ctf, state_ranks
from cryobench.imaging.images import Projector
from cryobench.imaging.noise import draw_noise, noise_amplitudes
from cryobench.imaging.poses import draw_poses
from cryobench.imaging.spec import ImagingSpec
from cryobench.ops.fft import fourier_to_images

PILOT = {"state": 256, "dataset": 4096}
"""Clean images, evenly spread over those of a state or of the dataset, from which the noise level is computed."""


@dataclass(frozen=True, eq=False)
class ImageFormation:
    """Everything that is known about the images of a dataset before a volume is looked at.

    Build it with :meth:`draw`. What is in image i depends on the spec, the volume, and (seed, stage, i) alone: neither
    on the chunk nor on the threads.

    Parameters
    ----------
    spec
        How images are formed.
    seed
        The dataset's seed.
    states
        State of each of the N particles, shape (N,).
    poses, ctf
        Of the N particles.
    contrasts
        Factor of each clean image, shape (N,).
    """

    spec: ImagingSpec
    seed: int
    states: Int[np.ndarray, " N"]
    poses: Poses
    ctf: CTFParameters
    contrasts: Float64[np.ndarray, " N"]

    @classmethod
    def draw(
        cls,
        spec: ImagingSpec,
        seed: int,
        states: Int[np.ndarray, " N"],
        pose_table: Poses | None = None,
        ctf_table: CTFParameters | None = None,
    ) -> ImageFormation:
        """Draw poses, CTF parameters and contrasts; the tables are those of the files that the spec names, if any."""
        everyone = np.arange(len(states))
        poses = draw_poses(spec.poses, seed, everyone, pose_table)
        ctf = draw_ctf(spec.ctf, seed, everyone, states, state_ranks(states), ctf_table)
        return cls(spec, seed, states, poses, ctf, _contrasts(spec.contrast, seed, len(states)))

    def pilot(self, indices: Int[np.ndarray, " n"]) -> Int[np.ndarray, " m"]:
        """Return those of some particles, evenly spread, whose clean images set the noise level."""
        count = min(len(indices), PILOT[self.spec.noise.scope])
        return indices[np.arange(count) * len(indices) // count]

    def moments(self, projector: Projector, indices: Int[np.ndarray, " n"]) -> Float64[np.ndarray, "n 2"]:
        """Return the mean and the variance of the pixels of clean images at the simulated box, shape (n, 2).

        They are kept for each image so that a variance over any set of images does not depend on how they were grouped.
        The variance is read off the transform (Parseval), where the mean stands apart from all else.
        """
        box = self.spec.box
        moments = np.empty((len(indices), 2))
        for rows in chunks(len(indices), box):
            transforms = self._clean(projector, indices[rows], box).astype(np.complex128)
            power = np.abs(transforms) ** 2
            power[:, :, 1:-1] *= 2  # for the mirrored half of the plane
            power[:, 0, 0] = 0
            moments[rows, 0] = transforms[:, 0, 0].real / box**2
            moments[rows, 1] = power.sum(axis=(1, 2)) / box**4
        return moments

    def sigma(self, moments: Float64[np.ndarray, "n 2"]) -> float:
        """Return the standard deviation of the noise, at the simulated box, that images of these moments call for.

        Raises
        ------
        InputError
            If the images are empty: no noise has a ratio to nothing.
        """
        if self.spec.noise.snr is None:
            return 0.0
        variance = moments[:, 1].mean() + moments[:, 0].var()
        if not variance > 0:
            raise InputError(
                "the clean images have no contrast, so no noise has a signal-to-noise ratio to them: is a volume empty?"
            )
        return float(np.sqrt(variance / self.spec.noise.snr))

    def images(
        self, projector: Projector, indices: Int[np.ndarray, " n"], sigma: float, chunk: int | None = None
    ) -> Iterator[Float32[np.ndarray, "m d d"]]:
        """Yield the finished images of particles of one volume, in chunks.

        Parameters
        ----------
        projector
            Of the volume.
        indices
            Particle indices.
        sigma
            Standard deviation of the noise at the simulated box.
        chunk
            Fewer images at a time than fit into a few dozen megabytes.
        """
        spec = self.spec
        amplitudes = noise_amplitudes(spec.noise.colour, spec.box, spec.pixel_size, spec.output_box)
        amplitudes *= np.float32(sigma)
        for rows in chunks(len(indices), spec.output_box, chunk):
            transforms = self._clean(projector, indices[rows], spec.output_box)
            if sigma > 0:
                transforms += draw_noise(self.seed, indices[rows], amplitudes)
            transforms *= np.float32(spec.sign)
            yield fourier_to_images(transforms)

    def _clean(self, projector: Projector, indices: Int[np.ndarray, " n"], box: int) -> np.ndarray:
        contrasts = self.contrasts[indices]
        return projector.transforms(self.poses[indices], self.ctf[indices], box, contrasts, self.spec.b_factor)


def _contrasts(spread: float, seed: int, n: int) -> Float64[np.ndarray, " n"]:
    """Return log-normal factors of mean 1 and a standard deviation, each drawn for its own particle."""
    if spread == 0.0:
        return np.ones(n)
    width = np.sqrt(np.log1p(spread**2))
    normals = np.array([generator.standard_normal() for generator in streams(seed, "contrast", np.arange(n))])
    return np.asarray(np.exp(width * normals - width**2 / 2))
