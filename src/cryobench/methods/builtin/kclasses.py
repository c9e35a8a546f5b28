"""Classification in three dimensions with known poses, by expectation-maximisation.

Model, in Fourier space: ``Y_i = CTF_i S_i V_k + noise`` with probability w_k, where S_i takes the central slice of
image i and the noise has one power a shell.

E-step
    the probability r_ik of class k is proportional to ``w_k exp(-1/2 sum_s |Y_i - CTF_i S_i V_k|^2_s / noise_s)``.
M-step
    each Fourier voxel of V_k is ``(sum_i r_ik CTF Y + ridge V_0) / (sum_i r_ik CTF^2 + ridge)``, where V_0 is the mean
    of all classes; w_k is the mean of r_ik, and noise_s the mean power of what is left unexplained.

Several random starts at low resolution; the one with the highest likelihood is refined stage by stage.

References
----------
Scheres et al., Nat. Methods 4 (2007) 27. Scheres, J. Mol. Biol. 415 (2012) 406.
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
from cryobench.methods.volumes import ClassVolumes
from cryobench.ops.gridding import Gridding
from cryobench.ops.residuals import shell_counts, shell_residuals
from cryobench.ops.shells import shell_mean
from cryobench.ops.slices import extract_slices, slice_grid
from cryobench.ops.spreading import SliceAccumulator

STAGES = (Stage(48.0, 40), Stage(32.0, 20), Stage(24.0, 20))
"""Resolution in Å and largest number of iterations of each stage."""

TOLERANCE = 1e-3
"""A stage ends when an iteration gains less log likelihood than this a particle."""

RIDGE = 0.02
"""Pull of each voxel towards the mean of the classes, as a fraction of the mean weight of its shell in a class."""

_EXTRACTION = Gridding(width=4, oversampling=2.0)
_NEGLIGIBLE = 1e-4
_SMALLEST_WEIGHT = 1e-3


@dataclass(frozen=True, eq=False)
class Classes:
    """What an E-step finds.

    Parameters
    ----------
    posteriors
        Probability of each class, shape (N, K).
    noise
        Noise power of each shell that makes what is left unexplained most likely, shape (d/2 + 1,).
    likelihood
        Log likelihood of all images.
    """

    posteriors: Float64[np.ndarray, "N K"]
    noise: Float64[np.ndarray, " S"]
    likelihood: float


class KClasses(Method):
    """K classes, each with a volume.

    Parameters
    ----------
    classes
        Number K of classes.
    starts
        Number of random starts.
    mask
        Where density may be, on the grid of the images; the sphere in the box by default.
    """

    card = MethodCard(
        name="kclasses",
        version="1",
        role="method",
        summary="Classification into K volumes by expectation-maximisation, given poses and CTF: soft posteriors, "
        "noise power estimated shell by shell.",
    )

    def __init__(self, classes: int = 10, starts: int = 3, mask: Volume | None = None) -> None:
        self.classes, self.starts, self.mask = classes, starts, mask
        self.fewest_particles = 10 * classes

    def sized(self, number: int) -> KClasses:
        """Return the method with this many classes, at least 2; the number becomes part of its name."""
        card = numbered(type(self).card, number, 2)
        method = KClasses(number, self.starts, self.mask)
        method.card = card
        return method

    def with_flags(self, flags: Sequence[str]) -> KClasses:
        """Return the method with the ``--starts`` and the ``--mask`` (a file) of a command line."""
        method = copy.copy(self)
        method.starts, method.mask = read_fit_flags(self.card.name, flags, starts=self.starts, mask=self.mask)
        return method

    def run(self, particles: Particles, seed: int, progress: Progress) -> Submission:
        """Return posteriors, the most probable class of each particle, and the volume of each class.

        Classes are in the order of their population, the largest first.

        Raises
        ------
        InputError
            If there are too few particles for so many classes, or the mask does not fit.
        """
        self.require(len(particles))
        first, *rest = STAGES
        advance = progress("kclasses: expectation-maximisation", self.starts + len(rest) + 1)
        noise = np.full(particles.box // 2 + 1, white_noise(particles))
        images = BoxImages(particles, first.box(particles))
        found: Classes | None = None
        for start in range(self.starts):
            drawn = stream(seed, "kclasses", start).dirichlet(np.ones(self.classes), len(particles))
            begun = Classes(drawn, noise[: images.box // 2 + 1], -np.inf)
            tried = refine(images, begun, first.most, self.mask)[-1]
            if found is None or tried.likelihood > found.likelihood:
                found = tried
            advance(1)
        assert found is not None
        for stage in rest:
            images = BoxImages(particles, stage.box(particles))
            begun = Classes(found.posteriors, widened(found.noise, noise, images.box), -np.inf)
            found = refine(images, begun, stage.most, self.mask)[-1]
            advance(1)
        order = np.argsort(-found.posteriors.sum(axis=0), kind="stable")
        posteriors = found.posteriors[:, order]
        maps = m_step(BoxImages(particles, particles.box), posteriors, self.mask)
        advance(1)
        labels = posteriors.argmax(axis=1).astype(np.int32)
        volumes = ClassVolumes([Volume(data, particles.pixel_size) for data in maps], labels)
        return Submission(
            method=self.card,
            particles=len(particles),
            labels=labels,
            posteriors=posteriors.astype(np.float32),
            volumes=volumes,
        )


def refine(images: BoxImages, begun: Classes, most: int, mask: Volume | None = None) -> list[Classes]:
    """Return what each iteration found, until the likelihood has settled.

    An iteration that lowers the likelihood, which the approximations of the M-step make possible, is not kept: the fit
    ends with the one before it.
    """
    found: list[Classes] = []
    current = begun
    for _ in range(most):
        volumes = m_step(images, current.posteriors, mask)
        current = e_step(images, volumes, current.posteriors.mean(axis=0), current.noise)
        if found and current.likelihood < found[-1].likelihood:
            break
        found.append(current)
        if settled([each.likelihood for each in found], len(images), TOLERANCE):
            break
    return found


def e_step(
    images: BoxImages,
    volumes: Float32[np.ndarray, "K D D D"],
    weights: Float64[np.ndarray, " K"],
    noise: Float64[np.ndarray, " S"],
) -> Classes:
    """Return the posterior of the classes given their volumes and weights and the noise power of each shell."""
    posteriors = np.empty((len(images), len(volumes)))
    grid = slice_grid(volumes, _EXTRACTION)
    counts = shell_counts(images.box)
    left, likelihood = np.zeros(len(noise)), 0.0
    prior = np.log(np.maximum(weights, _SMALLEST_WEIGHT / len(volumes)))
    constant = log_normal(counts, noise)
    for chunk in images:
        residuals = shell_residuals(extract_slices(grid, chunk.rotations), chunk.ctf, chunk.values)
        logs = prior - 0.5 * np.einsum("nks,s->nk", residuals, 1 / noise)
        highest = logs.max(axis=1, keepdims=True)
        odds = np.exp(logs - highest)
        total = odds.sum(axis=1, keepdims=True)
        posteriors[chunk.indices] = odds / total
        likelihood += float(np.sum(highest + np.log(total))) + constant * len(logs)
        left += np.einsum("nk,nks->s", odds / total, residuals)
    power = np.divide(left, counts * len(images), out=noise.copy(), where=counts > 0)
    return Classes(posteriors, power, likelihood)


def m_step(
    images: BoxImages, posteriors: Float64[np.ndarray, "N K"], mask: Volume | None = None
) -> Float32[np.ndarray, "K D D D"]:
    """Return the volume of each class at the images' box, shape (K, D, D, D)."""
    count = posteriors.shape[1]
    accumulators = [SliceAccumulator(images.box, gridding=INSERTION) for _ in range(count)]
    shares = posteriors.astype(np.float32)
    for chunk in images:
        values, squares = chunk.ctf * chunk.values, chunk.ctf**2
        for k, accumulator in enumerate(accumulators):
            share = shares[chunk.indices, k]
            kept = np.flatnonzero(share > _NEGLIGIBLE)
            if len(kept):
                accumulator.insert(
                    chunk.rotations[kept], values[kept], squares[kept], share[kept, None], share[kept, None]
                )
    folded = [accumulator.folded() for accumulator in accumulators]
    sums = np.stack([each[0][..., 0] for each in folded])
    weights = np.stack([each[1][..., 0] for each in folded])
    level = shell_mean(weights.sum(axis=0))
    mean = _divided(sums.sum(axis=0), weights.sum(axis=0) + np.float32(FLOOR) * level)
    ridge = np.float32(RIDGE / count) * level
    envelope = window(images.box, mask, images.particles)
    solved = [_divided(s + ridge * mean, w + ridge) for s, w in zip(sums, weights, strict=True)]
    return np.stack([a.to_volume(each) * envelope for a, each in zip(accumulators, solved, strict=True)])


def _divided(
    sums: Complex64[np.ndarray, "M M H"], weights: Float32[np.ndarray, "M M H"]
) -> Complex64[np.ndarray, "M M H"]:
    return np.asarray(np.divide(sums, weights, out=np.zeros_like(sums), where=weights > 0))


METHODS.add("kclasses", KClasses())
