"""Images of a sample against projections of their true volumes, and against projections that should fit worse."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Complex64, Float64, Int64

from cryobench.core import CTFParameters, FormatError, ImageSource, Poses, Progress, Volume, VolumeSource
from cryobench.datasets.checks.noise import Overlaps, image_statistics, residual_features
from cryobench.datasets.checks.rivals import CONVENTIONS, OTHER_STATE, STRANGERS
from cryobench.datasets.checks.sample import Sample
from cryobench.datasets.checks.spectra import envelope, shells, transform
from cryobench.imaging import Projector

_RIVALLED = 512
_PIXELS = 2**21


class Fit(NamedTuple):
    """How well a rival fits: its correlation with each image, and with the image's own projection, shape (m,).

    ``own`` is the correlation of the same images with their own projections.
    """

    rival: Float64[np.ndarray, " m"]
    alike: Float64[np.ndarray, " m"]
    own: Float64[np.ndarray, " m"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What was found of each image of a sample, in the sample's order.

    Parameters
    ----------
    correlations
        Of image and projection, shape (n,).
    clean_statistics
        Mean and standard deviation of the projection with CTF, shape (n, 2).
    noise
        Of the residual image, see :func:`residual_features`, shape (n, 4).
    fits
        Of each rival, on some of the images.
    """

    correlations: Float64[np.ndarray, " n"]
    clean_statistics: Float64[np.ndarray, "n 2"]
    noise: Float64[np.ndarray, "n 4"]
    fits: dict[str, Fit]


@dataclass(frozen=True, eq=False)
class Material:
    """What a comparison needs: images with valid poses, CTF parameters and true volumes."""

    images: ImageSource
    poses: Poses
    ctf: CTFParameters
    volumes: VolumeSource
    pixel_size: float
    sign: int
    b_factor: float


def compare(material: Material, sample: Sample, progress: Progress) -> Comparison:
    """Project the true volumes at the particles' own poses and CTF, and as every rival has it.

    Each volume is made once, and two are in memory. Rivals are tried on 512 images, evenly spread over the states.

    Raises
    ------
    FormatError
        If a volume cannot be read, holds a value that is not finite, is empty, or has another extent than the images.
    """
    work = _Work(material, sample)
    advance = progress("Comparing images with the true volumes", len(sample))
    previous = None
    for state in _far_apart(sample.chosen):
        projector = work.projector(state)
        for rows in _chunks(np.flatnonzero(sample.labels == state), material.images.box):
            work.look(rows, projector, previous)
            advance(len(rows))
        previous = projector
    return work.result()


class _TriedOn(NamedTuple):
    """Transforms of images and of their own projections, and how those overlap."""

    images: Complex64[np.ndarray, "m D H"]
    clean: Complex64[np.ndarray, "m D H"]
    overlaps: Overlaps

    def fit(self, rival: Complex64[np.ndarray, "m D H"]) -> Fit:
        """Return how well other projections fit."""
        sums, own = shells(rival.shape[1]), self.overlaps
        power = sums.products(rival, rival)
        return Fit(
            own._replace(both=sums.products(self.images, rival), clean=power).correlations(),
            own._replace(images=own.clean, both=sums.products(self.clean, rival), clean=power).correlations(),
            own.correlations(),
        )


