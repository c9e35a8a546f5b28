"""A linear subspace of volumes, fitted to images with known poses: in the family of 3D variability analysis.

Model, in Fourier space: ``Y_i = CTF_i S_i (V_0 + sum_k z_ik V_k) + noise``, where S_i takes the central slice of image
i, z_i is standard normal and the noise is white. Fitted by expectation-maximisation (probabilistic PCA with an image
operator):

E-step
    z_i given the volumes is normal, with precision ``1 + G_i`` and mean ``(1 + G_i)^-1 b_i``; G_i and b_i are the
    inner products of the K + 1 slices among themselves and with the image, over the noise power.
M-step
    each Fourier voxel solves a (K + 1) x (K + 1) system for (V_0 ... V_K), whose entries are sums of CTF^2 E[z z^T]
    and of CTF Y E[z].

The fit runs at low resolution, where the large motions are, and is refined stage by stage; one last M-step at the full
box gives the volumes their detail. Nothing about the states is told to it.

References
----------
Tipping and Bishop, J. R. Stat. Soc. B 61 (1999) 611. Punjani and Fleet, J. Struct. Biol. 213 (2021) 107702.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex64, Float32, Float64

from cryobench.core import MethodCard, Particles, Progress, Submission, Volume, stream
from cryobench.methods.base import METHODS, Method
from cryobench.methods.builtin.backprojection import FLOOR, INSERTION
from cryobench.methods.builtin.fourier_images import FourierImages, fourier_images
from cryobench.methods.volumes import LinearVolumes
from cryobench.ops.grams import slice_products
from cryobench.ops.gridding import Gridding
from cryobench.ops.shells import shell_mean
from cryobench.ops.slices import extract_slices, slice_grid
from cryobench.ops.spreading import SliceAccumulator

STAGES = ((48.0, 12), (32.0, 8), (24.0, 6))
"""Resolution in Å and number of iterations of each stage."""

_EXTRACTION = Gridding(width=4, oversampling=2.0)
_RIDGE = 2e-2
_SMALLEST_BOX = 16
_EDGE = 3.0


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of the latents: mean (N, K) and covariance (N, K, K) of each particle."""

    mean: Float64[np.ndarray, "N K"]
    covariance: Float64[np.ndarray, "N K K"]

    def moments(self) -> tuple[Float64[np.ndarray, "N C"], Float64[np.ndarray, "N C C"]]:
        """Return E[(1, z)] and E[(1, z) (1, z)^T] of each particle, C = K + 1."""
        first = np.hstack((np.ones((len(self.mean), 1)), self.mean))
        second = first[:, :, None] * first[:, None, :]
        second[:, 1:, 1:] += self.covariance
        return first, second


class PPCA(Method):
    """Probabilistic PCA of volumes.

    Parameters
    ----------
    components
        Dimension K of the latent space.
    """

    card = MethodCard(
        name="ppca",
        version="1",
        role="method",
        summary="Linear subspace of volumes, mean + sum of z_k V_k, fitted by expectation-maximisation on the images, "
        "given poses and CTF (in the family of 3D variability analysis).",
    )

    def __init__(self, components: int = 6) -> None:
        self.components = components
        self.fewest_particles = 10 * (components + 1)

    def run(self, particles: Particles, seed: int, progress: Progress) -> Submission:
        """Return latents along the principal axes, in units of density, and the volume at each.

        Raises
        ------
        InputError
            If there are too few particles for so many components.
        """
        n, k = len(particles), self.components
        self.require(n)
        stages = [(_stage_box(particles, resolution), repeats) for resolution, repeats in STAGES]
        advance = progress("ppca: expectation-maximisation", sum(repeats for _, repeats in stages) + 1)
        noise = noise_power(particles)
        posterior = Posterior(stream(seed, "ppca").standard_normal((n, k)), np.zeros((n, k, k)))
        for box, repeats in stages:
            for _ in range(repeats):
                posterior = e_step(particles, m_step(particles, posterior, box), noise)
                advance(1)
        volumes = m_step(particles, posterior, particles.box)
        advance(1)
        components, latents = principal_axes(volumes[1:], posterior)
        mean = Volume(volumes[0], particles.pixel_size)
        provider = LinearVolumes(mean, components, latents)
        return Submission(method=self.card, particles=n, latents=latents, volumes=provider)


METHODS.add("ppca", PPCA())


