"""Classification of images whose classes are known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numba
import numpy as np
import pytest
import scipy.special
from mixtures import PIXEL_SIZE, mixture, two_maps

from cryobench.core import FormatError, InputError, Particles, UnknownNameError, Volume, silent, stream
from cryobench.datasets import build_dataset, load_dataset, prepare_inputs
from cryobench.io import write_volume
from cryobench.methods import METHODS, find_method
from cryobench.methods.builtin import fourier_images
from cryobench.methods.builtin.kclasses import TOLERANCE, Classes, KClasses, e_step, m_step, refine
from cryobench.methods.builtin.ppca import PPCA
from cryobench.methods.builtin.stages import BoxImages, white_noise, widened
from cryobench.metrics import classification_scores, fsc_curve
from cryobench.ops.threads import set_threads

TRUE = (stream(0, "test labels").random(300) < 0.4).astype(np.int32)


@pytest.fixture(scope="module")
def particles() -> Particles:
    return mixture(two_maps(), TRUE, 0.5)


@pytest.fixture
def threads() -> Iterator[None]:
    before = numba.get_num_threads()
    yield
    numba.set_num_threads(before)


def begin(particles: Particles, classes: int, seed: int = 0) -> Classes:
    drawn = stream(seed, "test start").dirichlet(np.ones(classes), len(particles))
    return Classes(drawn, np.full(particles.box // 2 + 1, white_noise(particles)), -np.inf)


def test_two_classes_are_recovered_exactly(particles: Particles) -> None:
    submission = KClasses(2).run(particles, 0, silent)
    assert submission.labels is not None
    assert submission.posteriors is not None
    assert submission.volumes is not None
    # Largest first: class 0 of the truth has 60 % of the images.
    np.testing.assert_array_equal(submission.labels, TRUE)
    np.testing.assert_allclose(submission.posteriors.sum(axis=1), 1.0, atol=1e-5)
    np.testing.assert_array_equal(submission.posteriors.argmax(axis=1), submission.labels)
    for k, true in enumerate(two_maps()):
        found = submission.volumes.at(int(np.flatnonzero(k == TRUE)[0]))
        own, other = (fsc_curve(found, each).auc for each in (true, two_maps()[1 - k]))
        assert own > other + 0.03


def test_steps_raise_the_likelihood_and_posteriors_sum_to_one(particles: Particles) -> None:
    """Of the steps themselves: the fit drops an iteration that lowers it, so its own can't fall."""
    images, found = BoxImages(particles, 24), [begin(particles, 3)]
    for _ in range(8):
        before = found[-1]
        volumes = m_step(images, before.posteriors)
        found.append(e_step(images, volumes, before.posteriors.mean(axis=0), before.noise))
        np.testing.assert_allclose(found[-1].posteriors.sum(axis=1), 1.0, rtol=1e-12)
    gains = np.diff([each.likelihood for each in found[1:]]) / len(particles)
    assert gains[0] > 10
    # The ridge and the interpolation of the M-step cost a little near the end, at most 0.002 a particle here.
    assert gains.min() > -0.005


def test_a_fit_ends_where_it_has_settled(particles: Particles) -> None:
    found = refine(BoxImages(particles, 24), begin(particles, 3), 15)
    gains = np.diff([each.likelihood for each in found]) / len(particles)
    assert 2 < len(found) < 15
    assert (gains[:-1] >= TOLERANCE).all()


def test_the_likelihood_is_that_of_a_mixture_of_normals(particles: Particles) -> None:
    """Against the density of every Fourier pixel of the whole plane, with slices that are projections."""
    from cryobench.imaging import Projector  # noqa: PLC0415

    maps, weights = two_maps(), np.array([0.6, 0.4])
    noise = np.linspace(1.0, 2.0, 13) * white_noise(particles)
    found = e_step(BoxImages(particles, 24), np.stack([each.data for each in maps]), weights, noise)
    k = np.fft.fftfreq(24, 1 / 24)
    radius = np.hypot(k[:, None], k)
    inside = (radius > 0) & (radius < 12)
    power = noise[np.rint(radius).astype(int).clip(max=12)][inside]
    images = particles.images.read(np.arange(len(particles)))
    logs = []
    for each, weight in zip(maps, weights, strict=True):
        left = images - Projector(each).project(particles.poses, particles.ctf)
        squares = np.abs(np.fft.fft2(left.astype(np.float64)))[:, inside] ** 2
        logs.append(np.log(weight) - 0.5 * np.sum(squares / power + np.log(2 * np.pi * power), axis=1))
    expected = scipy.special.logsumexp(logs, axis=0).sum()
    # Shifts and the CTF at the images' own box agree to the interpolation error of the slices.
    assert found.likelihood == pytest.approx(expected, rel=1e-3)


def test_the_noise_of_each_shell_is_found(particles: Particles) -> None:
    """Given the true maps and classes, what is left is the noise that was added."""
    maps = np.stack([each.data for each in two_maps()])
    found = e_step(BoxImages(particles, 24), maps, np.array([0.6, 0.4]), begin(particles, 2).noise)
    np.testing.assert_allclose(found.noise[2:] / white_noise(particles), 1.0, atol=0.1)


def test_a_stage_starts_with_the_noise_that_was_found() -> None:
    noise, found = np.full(33, 5.0), np.arange(1.0, 10.0)
    power = widened(found, noise, 32)
    np.testing.assert_array_equal(power, [*range(1, 10), *[5.0] * 8])
    np.testing.assert_array_equal(widened(found, noise, 16), found)
    power[:] = 0
    assert (noise == 5).all()
    assert found[0] == 1


