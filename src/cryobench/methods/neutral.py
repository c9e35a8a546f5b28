"""A decoder for the latents of any method: kernel-regression backprojection.

The volume at a latent point is the backprojection of the particles near it. It knows nothing of how the latents were
made, so its volumes tell how good a latent space is, apart from how good a method's own decoder is.

How near is near is a number of particles n: particle j of latent z_j weighs ``1 - (|z - z_j| / h)^2`` within the
distance h of the n-th nearest, and n = N weighs all alike, which is the consensus. Fine detail needs more images than a
coarse outline, so n is chosen for each shell of Fourier space, by cross-validation: particles near some points are held
out, and the n is taken that leaves least of them unexplained. A latent that says nothing leaves least at n = N.

Volumes are cut to where the consensus has density before they meet the held-out images. Else the noise of few images in
the empty part of the box would count, and nearly always favour more of them.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import scipy.ndimage
from jaxtyping import Complex64, Float, Float32, Float64, Int, Int64

from cryobench.core import InputError, Particles, Submission, Volume
from cryobench.core.checks import require_finite, require_shape
from cryobench.methods.builtin.backprojection import INSERTION, divide_by_weights
from cryobench.methods.builtin.fourier_images import fourier_images
from cryobench.ops.gridding import Gridding
from cryobench.ops.residuals import shell_residuals
from cryobench.ops.shells import shell_indices
from cryobench.ops.slices import extract_slices, slice_grid
from cryobench.ops.spreading import SliceAccumulator

FEWEST = 50
"""Smallest number of near particles that is tried."""

MOST = 10_000
"""Largest number of near particles that is tried, but for all of them: a volume takes time in proportion."""

POINTS = 32
"""Points at which the number of near particles is cross-validated."""

HELD_OUT = 16
"""Particles near each of these points that are held out."""

_EXTRACTION = Gridding(width=4, oversampling=2.0)
_SMOOTHING, _LEVEL = 1.5, 0.05
_REACH, _EDGE = 5.0, 3.0


class NeutralDecoder:
    """The volume at any particle's latent, made of the images near it.

    Parameters
    ----------
    particles
        Images, poses and CTF.
    latents
        Latent of each particle, shape (N, d). Distances are Euclidean.
    counts
        Number of near particles for each shell, shape (D/2 + 1,); cross-validated by default.

    Raises
    ------
    InputError
        If the latents are not finite, not one for each particle, or there are fewer than 100 particles.
    """

    def __init__(
        self,
        particles: Particles,
        latents: Float[np.ndarray, "N d"],
        counts: Int64[np.ndarray, " S"] | None = None,
    ) -> None:
        require_shape("latents", latents, (len(particles), None))
        require_finite("latents", latents)
        if len(particles) < 2 * FEWEST:
            raise InputError(f"the neutral decoder needs at least {2 * FEWEST} particles, not {len(particles)}")
        self._particles, self._latents = particles, latents.astype(np.float64)
        self._everything = _Sums(particles, np.ones((len(particles), 1)), np.arange(len(particles)))
        self._counts = self._cross_validated() if counts is None else counts
        require_shape("counts", self._counts, (particles.box // 2 + 1,))

    @property
    def counts(self) -> Int64[np.ndarray, " S"]:
        """Number of near particles that the decoder takes for each shell."""
        return self._counts

    def at(self, particle: int) -> Volume:
        """Return the volume at a particle's latent."""
        tried = np.unique(self._counts)
        transforms = self._transforms(self._distances(particle), tried)
        box = self._particles.box
        # Shells of the oversampled transform, in units of those of the box.
        scale = INSERTION.padded_box(box) / box
        shells = np.minimum(np.rint(shell_indices(transforms.shape[1]) / scale), box // 2).astype(np.int64)
        chosen = np.searchsorted(tried, self._counts)[shells]
        blended = np.take_along_axis(transforms, chosen[None], axis=0)[0]
        return Volume(self._everything.accumulator.to_volume(blended), self._particles.pixel_size)

    def _distances(self, particle: int) -> Float64[np.ndarray, " N"]:
        return np.asarray(np.linalg.norm(self._latents - self._latents[particle], axis=1))

    def _transforms(
        self, distances: Float64[np.ndarray, " N"], counts: Int64[np.ndarray, " L"], without: np.ndarray | None = None
    ) -> Complex64[np.ndarray, "L M M H"]:
        """Return the transform of the volume for each number of near particles, some particles left out."""
        near = counts[counts < len(distances)]
        weights = np.stack([kernel_weights(distances, int(count)) for count in near], axis=1) if len(near) else None
        found = []
        if weights is not None:
            if without is not None:
                weights[without] = 0.0
            sums = _Sums(self._particles, weights, np.flatnonzero(weights.any(axis=1)))
            found = [sums.transform(place) for place in range(len(near))]
        if len(near) < len(counts):
            found.append(self._everything.transform(0))
        return np.stack(found)

    def _cross_validated(self) -> Int64[np.ndarray, " S"]:
        """Return the number of near particles that leaves least of held-out images unexplained, for each shell."""
        box, total = self._particles.box, len(self._particles)
        tried = ladder(total)
        left = np.zeros((len(tried), box // 2 + 1))
        inside = density_mask(self._everything.accumulator.to_volume(self._everything.transform(0)))
        for point in np.unique(np.linspace(0, total - 1, min(POINTS, total)).astype(int)).tolist():
            distances = self._distances(point)
            # Every second of the nearest, so that those left are as near as those held out.
            held = np.argsort(distances, kind="stable")[1 : 2 * HELD_OUT : 2]
            transforms = self._transforms(distances, tried, held)
            volumes = np.stack([self._everything.accumulator.to_volume(each) for each in transforms])
            chunk = next(fourier_images(self._particles, held))
            slices = extract_slices(slice_grid(volumes * inside, _EXTRACTION), chunk.rotations)
            left += shell_residuals(slices, chunk.ctf, chunk.values).sum(axis=0)
        return chosen_counts(left, tried)


class _Sums:
    """Weighted sums of some particles over Fourier space, for each of L sets of weights."""

    def __init__(
        self, particles: Particles, weights: Float64[np.ndarray, "N L"], chosen: Int[np.ndarray, " m"]
    ) -> None:
        count = weights.shape[1]
        self.accumulator = SliceAccumulator(particles.box, count, count, INSERTION)
        for chunk in fourier_images(particles, chosen):
            factors: Float32[np.ndarray, "n L"] = weights[chunk.indices].astype(np.float32)
            self.accumulator.insert(chunk.rotations, chunk.ctf * chunk.values, chunk.ctf**2, factors, factors)
        self._sums, self._weights = self.accumulator.folded()

    def transform(self, place: int) -> Complex64[np.ndarray, "M M H"]:
        return divide_by_weights(
            np.ascontiguousarray(self._sums[..., place]), np.ascontiguousarray(self._weights[..., place])
        )


def kernel_weights(distances: Float64[np.ndarray, " N"], count: int) -> Float64[np.ndarray, " N"]:
    """Return the weight of each particle for a number of near ones.

    It is 1 - (distance / h)^2 within the distance h of the nearest particle beyond the first ``count``, and 0 further
    out. Where that many are at distance 0, those alone weigh, each 1. All weigh 1 where ``count`` is their number.
    """
    if count >= len(distances):
        return np.ones(len(distances))
    reach = float(np.partition(distances, count)[count])
    if reach == 0.0:
        return np.asarray((distances == 0.0).astype(np.float64))
    return np.asarray(np.maximum(0.0, 1.0 - (distances / reach) ** 2))


def ladder(particles: int) -> Int64[np.ndarray, " L"]:
    """Return the numbers of near particles that are tried: each twice the one before, and last all particles."""
    steps = []
    count = FEWEST
    while count <= min(particles // 2, MOST):
        steps.append(count)
        count *= 2
    return np.array([*steps, particles], dtype=np.int64)


def density_mask(data: Float32[np.ndarray, "D D D"]) -> Float32[np.ndarray, "D D D"]:
    """Return a soft mask around what stands out of a map, values 0 to 1.

    It holds the voxels within a few of those where the smoothed map is above a twentieth of its maximum, wide enough
    for density that moves, which is faint in a consensus.
    """
    smooth = scipy.ndimage.gaussian_filter(data.astype(np.float64), _SMOOTHING)
    distance = scipy.ndimage.distance_transform_edt(smooth <= _LEVEL * smooth.max())
    return np.asarray(np.clip((_REACH - distance) / _EDGE, 0.0, 1.0), dtype=np.float32)


def chosen_counts(left: Float64[np.ndarray, "L S"], tried: Int64[np.ndarray, " L"]) -> Int64[np.ndarray, " S"]:
    """Return the numbers that leave least power unexplained in all, of those that never fall from shell to shell.

    Each shell counts relative to the least that any number leaves of it. Of equal ones the smallest number is taken.
    Shell 0, which is not measured, takes the number of shell 1.
    """
    excess = left[:, 1:] / left[:, 1:].min(axis=0) - 1.0
    steps, shells = excess.shape
    total, before = excess[:, 0], np.zeros((shells, steps), dtype=np.int64)
    for shell in range(1, shells):
        # Cheapest way to any number up to each: a running minimum, and where it was reached.
        for step in range(steps):
            before[shell, step] = total[: step + 1].argmin()
        total = total[before[shell]] + excess[:, shell]
    places = [int(total.argmin())]
    for shell in range(shells - 1, 0, -1):
        places.append(int(before[shell, places[-1]]))
    counts = tried[np.array(places[::-1])]
    return np.concatenate((counts[:1], counts))


def with_neutral_volumes(submission: Submission, particles: Particles) -> Submission:
    """Return a submission with the neutral decoder's volumes in place of its own.

    Classes (where there are no latents) count as latents: those of one class are at distance 0 of each other.

    Parameters
    ----------
    submission
        With latents or labels.
    particles
        Those it is about.

    Raises
    ------
    InputError
        If it has neither, or is about another number of particles.
    """
    if submission.particles != len(particles):
        raise InputError(
            f"method '{submission.method.name}' is about {submission.particles} particles, not {len(particles)}"
        )
    latents = submission.latents
    if latents is None and submission.labels is not None:
        _, classes = np.unique(submission.labels, return_inverse=True)
        latents = np.eye(int(classes.max()) + 1, dtype=np.float32)[classes]
    if latents is None:
        raise InputError(
            f"method '{submission.method.name}' has neither latents nor labels: the neutral decoder needs one of them"
        )
    return dataclasses.replace(submission, volumes=NeutralDecoder(particles, latents))