def noise_power(particles: Particles) -> float:
    """Return the mean power of the noise in a Fourier pixel, from the corners at |k| >= D/2, where no model reaches."""
    box = particles.box
    k = np.fft.fftfreq(box, 1 / box)
    corners = (k**2)[:, None] + np.arange(box // 2 + 1) ** 2 >= (box // 2) ** 2
    # Images cropped in Fourier space hold nothing on the Nyquist lines.
    corners[box // 2] = corners[:, box // 2] = False
    power = [np.mean(np.abs(c.values[:, corners]).astype(np.float64) ** 2, axis=1) for c in _all(particles, box)]
    return float(np.concatenate(power).mean())


def m_step(particles: Particles, posterior: Posterior, box: int) -> Float32[np.ndarray, "C D D D"]:
    """Return mean and components at a box that maximise the expected likelihood, shape (K + 1, box, box, box)."""
    first, second = posterior.moments()
    count = first.shape[1]
    pairs = np.tril_indices(count)
    accumulator = SliceAccumulator(box, count, len(pairs[0]), INSERTION)
    for chunk in _all(particles, box):
        accumulator.insert(
            chunk.rotations,
            chunk.ctf * chunk.values,
            chunk.ctf**2,
            first[chunk.indices].astype(np.float32),
            np.ascontiguousarray(second[chunk.indices][:, pairs[0], pairs[1]], dtype=np.float32),
        )
    transforms = _solve(*accumulator.folded(), pairs)
    envelope = _sphere(box)
    return np.stack([accumulator.to_volume(np.ascontiguousarray(t)) * envelope for t in np.moveaxis(transforms, -1, 0)])


def e_step(particles: Particles, volumes: Float32[np.ndarray, "C D D D"], noise: float) -> Posterior:
    """Return the posterior of the latents given mean and components, shape (K + 1, d, d, d), and the noise power."""
    k = len(volumes) - 1
    mean, covariance = np.empty((len(particles), k)), np.empty((len(particles), k, k))
    grid = slice_grid(volumes, _EXTRACTION)
    for chunk in _all(particles, grid.box):
        grams, products = slice_products(extract_slices(grid, chunk.rotations), chunk.ctf, chunk.values)
        spread = np.linalg.inv(np.eye(k) + grams[:, 1:, 1:] / noise)
        covariance[chunk.indices] = spread
        mean[chunk.indices] = np.einsum("nij,nj->ni", spread, (products[:, 1:] - grams[:, 1:, 0]) / noise)
    return Posterior(mean, covariance)


def principal_axes(
    components: Float32[np.ndarray, "K D D D"], posterior: Posterior
) -> tuple[Float32[np.ndarray, "K D D D"], Float32[np.ndarray, "N K"]]:
    """Return orthonormal components in the order of the variance they explain, and the latents along them.

    The distance of two latents is then that of their volumes. Signs are fixed: the largest voxel of each component is
    positive.
    """
    flat = components.reshape(len(components), -1).astype(np.float64)
    lengths, axes = np.linalg.eigh(np.einsum("iv,jv->ij", flat, flat))
    root = (axes * np.sqrt(lengths)) @ axes.T
    second = np.einsum("ni,nj->ij", posterior.mean, posterior.mean) / len(posterior.mean)
    _, turns = np.linalg.eigh(root @ (second + posterior.covariance.mean(axis=0)) @ root)
    to_latents = turns.T[::-1] @ root
    orthonormal = np.linalg.solve(to_latents.T, flat)
    peaks = np.take_along_axis(orthonormal, np.abs(orthonormal).argmax(axis=1)[:, None], axis=1)
    signs = np.sign(peaks)
    latents = np.einsum("ki,ni->nk", signs * to_latents, posterior.mean)
    return (signs * orthonormal).astype(np.float32).reshape(components.shape), latents.astype(np.float32)


def _solve(
    sums: Complex64[np.ndarray, "M M H C"],
    weights: Float32[np.ndarray, "M M H T"],
    pairs: tuple[np.ndarray, np.ndarray],
) -> Complex64[np.ndarray, "M M H C"]:
    """Solve the system of each voxel, a plane at a time, with a ridge in proportion to the mean weight of its shell."""
    count = sums.shape[-1]
    ridge = np.diag([FLOOR, *[_RIDGE] * (count - 1)])
    base = shell_mean(np.ascontiguousarray(weights[..., 0])).astype(np.float64)
    solved = np.zeros_like(sums)
    for plane, (right, packed, level) in enumerate(zip(sums, weights, base, strict=True)):
        reached = level > 0
        system = np.empty((int(reached.sum()), count, count))
        system[:, pairs[0], pairs[1]] = system[:, pairs[1], pairs[0]] = packed[reached]
        system += level[reached][:, None, None] * ridge
        parts = np.stack((right[reached].real, right[reached].imag), axis=-1).astype(np.float64)
        solution = np.linalg.solve(system, parts)
        solved[plane][reached] = solution[..., 0] + 1j * solution[..., 1]
    return solved


def _all(particles: Particles, box: int) -> Iterator[FourierImages]:
    return fourier_images(particles, np.arange(len(particles)), box)


def _stage_box(particles: Particles, resolution: float) -> int:
    """Return the even box whose Nyquist frequency is 1/resolution, within the images' own."""
    box = 2 * round(particles.box * particles.pixel_size / resolution)
    return min(max(box, _SMALLEST_BOX), particles.box)


def _sphere(box: int) -> Float32[np.ndarray, "D D D"]:
    """Return a soft-edged sphere that fills the box: particles are seen in every direction, so none is beyond it."""
    x2 = np.arange(-(box // 2), box // 2) ** 2
    radius = np.sqrt(x2[:, None, None] + x2[:, None] + x2)
    return np.asarray(np.clip((box / 2 - 1 - radius) / _EDGE, 0.0, 1.0), dtype=np.float32)
