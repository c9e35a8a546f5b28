from __future__ import annotations

from pathlib import Path

import mrcfile
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryobench.core import InputError
from cryobench.ops.fft import crop_images, crop_volume, fourier_to_images, images_to_fourier, pad_volume
from cryobench.ops.shift import displace


def test_crop_agrees_with_cryodrgn_but_for_scale_and_nyquist(published: Path) -> None:
    """cryoDRGN's crop multiplies values by (64/32)^2 and keeps the Nyquist line, whose power ours leaves out."""
    data = np.load(published / "h_downsample.npz")
    ours = images_to_fourier(crop_images(data["stack64"], 32))
    theirs = images_to_fourier(data["stack32"] / 4)
    theirs[:, 16] = 0
    theirs[:, :, 16] = 0
    np.testing.assert_allclose(ours, theirs, atol=1e-4 * np.abs(theirs).max())


def test_volume_crop_agrees_with_cryodrgn_but_for_scale_and_nyquist(published: Path) -> None:
    """Cropping twice the same way: values of the cropped map are one eighth of cryoDRGN's."""
    with mrcfile.open(published / "h_vol32_from64.mrc") as mrc:
        theirs = mrc.data.copy() / 8
    once = crop_volume(theirs, 16)
    k = np.fft.fftshift(np.fft.fftn(np.fft.ifftshift(theirs)))[8:24, 8:24, 8:24] / 8
    k[0] = k[:, 0] = k[:, :, 0] = 0
    expected = np.fft.fftshift(np.fft.ifftn(np.fft.ifftshift(k))).real
    np.testing.assert_allclose(once, expected, atol=1e-5 * np.abs(expected).max())


@given(seed=st.integers(0, 1000), size=st.sampled_from([(16, 8), (32, 12), (24, 24)]))
@settings(max_examples=20, deadline=None)
def test_crop_keeps_the_mean(seed: int, size: tuple[int, int]) -> None:
    old, new = size
    images = np.random.default_rng(seed).normal(1.0, 1.0, (3, old, old)).astype(np.float32)
    cropped = crop_images(images, new)
    assert cropped.shape == (3, new, new)
    np.testing.assert_allclose(cropped.mean(axis=(1, 2)), images.mean(axis=(1, 2)), atol=1e-5)


def test_crop_keeps_a_wave_in_its_place() -> None:
    x = np.arange(32) - 16
    wave = np.cos(2 * np.pi * 3 * x / 32 + 0.4)
    small = crop_images(np.tile(wave, (1, 32, 1)).astype(np.float32), 16)
    y = np.arange(16) - 8
    np.testing.assert_allclose(small[0, 0], np.cos(2 * np.pi * 3 * y / 16 + 0.4), atol=1e-6)


@pytest.mark.parametrize("box", [15, 33, 40])
def test_crop_refuses_a_box_it_cannot_make(box: int) -> None:
    with pytest.raises(InputError, match="even number from 2 to 32"):
        crop_images(np.zeros((1, 32, 32), np.float32), box)


def test_displacement_by_whole_pixels_rolls_the_image() -> None:
    images = np.random.default_rng(0).normal(size=(2, 16, 16)).astype(np.float32)
    moved = fourier_to_images(displace(images_to_fourier(images.copy()), np.array([[3.0, -2.0], [0.0, 5.0]])))
    np.testing.assert_allclose(moved[0], np.roll(images[0], (-2, 3), axis=(0, 1)), atol=1e-5)
    np.testing.assert_allclose(moved[1], np.roll(images[1], (5, 0), axis=(0, 1)), atol=1e-5)


def test_a_batch_equals_the_loop() -> None:
    images = np.random.default_rng(0).normal(size=(7, 32, 32)).astype(np.float32)
    together = images_to_fourier(images.copy())
    for i in range(7):
        np.testing.assert_array_equal(together[i], images_to_fourier(images[i : i + 1].copy())[0])
    back = fourier_to_images(together)
    for i in range(7):
        np.testing.assert_array_equal(back[i], fourier_to_images(together[i : i + 1])[0])


@given(seed=st.integers(0, 1000), size=st.sampled_from([(8, 16), (12, 32), (24, 24)]))
@settings(max_examples=20, deadline=None)
def test_padding_is_undone_by_cropping(seed: int, size: tuple[int, int]) -> None:
    old, new = size
    volume = np.random.default_rng(seed).normal(1.0, 1.0, (old,) * 3).astype(np.float32)
    below_nyquist = crop_volume(pad_volume(volume, new + 8), old)
    padded = pad_volume(below_nyquist, new)
    assert padded.shape == (new,) * 3
    np.testing.assert_allclose(crop_volume(padded, old), below_nyquist, atol=1e-5)
    np.testing.assert_allclose(padded.mean(), volume.mean(), atol=1e-5)


def test_padding_keeps_a_wave_in_its_place() -> None:
    x, y = np.arange(16) - 8, np.arange(32) - 16
    wave = np.tile(np.cos(2 * np.pi * 3 * x / 16 + 0.4), (16, 16, 1)).astype(np.float32)
    padded = pad_volume(wave, 32)
    np.testing.assert_allclose(padded, np.tile(np.cos(2 * np.pi * 3 * y / 32 + 0.4), (32, 32, 1)), atol=1e-5)


@pytest.mark.parametrize("box", [33, 30])
def test_padding_refuses_a_box_it_cannot_make(box: int) -> None:
    with pytest.raises(InputError, match="even number of at least 32"):
        pad_volume(np.zeros((32, 32, 32), np.float32), box)
