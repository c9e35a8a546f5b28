"""The linear subspace model on images from known linear subspaces, and on a turning Fab."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from cryobench.core import ArrayImages, Dataset, InputError, Particles, Volume, silent, stream
from cryobench.imaging import Projector, fourier_crop, parametric_ctf, uniform_poses
from cryobench.methods.builtin import ppca
from cryobench.methods.builtin.ppca import PPCA, TOLERANCE, Fit, Posterior, e_step, fit, m_step, principal_axes
from cryobench.methods.builtin.stages import BoxImages, Stage, white_noise
from cryobench.metrics import fsc_curve, neighborhood_similarity


class Linear:
    """Images of mean + z component, with white noise."""

    def __init__(self, n: int = 400, box: int = 24, sigma: float = 2.0) -> None:
        grid = np.arange(box) - box // 2

        def blob(x: float, y: float, z: float) -> np.ndarray:
            gx, gy, gz = (np.exp(-((grid - c) ** 2) / 4.0) for c in (x, y, z))
            return (gz[:, None, None] * gy[:, None] * gx).astype(np.float32)

        self.mean = Volume(blob(0, 0, 0) + blob(4, 1, -2) + blob(-3, 2, 3), 8.0)
        self.component = Volume(blob(5, -4, 0) - blob(-5, 4, 1), 8.0)
        self.z = stream(0, "test z").standard_normal(n).astype(np.float32)
        poses, ctf = uniform_poses(2, np.arange(n), 10.0), parametric_ctf(2, np.arange(n))
        clean = Projector(self.mean).project(poses, ctf)
        clean += self.z[:, None, None] * Projector(self.component).project(poses, ctf)
        self.sigma = sigma * float(clean.std())
        images = clean + self.sigma * stream(0, "test noise").standard_normal(clean.shape, dtype=np.float32)
        self.particles = Particles(ArrayImages(images), poses, ctf, 8.0, 1)

    def noise(self) -> np.ndarray:
        """Power of the noise in each shell."""
        return np.full(13, (self.sigma * 24) ** 2)


@pytest.fixture(scope="module")
def linear() -> Linear:
    return Linear()


def test_the_noise_is_measured(linear: Linear) -> None:
    assert white_noise(linear.particles) == pytest.approx((linear.sigma * 24) ** 2, rel=0.05)


def test_the_noise_is_measured_after_a_fourier_crop() -> None:
    n, sigma = 60, 3.0
    noise = sigma * stream(1, "test noise").standard_normal((n, 48, 48), dtype=np.float32)
    images = fourier_crop(noise, 32, dimensions=2)
    poses, ctf = uniform_poses(2, np.arange(n), 0.0), parametric_ctf(2, np.arange(n))
    particles = Particles(ArrayImages(images), poses, ctf, 8.0, 1)
    # White noise keeps its power in each frequency, but for the scale of the values.
    assert white_noise(particles) == pytest.approx((sigma * 48 * (32 / 48) ** 2) ** 2, rel=0.05)


def test_the_posterior_is_calibrated(linear: Linear) -> None:
    """Given the true volumes, (z - mean) / deviation is standard normal."""
    volumes = np.stack((linear.mean.data, linear.component.data))
    posterior = e_step(BoxImages(linear.particles, 24), volumes, linear.noise()).posterior
    scores = (linear.z - posterior.mean[:, 0]) / np.sqrt(posterior.covariance[:, 0, 0])
    assert abs(scores.mean()) < 0.15
    assert scores.std() == pytest.approx(1.0, abs=0.15)


def test_known_latents_give_the_volumes(linear: Linear) -> None:
    posterior = Posterior(linear.z[:, None].astype(np.float64), np.zeros((len(linear.z), 1, 1)))
    volumes = m_step(BoxImages(linear.particles, 24), posterior)
    for found, true in zip(volumes, (linear.mean, linear.component), strict=True):
        assert fsc_curve(Volume(found, 8.0), true).correlation[1:8].min() > 0.8


def test_the_latent_is_found_without_being_told(linear: Linear) -> None:
    submission = PPCA(components=2).run(linear.particles, 0, silent)
    assert submission.latents is not None
    assert abs(np.corrcoef(submission.latents[:, 0], linear.z)[0, 1]) > 0.9
    spread = submission.latents.std(axis=0)
    assert spread[0] > 3 * spread[1]
    assert submission.volumes is not None
    high, low = int(np.argmax(linear.z)), int(np.argmin(linear.z))
    difference = submission.volumes.at(high).data - submission.volumes.at(low).data
    assert np.corrcoef(difference.ravel(), linear.component.data.ravel())[0, 1] > 0.8


def test_principal_axes_keep_volumes_and_make_distances_those_of_volumes() -> None:
    rng = np.random.default_rng(0)
    components = rng.normal(size=(3, 8, 8, 8)).astype(np.float32)
    mean = rng.normal(size=(50, 3)) * [1.0, 3.0, 0.5]
    found, latents = principal_axes(components, Posterior(mean, np.zeros((50, 3, 3))))
    before = np.einsum("nk,kzyx->nzyx", mean, components)
    after = np.einsum("nk,kzyx->nzyx", latents, found)
    np.testing.assert_allclose(after, before, atol=1e-4 * np.abs(before).max())
    flat = found.reshape(3, -1)
    np.testing.assert_allclose(flat @ flat.T, np.eye(3), atol=1e-5)
    apart = np.linalg.norm(latents[1:] - latents[:-1], axis=1)
    np.testing.assert_allclose(apart, np.linalg.norm((before[1:] - before[:-1]).reshape(49, -1), axis=1), rtol=1e-4)
    assert (np.diff((latents**2).mean(axis=0)) <= 0).all()


def test_it_finds_the_turning_fab(small_dataset: Dataset) -> None:
    submission = PPCA(components=3).run(small_dataset.particles, 0, silent)
    truth, latents = small_dataset.truth, submission.latents
    assert latents is not None
    shuffled = stream(0, "test shuffle").permutation(latents)
    floor = neighborhood_similarity(truth.latents, shuffled, 79)[0]
    assert neighborhood_similarity(truth.latents, latents, 79)[0] > floor + 0.3


def test_it_needs_particles(small_dataset: Dataset) -> None:
    few = small_dataset.particles
    subset = Particles(
        ArrayImages(few.images.read(np.arange(20))), few.poses[:20], few.ctf[:20], few.pixel_size, few.sign
    )
    with pytest.raises(InputError, match="ppca needs at least 70 particles, not 20"):
        PPCA().run(subset, 0, silent)


def begin(linear: Linear) -> Posterior:
    n = len(linear.z)
    return Posterior(stream(0, "test start").standard_normal((n, 2)), np.zeros((n, 2, 2)))


def test_steps_raise_the_likelihood(linear: Linear) -> None:
    """Of the steps themselves: the fit drops an iteration that lowers it, so its own can't fall."""
    images, posterior, level, likelihoods = BoxImages(linear.particles, 24), begin(linear), linear.noise(), []
    for _ in range(12):
        found = e_step(images, m_step(images, posterior), level)
        posterior, level = found.posterior, found.noise
        likelihoods.append(found.likelihood)
    gains = np.diff(likelihoods) / len(linear.z)
    assert gains[0] > 10
    # None is below 0 here; the ridge and the interpolation of the M-step may cost a little.
    assert gains.min() > -1e-3