def test_known_classes_give_their_volumes(particles: Particles) -> None:
    volumes = m_step(BoxImages(particles, 24), np.eye(2)[TRUE])
    for found, true in zip(volumes, two_maps(), strict=True):
        assert fsc_curve(Volume(found, PIXEL_SIZE), true).correlation[1:8].min() > 0.9


def test_a_class_without_images_is_the_mean_of_the_others(particles: Particles) -> None:
    volumes = m_step(BoxImages(particles, 24), np.eye(3)[TRUE])
    both = m_step(BoxImages(particles, 24), np.ones((len(TRUE), 1)))
    assert np.corrcoef(volumes[2].ravel(), both[0].ravel())[0, 1] > 0.99


def test_neither_threads_nor_chunks_nor_memory_change_anything(
    particles: Particles, monkeypatch: pytest.MonkeyPatch, threads: None
) -> None:
    from cryobench.methods.builtin import stages  # noqa: PLC0415

    first = KClasses(2, starts=1).run(particles, 3, silent)
    set_threads(1)
    monkeypatch.setattr(stages, "HELD_BYTES", 0)
    second = KClasses(2, starts=1).run(particles, 3, silent)
    assert first.posteriors is not None
    assert second.posteriors is not None
    assert first.volumes is not None
    assert second.volumes is not None
    np.testing.assert_array_equal(first.posteriors, second.posteriors)
    np.testing.assert_array_equal(first.volumes.at(0).data, second.volumes.at(0).data)
    # Another chunk adds the noise of images in another order, in double precision.
    monkeypatch.setattr(fourier_images, "CHUNK", 37)
    third = KClasses(2, starts=1).run(particles, 3, silent)
    np.testing.assert_array_equal(first.labels, third.labels)
    np.testing.assert_allclose(first.posteriors, third.posteriors, atol=1e-5)


def test_a_mask_keeps_density_inside(particles: Particles) -> None:
    data = np.zeros((24, 24, 24), np.float32)
    data[6:18, 6:18, 6:18] = 1.0
    volumes = m_step(BoxImages(particles, 24), np.eye(2)[TRUE], Volume(data, PIXEL_SIZE))
    assert not volumes[:, data == 0].any()
    with pytest.raises(InputError, match="the mask has a box of 8 voxels of 8 Å but the images one of 24"):
        KClasses(2, mask=Volume(np.ones((8, 8, 8), np.float32), 8.0)).run(particles, 0, silent)
    with pytest.raises(InputError, match="the mask has a box of 24 voxels of 3 Å"):
        KClasses(2, mask=Volume(np.ones((24, 24, 24), np.float32), 3.0)).run(particles, 0, silent)


@pytest.mark.parametrize("name", ["kclasses:4", "ppca:2"])
def test_flags_say_starts_and_mask(name: str, tmp_path: Path) -> None:
    mask = tmp_path / "mask.mrc"
    write_volume(mask, Volume(np.ones((24, 24, 24), np.float32), PIXEL_SIZE))
    told = find_method(name, ["--starts", "7", "--mask", str(mask)])
    assert isinstance(told, KClasses | PPCA)
    assert told.starts == 7
    assert told.mask is not None
    assert told.mask.pixel_size == PIXEL_SIZE
    assert told.card == find_method(name).card
    # What they leave out stays, and the method of the registry is untouched.
    kept = told.with_flags(["--starts", "2"])
    assert kept.mask is told.mask
    found = METHODS[name.partition(":")[0]]
    assert isinstance(found, KClasses | PPCA)
    assert found.mask is None


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--starts", "0"], "--starts 0: expected at least 1"),
        (["--starts", "many"], "invalid int value: 'many'"),
        (["--zdim", "4"], "unrecognized arguments: --zdim 4; its flags are --starts N and --mask FILE"),
        (["--mask", "none.mrc"], r"none\.mrc"),
    ],
)
def test_other_flags_are_refused(flags: list[str], message: str) -> None:
    with pytest.raises((InputError, FormatError), match=message):
        find_method("kclasses", flags)


def test_a_number_may_follow_the_name() -> None:
    method = find_method("kclasses:16")
    assert isinstance(method, KClasses)
    assert (method.classes, method.card.name) == (16, "kclasses-16")
    assert METHODS["kclasses"].card.name == "kclasses"
    assert find_method("ppca:3").card.name == "ppca-3"
    assert find_method("oracle") is METHODS["oracle"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kclasses:1", "the number is at least 2"),
        ("ppca:0", "the number is at least 1"),
        ("kclasses:many", "expected a whole number after the colon"),
        ("kclasses:", "expected a whole number after the colon"),
        ("oracle:3", "'oracle' takes no number"),
    ],
)
def test_odd_numbers_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_method(text)


def test_an_unknown_name_with_a_number_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'kclasses'"):
        find_method("kclass:3")


@pytest.mark.slow
def test_sixteen_assembly_states_are_told_apart(tmp_path: Path) -> None:
    build_dataset(prepare_inputs("ribosembly:standin", "demo", seed=1), tmp_path)
    dataset = load_dataset(tmp_path)
    submission = KClasses(16).run(dataset.particles, 1, silent)
    assert submission.labels is not None
    assert classification_scores(dataset.truth.labels, submission.labels, shuffles=1).adjusted_rand > 0.8
