"""A linear subspace of volumes, fitted to images with known poses: in the family of 3D variability analysis.

Model, in Fourier space: ``Y_i = CTF_i S_i (V_0 + sum_k z_ik V_k) + noise``, where S_i takes the central slice of image
i, z_i is standard normal and the noise has one power a shell. Fitted by expectation-maximisation (probabilistic PCA
with an image operator):

E-step
    z_i given the volumes is normal, with precision ``1 + G_i`` and mean ``(1 + G_i)^-1 b_i``; G_i and b_i are the
    inner products of the K + 1 slices among themselves and with the image, over the noise power of each shell.
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

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex64, Float32, Float64

from cryobench.core import MethodCard, Particles, Progress, Submission, Volume, stream
from cryobench.methods.base import METHODS, Method, numbered
from cryobench.methods.builtin.backprojection import FLOOR, INSERTION
from cryobench.methods.builtin.flags import read_fit_flags
from cryobench.methods.builtin.stages import BoxImages, Stage, log_normal, settled, white_noise, widened, window
from cryobench.methods.volumes import LinearVolumes
from cryobench.ops.grams import slice_products
from cryobench.ops.gridding import Gridding
from cryobench.ops.residuals import linear_residuals, shell_counts, shell_residuals
from cryobench.ops.shells import shell_mean
from cryobench.ops.slices import extract_slices, slice_grid
from cryobench.ops.spreading import SliceAccumulator

STAGES = (Stage(48.0, 40), Stage(32.0, 20), Stage(24.0, 20))
"""Resolution in Å and largest number of iterations of each stage."""

TOLERANCE = 0.1
"""A stage ends when an iteration gains less log likelihood than this a particle."""

_EXTRACTION = Gridding(width=4, oversampling=2.0)
_RIDGE = 2e-2


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


@dataclass(frozen=True, eq=False)
class Fit:
    """What an E-step finds.

    Parameters
    ----------
    posterior
        Of the latents.
    noise
        Noise power of each shell that makes what is left unexplained most likely, shape (d/2 + 1,).
    likelihood
        Log likelihood of all images.
    """

    posterior: Posterior
    noise: Float64[np.ndarray, " S"]
    likelihood: float


class PPCA(Method):
    """Probabilistic PCA of volumes.

    Parameters
    ----------
    components
        Dimension K of the latent space.
    starts
        Number of random starts at the first stage, of which the most likely is kept.
    mask
        Where density may be, on the grid of the images; the sphere in the box by default.
    """

    card = MethodCard(
        name="ppca",
        version="3",
        role="method",
        summary="Linear subspace of volumes, mean + sum of z_k V_k, fitted by expectation-maximisation on the images, "
        "given poses and CTF (in the family of 3D variability analysis).",
    )

    def __init__(self, components: int = 6, starts: int = 1, mask: Volume | None = None) -> None:
        self.components, self.starts, self.mask = components, starts, mask
        self.fewest_particles = 10 * (components + 1)

    def sized(self, number: int) -> PPCA:
        """Return the method with this many components, at least 1; the number becomes part of its name."""
        card = numbered(type(self).card, number, 1)
        method = PPCA(number, self.starts, self.mask)
        method.card = card
        return method

    def with_flags(self, flags: Sequence[str]) -> PPCA:
        """Return the method with the ``--starts`` and the ``--mask`` (a file) of a command line."""
        method = copy.copy(self)
        method.starts, method.mask = read_fit_flags(self.card.name, flags, starts=self.starts, mask=self.mask)
        return method

    def run(self, particles: Particles, seed: int, progress: Progress) -> Submission:
        """Return latents along the principal axes, in units of density, and the volume at each.

        Raises
        ------
        InputError
            If there are too few particles for so many components, or the mask does not fit.
        """
        n, k = len(particles), self.components
        self.require(n)
        advance = progress("ppca: expectation-maximisation", self.starts + len(STAGES))
        noise = np.full(particles.box // 2 + 1, white_noise(particles))
        first, *rest = STAGES
        images = BoxImages(particles, first.box(particles))
        fits = []
        for start in range(self.starts):
            drawn = stream(seed, "ppca", start).standard_normal((n, k))
            fits.append(fit(images, Posterior(drawn, np.zeros((n, k, k))), noise, first, self.mask)[-1])
            advance(1)
        found = max(fits, key=lambda each: each.likelihood)
        for stage in rest:
            images = BoxImages(particles, stage.box(particles))
            found = fit(images, found.posterior, widened(found.noise, noise, images.box), stage, self.mask)[-1]
            advance(1)
        volumes = m_step(BoxImages(particles, particles.box), found.posterior, self.mask)
        advance(1)
        components, latents = principal_axes(volumes[1:], found.posterior)
        mean = Volume(volumes[0], particles.pixel_size)
        provider = LinearVolumes(mean, components, latents)
        return Submission(method=self.card, particles=n, latents=latents, volumes=provider)


METHODS.add("ppca", PPCA())


def fit(
    images: BoxImages,
    posterior: Posterior,
    noise: Float64[np.ndarray, " S"],
    stage: Stage,
    mask: Volume | None = None,
) -> list[Fit]:
    """Return what each iteration found, until the likelihood has settled.

    An iteration that lowers the likelihood, which the approximations of the M-step make possible, is not kept: the fit
    ends with the one before it.
    """
    level = noise[: images.box // 2 + 1]
    found: list[Fit] = []
    for _ in range(stage.most):
        volumes = m_step(images, posterior, mask)
        tried = e_step(images, volumes, level)
        if found and tried.likelihood < found[-1].likelihood:
            break
        found.append(tried)
        posterior, level = tried.posterior, tried.noise
        if settled([each.likelihood for each in found], len(images), TOLERANCE):
            break
    return found


def m_step(images: BoxImages, posterior: Posterior, mask: Volume | None = None) -> Float32[np.ndarray, "C D D D"]:
    """Return mean and components at the images' box that maximise the expected likelihood, shape (K + 1, D, D, D)."""
    first, second = posterior.moments()
    count = first.shape[1]
    pairs = np.tril_indices(count)
    accumulator = SliceAccumulator(images.box, count, len(pairs[0]), INSERTION)
    for chunk in images:
        accumulator.insert(
            chunk.rotations,
            chunk.ctf * chunk.values,
            chunk.ctf**2,
            first[chunk.indices].astype(np.float32),
            np.ascontiguousarray(second[chunk.indices][:, pairs[0], pairs[1]], dtype=np.float32),
        )
    transforms = _solve(*accumulator.folded(), pairs)
    envelope = window(images.box, mask, images.particles)
    return np.stack([accumulator.to_volume(np.ascontiguousarray(t)) * envelope for t in np.moveaxis(transforms, -1, 0)])