def test_a_fit_ends_where_it_has_settled(linear: Linear) -> None:
    found = fit(BoxImages(linear.particles, 24), begin(linear), linear.noise(), Stage(16.0, 60))
    gains = np.diff([each.likelihood for each in found]) / len(linear.z)
    assert 2 < len(found) < 60
    assert (gains[:-1] >= TOLERANCE).all()
    assert gains[-1] < TOLERANCE


def test_each_stage_starts_with_the_noise_that_the_last_one_found(
    linear: Linear, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[np.ndarray] = []
    ends: list[np.ndarray] = []

    def watched(images: BoxImages, posterior: Posterior, noise: np.ndarray, stage: Stage, mask: None) -> list[Fit]:
        found = fit(images, posterior, noise, stage, mask)
        given.append(noise)
        ends.append(found[-1].noise)
        return found

    monkeypatch.setattr(ppca, "fit", watched)
    monkeypatch.setattr(ppca, "STAGES", (Stage(24.0, 2), Stage(18.0, 2), Stage(16.0, 2)))
    PPCA(components=1).run(linear.particles, 0, silent)
    assert [len(each) for each in ends] == [9, 12, 13]  # half a box of 16, 22 and 24, and the origin
    white = white_noise(linear.particles)
    for before, after in zip(ends[:-1], given[1:], strict=True):
        np.testing.assert_array_equal(after[: len(before)], before)
        np.testing.assert_array_equal(after[len(before) :], white)
    assert (ends[0][1:8] != white).all()


def test_the_likelihood_is_that_of_a_normal(linear: Linear) -> None:
    """Against the density of all Fourier pixels of an image, whose covariance is noise + image of the component."""
    noise = linear.noise() * np.linspace(1.0, 2.0, 13)
    volumes = np.stack((linear.mean.data, linear.component.data))
    k = np.fft.fftfreq(24, 1 / 24)
    radius = np.hypot(k[:, None], k)
    inside = (radius > 0) & (radius < 12)
    power = noise[np.rint(radius).astype(int).clip(max=12)][inside]
    few = np.arange(40)
    poses, ctf = linear.particles.poses[few], linear.particles.ctf[few]
    particles = Particles(ArrayImages(linear.particles.images.read(few)), poses, ctf, 8.0, 1)
    mean, turned = (Projector(each).project(poses, ctf) for each in (linear.mean, linear.component))
    expected = 0.0
    for image, alone, component in zip(particles.images.read(few), mean, turned, strict=True):
        y, x = (np.fft.fft2(each.astype(np.float64))[inside] for each in (image - alone, component))
        # Half of the plane mirrors the other, so the real and imaginary parts of all are one set of real numbers.
        gram, product = np.sum(np.abs(x) ** 2 / power), np.sum((x.conj() * y).real / power)
        squares = np.sum(np.abs(y) ** 2 / power) - product**2 / (1 + gram)
        expected -= 0.5 * (squares + np.log1p(gram) + np.sum(np.log(2 * np.pi * power)))
    assert e_step(BoxImages(particles, 24), volumes, noise).likelihood == pytest.approx(expected, rel=1e-3)


def test_the_noise_of_each_shell_is_found(linear: Linear) -> None:
    volumes = np.stack((linear.mean.data, linear.component.data))
    found = e_step(BoxImages(linear.particles, 24), volumes, linear.noise())
    np.testing.assert_allclose(found.noise[2:] / linear.noise()[2:], 1.0, atol=0.1)


def test_the_space_that_is_found_spans_the_true_one(linear: Linear) -> None:
    submission = PPCA(components=2).run(linear.particles, 0, silent)
    assert submission.latents is not None
    design = np.column_stack((submission.latents, np.ones(len(linear.z))))
    predicted = design @ np.linalg.lstsq(design, linear.z, rcond=None)[0]
    assert 1 - np.var(linear.z - predicted) / np.var(linear.z) > 0.85


def test_it_is_deterministic_whatever_the_threads(linear: Linear, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryobench.methods.builtin import stages  # noqa: PLC0415

    before = numba.get_num_threads()
    first = PPCA(components=1, starts=2).run(linear.particles, 5, silent)
    monkeypatch.setattr(stages, "HELD_BYTES", 0)
    numba.set_num_threads(1)
    try:
        second = PPCA(components=1, starts=2).run(linear.particles, 5, silent)
    finally:
        numba.set_num_threads(before)
    np.testing.assert_array_equal(first.latents, second.latents)
