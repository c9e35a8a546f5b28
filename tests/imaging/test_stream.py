"""The fused stream: noise level, the two routes to a smaller box, and what an image depends on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from cryobench.core import InputError, Volume
from cryobench.imaging import ImageFormation, ImagingSpec, NoiseSpec, PoseSpec, Projector, UniformShifts
from cryobench.imaging import stream as stream_module
from cryobench.ops.ctf import evaluate_ctf
from cryobench.ops.fft import crop_images, fourier_to_images, images_to_fourier
from cryobench.ops.threads import get_threads, set_threads

SPEC = ImagingSpec(
    box=32,
    pixel_size=4.0,
    output_box=16,
    poses=PoseSpec(shifts=UniformShifts(extent=10.0)),
    b_factor=40.0,
    contrast=0.3,
    noise=NoiseSpec(snr=0.5, scope="state"),
)
QUIET = SPEC.model_copy(update={"noise": NoiseSpec(snr=None)})


@pytest.fixture
def thread_counts() -> Iterator[tuple[int, ...]]:
    most = get_threads()
    yield (1, most)
    set_threads(most)


def formation(n: int, seed: int = 1, spec: ImagingSpec = SPEC) -> ImageFormation:
    return ImageFormation.draw(spec, seed, np.zeros(n, dtype=np.int64))


def images(
    volume: Volume, made: ImageFormation, indices: np.ndarray, sigma: float = 3.0, chunk: int | None = None
) -> np.ndarray:
    return np.concatenate(list(made.images(Projector(volume, made.spec.output_box), indices, sigma, chunk)))


def test_the_two_routes_agree(volume: Volume) -> None:
    """Everything at the simulated box, then the crop; against the output box directly. Noiseless: the same images."""
    quiet = formation(12, spec=QUIET)
    indices = np.arange(12)
    projected = images_to_fourier(Projector(volume).project(quiet.poses))
    with_ctf = fourier_to_images(projected * evaluate_ctf(quiet.ctf.table, 32, 4.0, SPEC.b_factor))
    long_way = crop_images(-with_ctf * quiet.contrasts[:, None, None].astype(np.float32), 16)
    direct = images(volume, quiet, indices, 0.0)
    assert np.linalg.norm(direct - long_way) / np.linalg.norm(long_way) < 1e-5


def test_the_two_routes_agree_in_the_law_of_the_noise(volume: Volume) -> None:
    n, sigma = 400, 3.0
    long_way = crop_images(sigma * np.random.default_rng(0).standard_normal((n, 32, 32), dtype=np.float32), 16)
    direct = images(volume, formation(n), np.arange(n), sigma) - images(
        volume, formation(n, spec=QUIET), np.arange(n), 0.0
    )
    assert direct.std() == pytest.approx(long_way.std(), rel=0.02)
    power, expected = (np.mean(np.abs(np.fft.fft2(x)) ** 2, axis=0) for x in (direct, long_way))
    # Each of the 255 frequencies has its own sampling error, 1 / sqrt(n) of either.
    alive = expected > 1e-6 * expected.max()
    assert (power[~alive] < 1e-6 * expected.max()).all()  # Nyquist
    ratio = power[alive] / expected[alive]
    assert ratio.mean() == pytest.approx(1, abs=0.02)
    assert ratio.std() < 2 * np.sqrt(2 / n)
    assert abs(np.mean(direct)) < 4 * sigma / np.sqrt(n * 32 * 32)


def test_images_depend_neither_on_the_chunk_nor_on_the_threads(volume: Volume, thread_counts: tuple[int, ...]) -> None:
    together = images(volume, formation(20), np.arange(20))
    for threads in thread_counts:
        set_threads(threads)
        for chunk in (1, 7, 1000):
            np.testing.assert_array_equal(images(volume, formation(20), np.arange(20), chunk=chunk), together)


def test_an_image_depends_on_its_index_alone(volume: Volume) -> None:
    whole = images(volume, formation(12), np.arange(12))
    np.testing.assert_array_equal(images(volume, formation(40), np.array([7, 3])), whole[[7, 3]])
    assert not np.array_equal(images(volume, formation(12, seed=2), np.arange(12)), whole)


def test_noise_has_the_ratio_asked_for_at_the_simulated_box(volume: Volume) -> None:
    n = 60
    full = SPEC.model_copy(update={"output_box": 32})
    made = formation(n, spec=full)
    projector = Projector(volume)
    indices = np.arange(n)
    sigma = made.sigma(made.moments(projector, made.pilot(indices)))
    clean = -images(volume, formation(n, spec=full.model_copy(update={"noise": NoiseSpec(snr=None)})), indices, 0.0)
    noise = -images(volume, made, indices, sigma) - clean
    assert sigma**2 == pytest.approx(clean.var(dtype=float) / 0.5, rel=1e-4)
    assert clean.var(dtype=float) / noise.var(dtype=float) == pytest.approx(0.5, rel=0.03)
    assert abs(noise.mean(dtype=float)) < 4 * sigma / np.sqrt(noise.size)


def test_a_pilot_of_many_stands_for_all(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    made = formation(2000)
    indices = np.arange(2000)
    projector = Projector(volume)
    every = made.sigma(made.moments(projector, indices))
    pilot = made.pilot(indices)
    assert len(np.unique(pilot)) == 256
    assert made.sigma(made.moments(projector, pilot)) == pytest.approx(every, rel=0.05)
    monkeypatch.setitem(stream_module.PILOT, "state", 5000)
    np.testing.assert_array_equal(made.pilot(indices), indices)


def test_an_empty_volume_has_no_ratio() -> None:
    made = formation(3)
    with pytest.raises(InputError, match="is a volume empty"):
        made.sigma(made.moments(Projector(Volume(np.zeros((32, 32, 32), np.float32), 4.0)), np.arange(3)))


def test_contrasts_vary_about_one() -> None:
    contrasts = formation(4000).contrasts
    assert contrasts.min() > 0
    assert contrasts.mean() == pytest.approx(1, abs=4 * 0.3 / np.sqrt(4000))
    assert contrasts.std() == pytest.approx(0.3, rel=0.1)
    assert (ImageFormation.draw(SPEC.model_copy(update={"contrast": 0.0}), 1, np.zeros(3, int)).contrasts == 1).all()


def test_the_sign_is_that_of_the_spec(volume: Volume) -> None:
    bright = images(volume, formation(3), np.arange(3))
    dark = images(volume, formation(3, spec=SPEC.model_copy(update={"sign": 1})), np.arange(3))
    np.testing.assert_array_equal(bright, -dark)