def e_step(images: BoxImages, volumes: Float32[np.ndarray, "C D D D"], noise: Float64[np.ndarray, " S"]) -> Fit:
    """Return what is known of the latents given mean and components and the noise power of each shell."""
    n, k = len(images), len(volumes) - 1
    mean, covariance = np.empty((n, k)), np.empty((n, k, k))
    grid = slice_grid(volumes, _EXTRACTION)
    counts = shell_counts(images.box)
    left, likelihood = np.zeros(len(noise)), 0.0
    constant = log_normal(counts, noise)
    for chunk in images:
        slices = extract_slices(grid, chunk.rotations)
        grams, products = slice_products(slices, chunk.ctf, chunk.values, 1 / noise)
        precision, pull = np.eye(k) + grams[:, 1:, 1:], products[:, 1:] - grams[:, 1:, 0]
        spread = np.linalg.inv(precision)
        centre = np.einsum("nij,nj->ni", spread, pull)
        part = Posterior(centre, spread)
        mean[chunk.indices], covariance[chunk.indices] = centre, spread
        # With the mean volume alone, then what the components explain of the rest.
        alone = shell_residuals(slices[..., :1], chunk.ctf, chunk.values)[:, 0]
        gain = np.einsum("ni,ni->n", pull, centre) - np.linalg.slogdet(precision)[1]
        likelihood += float(0.5 * np.sum(gain - np.einsum("ns,s->n", alone, 1 / noise))) + constant * len(centre)
        left += linear_residuals(slices, chunk.ctf, chunk.values, *part.moments()).sum(axis=0)
    power = np.divide(left, counts * n, out=noise.copy(), where=counts > 0)
    return Fit(Posterior(mean, covariance), power, likelihood)


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
