"""The colour of noise: power, variance and slope of what is drawn."""

from __future__ import annotations

import numpy as np
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryobench.core import InputError
from cryobench.imaging import PowerLawNoise, SpectrumNoise, WhiteNoise, draw_noise, noise_amplitudes
from cryobench.imaging.spec import Colour
from cryobench.ops.fft import crop_images, fourier_to_images

BOX, PIXEL = 48, 2.0


def drawn(colour: Colour, n: int = 300, box: int = BOX, output: int = BOX) -> np.ndarray:
    return fourier_to_images(draw_noise(3, np.arange(n), noise_amplitudes(colour, box, PIXEL, output)))


def spectrum(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Radius in units of the lowest frequency, and mean power, of each frequency but zero."""
    k = np.fft.fftfreq(images.shape[-1], 1 / images.shape[-1])
    radius = np.hypot(k[:, None], k)
    power = np.mean(np.abs(np.fft.fft2(images)) ** 2, axis=0)
    return radius.ravel()[1:], power.ravel()[1:]


COLOURS = [WhiteNoise(), PowerLawNoise(exponent=-1.0), PowerLawNoise(exponent=-2.0), PowerLawNoise(exponent=0.5)]


@pytest.mark.parametrize("colour", COLOURS)
def test_the_variance_is_one_over_all_pixels(colour: Colour) -> None:
    images = drawn(colour)
    assert images.mean(dtype=float) == pytest.approx(0, abs=0.05)
    # Few low frequencies hold most of steep noise, so its variance is known less well.
    assert images.var(dtype=float) == pytest.approx(1, rel=0.04)
    _, power = spectrum(images)
    assert power.min() > 0  # without a crop, Nyquist is there too


@pytest.mark.parametrize("colour", COLOURS)
def test_the_spectrum_has_its_slope(colour: Colour) -> None:
    radius, power = spectrum(drawn(colour))
    slope = np.polyfit(np.log(radius), np.log(power), 1)[0]
    assert slope == pytest.approx(getattr(colour, "exponent", 0.0), abs=0.02)


def test_a_table_gives_the_spectrum() -> None:
    colour = SpectrumNoise(points=((0.0, 8.0), (0.1, 2.0), (0.2, 1.0)))
    radius, power = spectrum(drawn(colour, n=600))
    expected = np.interp(radius / (BOX * PIXEL), [0.0, 0.1, 0.2], [8.0, 2.0, 1.0])
    ratio = power / expected
    ratio /= ratio.mean()
    assert ratio.std() < 2 * np.sqrt(2 / 600)


def test_a_crop_keeps_the_power_below_nyquist() -> None:
    colour = PowerLawNoise(exponent=-1.0)
    large = noise_amplitudes(colour, BOX, PIXEL, BOX)
    small = noise_amplitudes(colour, BOX, PIXEL, 24)
    # (d/D)^2 for the values, and D/d since white noise of n pixels has n times their variance in each frequency
    np.testing.assert_allclose(small[:12, :12], large[:12, :12] * (24 / 48), rtol=1e-6)
    assert not small[12].any()
    assert not small[:, 12].any()


@given(exponent=st.floats(-4, 4), output=st.sampled_from([8, 24, 48]), scale=st.floats(1e-3, 1e3))
@settings(max_examples=30, deadline=None)
def test_only_the_shape_of_a_spectrum_matters(exponent: float, output: int, scale: float) -> None:
    frequencies = np.arange(1, 200) / 400
    points = [(float(f), float(f**exponent)) for f in frequencies]
    scaled = [(f, p * scale) for f, p in points]
    one, other = (noise_amplitudes(SpectrumNoise(points=tuple(p)), BOX, PIXEL, output) for p in (points, scaled))
    np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (((0.1, 1.0), (0.1, 2.0)), "rise from row to row"),
        (((0.1, 0.0),), "above 0 somewhere"),
        (((0.1, -1.0),), "greater than or equal to 0"),
        ((), "at least 1"),
    ],
)
def test_impossible_spectra_are_refused(points: tuple[tuple[float, float], ...], message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        SpectrumNoise(points=points)


@pytest.mark.parametrize("colour", [*COLOURS, SpectrumNoise(points=((0.0, 3.0), (0.1, 1.0)))])
@pytest.mark.parametrize("output", [36, 34])
def test_cropped_noise_has_the_law_of_a_crop(colour: Colour, output: int) -> None:
    """Drawn at the small box, against drawn at the large one and cropped, at ratios that are not whole."""
    n = 400
    direct, cropped = drawn(colour, n, output=output), crop_images(drawn(colour, n), output)
    found, expected = (np.mean(np.abs(np.fft.fft2(images)) ** 2, axis=0) for images in (direct, cropped))
    half = output // 2
    inside = np.ones((output, output), dtype=bool)
    inside[half], inside[:, half] = False, False
    assert found[~inside].max() < 1e-6 * found.max()
    scores = (found[inside] / expected[inside] - 1) / np.sqrt(2 / n)  # of two means of n squares
    assert abs(scores.mean()) < 0.15
    assert 0.85 < scores.std() < 1.2


def test_a_spectrum_of_other_frequencies_is_refused() -> None:
    with pytest.raises(InputError, match="no power up to"):
        noise_amplitudes(SpectrumNoise(points=((5.0, 0.0), (10.0, 1.0))), BOX, PIXEL, BOX)


def test_noise_is_drawn_for_each_index() -> None:
    amplitudes = noise_amplitudes(WhiteNoise(), 16, 1.0, 16)
    noise = draw_noise(0, np.array([4, 9, 4]), amplitudes)
    np.testing.assert_array_equal(noise[0], noise[2])
    assert not np.array_equal(noise[0], noise[1])
