"""The public functions on arrays: properties that hold whatever the volume."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

import cryobench
from cryobench.imaging import Projector

BOX = 32


def blob(seed: int, box: int = BOX) -> np.ndarray:
    """Smooth density within a sphere, so that what is beyond Nyquist and outside the box does not matter."""
    grid = np.indices((box, box, box)) - box // 2
    noise = np.random.default_rng(seed).normal(size=(box, box, box))
    inside = np.sqrt((grid**2).sum(axis=0)) < 0.25 * box
    return gaussian_filter(noise * inside, 2.2)


def rotations(seed: int, n: int) -> np.ndarray:
    return Rotation.random(n, random_state=seed).as_matrix()


def relative(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


seeds = st.integers(0, 1000)


@given(seed=seeds, a=st.floats(-3, 3), b=st.floats(0.1, 3))
@settings(max_examples=15, deadline=None)
def test_projection_is_linear(seed: int, a: float, b: float) -> None:
    first, second, r = blob(seed), blob(seed + 1), rotations(seed, 3)
    together = cryobench.project(a * first + b * second, r)
    apart = a * cryobench.project(first, r) + b * cryobench.project(second, r)
    np.testing.assert_allclose(together, apart, atol=2e-5 * np.abs(apart).max())


@given(seed=seeds)
@settings(max_examples=15, deadline=None)
def test_no_rotation_is_the_sum_along_z(seed: int) -> None:
    volume = blob(seed)
    image = cryobench.project(volume, np.eye(3)[None])[0]
    assert relative(image, volume.sum(axis=0)) < 1e-4


@given(seed=seeds, which=st.integers(0, 23))
@settings(max_examples=24, deadline=None)
def test_a_rotation_of_the_grid_permutes_the_pixels(seed: int, which: int) -> None:
    """Turned by a symmetry of the cube, the density lands on voxels again."""
    group = Rotation.create_group("O").as_matrix()
    r = np.rint(group[which])
    volume = blob(seed)
    grid = np.indices((BOX, BOX, BOX)).reshape(3, -1)[::-1].T - BOX // 2  # x, y, z
    # Density at p lands at R p: the turned map at q is the map at R^T q.
    source = np.rint(grid @ r).astype(int) + BOX // 2
    kept = ((source >= 0) & (source < BOX)).all(axis=1)
    turned = np.zeros(BOX**3)
    turned[kept] = volume[source[kept, 2], source[kept, 1], source[kept, 0]]
    image = cryobench.project(volume, r[None])[0]
    assert relative(image, turned.reshape(BOX, BOX, BOX).sum(axis=0)) < 1e-4


@given(seed=seeds, x=st.integers(-4, 4), y=st.integers(-4, 4), pixel=st.floats(0.5, 8))
@settings(max_examples=20, deadline=None)
def test_a_shift_moves_the_image_by_its_negative(seed: int, x: int, y: int, pixel: float) -> None:
    r = rotations(seed, 1)
    still = cryobench.project(blob(seed), r, pixel_size=pixel)[0]
    shifts = pixel * np.array([[x, y]], dtype=float)
    moved = cryobench.project(blob(seed), r, shifts, pixel_size=pixel)[0]
    np.testing.assert_allclose(moved, np.roll(still, (-y, -x), axis=(0, 1)), atol=1e-4 * np.abs(still).max())


@given(seed=seeds)
@settings(max_examples=15, deadline=None)
def test_mass_and_power_are_the_same_in_both_spaces(seed: int) -> None:
    """The sum of a projection is that of its volume; its power is that of its transform, half of which is stored."""
    volume, r = blob(seed), rotations(seed, 1)
    poses = cryobench.Poses(r.astype(np.float32), np.zeros((1, 2), np.float32))
    projector = Projector(cryobench.Volume(volume.astype(np.float32), 1.0))
    power = np.abs(projector.transforms(poses)[0].astype(np.complex128)) ** 2
    power[:, 1:-1] *= 2
    image = cryobench.project(volume, r)[0].astype(float)
    assert (image**2).sum() == pytest.approx(power.sum() / BOX**2, rel=1e-5)
    assert image.sum() == pytest.approx(volume.sum(), abs=1e-4 * np.abs(volume).sum())


@given(seed=seeds, middle=st.sampled_from([16, 18, 20, 30]), small=st.sampled_from([8, 10, 12]))
@settings(max_examples=20, deadline=None)
def test_a_crop_of_a_crop_is_a_crop(seed: int, middle: int, small: int) -> None:
    images = np.random.default_rng(seed).normal(size=(3, BOX, BOX))
    volume = np.random.default_rng(seed).normal(size=(BOX, BOX, BOX))
    for array in (images[0], images, volume):
        twice = cryobench.fourier_crop(cryobench.fourier_crop(array, middle), small)
        once = cryobench.fourier_crop(array, small)
        assert twice.shape == once.shape
        np.testing.assert_allclose(twice, once, atol=1e-5)
        assert once.mean() == pytest.approx(array.mean(), abs=1e-6)


@pytest.mark.parametrize("box", [8, 12, 16, 24])
def test_a_smaller_box_is_the_crop(box: int) -> None:
    volume, r = blob(1), rotations(1, 5)
    shifts = np.random.default_rng(0).uniform(-6, 6, (5, 2))
    direct = cryobench.project(volume, r, shifts, pixel_size=3.0, box_size=box)
    cropped = cryobench.fourier_crop(cryobench.project(volume, r, shifts, pixel_size=3.0), box)
    assert relative(direct, cropped) < 1e-5


def test_images_that_look_like_a_volume_are_told_apart() -> None:
    stack = np.random.default_rng(0).normal(size=(16, 16, 16))
    as_images = cryobench.fourier_crop(stack, 8, dimensions=2)
    assert as_images.shape == (16, 8, 8)
    np.testing.assert_allclose(as_images[3], cryobench.fourier_crop(stack[3], 8), atol=1e-6)
    assert cryobench.fourier_crop(stack, 8).shape == (8, 8, 8)


def test_backprojection_returns_the_volume() -> None:
    volume, r = blob(2), rotations(3, 600)
    shifts = np.random.default_rng(1).uniform(-5, 5, (600, 2))
    table = np.tile([BOX, 4.0, 18000.0, 17000.0, 30.0, 300.0, 2.7, 0.1, 0.0], (600, 1))
    table[:, 2:4] += np.random.default_rng(2).uniform(-6000, 6000, (600, 1))
    parameters = cryobench.CTFParameters.from_cryodrgn(table)
    images = cryobench.project(volume, r, shifts, pixel_size=4.0)
    plain = cryobench.backproject(images, r, shifts, None, pixel_size=4.0)
    assert np.corrcoef(plain.ravel(), volume.ravel())[0, 1] > 0.98
    optics = np.fft.ifftshift(cryobench.ctf(parameters, BOX, 4.0), axes=(1, 2))
    with_ctf = np.fft.ifft2(np.fft.fft2(images) * optics).real
    found = cryobench.backproject(with_ctf, r, shifts, parameters, pixel_size=4.0)
    assert np.corrcoef(found.ravel(), volume.ravel())[0, 1] > 0.98


def test_the_ctf_of_a_particle_in_the_middle_is_minus_its_contrast() -> None:
    parameters = cryobench.CTFParameters.from_cryodrgn(np.array([[64, 2.0, 15000, 14000, 30, 300, 2.7, 0.07, 0]]))
    values = cryobench.ctf(parameters, 64, 2.0)
    assert values.shape == (1, 64, 64)
    assert values.dtype == np.float32
    assert values[0, 32, 32] == pytest.approx(-0.07)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cryobench.project(np.zeros((9, 9, 9)), np.eye(3)[None]), "box size 9"),
        (lambda: cryobench.project(np.zeros((8, 8, 8)), 2 * np.eye(3)[None]), "not orthogonal"),
        (lambda: cryobench.project(np.zeros((16, 16, 16)), np.eye(3)[None], box_size=9), "box size 9"),
        (lambda: cryobench.project(np.zeros((16, 16, 16)), np.eye(3)[None], box_size=32), "at most 16"),
        (lambda: cryobench.fourier_crop(np.zeros((16, 16)), 32), "cannot crop"),
        (lambda: cryobench.fourier_crop(np.zeros((9, 9)), 9), "both have to be even"),
        (lambda: cryobench.fourier_crop(np.full((16, 16), np.nan), 8), "not finite"),
        (lambda: cryobench.project(np.zeros((8, 8, 8)), -np.eye(3)[None]), "is a reflection"),
        (lambda: cryobench.fourier_crop(np.zeros((4, 16, 12)), 8), "neither square images nor a cubic volume"),
        (lambda: cryobench.CTFParameters.from_cryodrgn(np.zeros((3, 4))), "9 columns"),
        (lambda: cryobench.backproject(np.zeros((0, 16, 16)), np.zeros((0, 3, 3)), pixel_size=1.0), "no particle"),
    ],
)
def test_what_cannot_be_is_said(call: object, message: str) -> None:
    with pytest.raises(cryobench.CryobenchError, match=message):
        call()  # type: ignore[operator]