class _Work:
    """Fills in a comparison, chunk by chunk."""

    def __init__(self, material: Material, sample: Sample) -> None:
        self._material, self._sample = material, sample
        n, held = len(sample), len(shells(material.images.box).sizes)
        self._clean = np.zeros((n, 2))
        self._overlaps = Overlaps(*(np.zeros((n, held)) for _ in range(3)), *(np.zeros(n) for _ in range(2)))
        self._fits: dict[str, list[Fit]] = {}
        self._next = np.roll(sample.indices, -1)
        each = max(1, _RIVALLED // len(sample.chosen))
        counts = np.unique(sample.labels, return_counts=True)[1]
        self._rivalled = np.concatenate([np.arange(count) < each for count in counts])

    def projector(self, state: int) -> Projector:
        """Return the projector of a state's volume, after a look at it."""
        volume, box = self._material.volumes[state], self._material.images.box
        _require_sound(volume, state)
        extent, wanted = volume.box * volume.pixel_size, box * self._material.pixel_size
        if volume.box < box or abs(extent / wanted - 1) > 0.01:
            raise FormatError(
                f"the true volume of state {state} has {volume.box} voxels of {volume.pixel_size:g} Å, but the images "
                f"have {box} pixels of {self._material.pixel_size:g} Å: expected the same extent, and no smaller a box"
            )
        return Projector(volume, box)

    def look(self, rows: Int64[np.ndarray, " m"], projector: Projector, other: Projector | None) -> None:
        """Compare images of one state with its own volume, as it is and as rivals have it, and with another one."""
        material, indices = self._material, self._sample.indices[rows]
        poses, ctf = material.poses[indices], material.ctf[indices]
        images = transform(material.images.read(indices))
        clean = self._project(projector, poses, ctf)
        overlaps = _overlaps(images, clean)
        for whole, part in zip(self._overlaps, overlaps, strict=True):
            whole[rows] = part
        self._clean[rows] = _statistics(clean)
        tried = self._rivalled[rows]
        if not tried.any():
            return
        poses, ctf = poses[tried], ctf[tried]
        tried_on = _TriedOn(images[tried], clean[tried], Overlaps(*(part[tried] for part in overlaps)))
        others = self._next[rows[tried]]
        for rival in (*CONVENTIONS, *STRANGERS):
            changed = rival.change(poses, ctf, material.poses[others], material.ctf[others])
            self._note(rival.name, tried_on, self._project(projector, *changed))
        if other is not None:
            self._note(OTHER_STATE, tried_on, self._project(other, poses, ctf))

    def result(self) -> Comparison:
        """Return everything that was found."""
        fits = {
            name: Fit(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
            for name, found in self._fits.items()
        }
        noise = residual_features(self._overlaps, shells(self._material.images.box).sizes)
        return Comparison(self._overlaps.correlations(), self._clean, noise, fits)

    def _project(self, projector: Projector, poses: Poses, ctf: CTFParameters) -> Complex64[np.ndarray, "m D H"]:
        material, box = self._material, self._material.images.box
        images = transform(projector.project(poses, ctf, box))
        images *= material.sign * envelope(box, material.pixel_size, material.b_factor)
        return images

    def _note(self, name: str, tried_on: _TriedOn, rival: np.ndarray) -> None:
        self._fits.setdefault(name, []).append(tried_on.fit(rival))


def _far_apart(states: Int64[np.ndarray, " S"]) -> list[int]:
    """Return states in an order in which neighbours are about half of the states apart."""
    half = -(-len(states) // 2)
    pairs = itertools.zip_longest(states[:half].tolist(), states[half:].tolist())
    return [state for pair in pairs for state in pair if state is not None]


def _chunks(rows: Int64[np.ndarray, " n"], box: int) -> Iterator[Int64[np.ndarray, " m"]]:
    step = max(1, _PIXELS // box**2)
    for start in range(0, len(rows), step):
        yield rows[start : start + step]


def _require_sound(volume: Volume, state: int) -> None:
    if not np.isfinite(volume.data).all():
        raise FormatError(f"the true volume of state {state} holds a value that is not finite")
    if volume.data.min() == volume.data.max():
        raise FormatError(f"the true volume of state {state} is empty: every voxel is {volume.data.flat[0]:g}")


def _overlaps(images: np.ndarray, clean: np.ndarray) -> Overlaps:
    sums = shells(images.shape[1])
    zeros = (x[:, 0, 0].real.astype(np.float64) for x in (images, clean))
    return Overlaps(sums.products(images, images), sums.products(images, clean), sums.products(clean, clean), *zeros)


def _statistics(transforms: Complex64[np.ndarray, "m D H"]) -> Float64[np.ndarray, "m 2"]:
    box = transforms.shape[1]
    return image_statistics(np.fft.irfft2(transforms, s=(box, box)).astype(np.float32))
