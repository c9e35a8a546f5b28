"""Maps brought onto each other, where the answer is known."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

import cryobench
from cryobench.align import MIRROR, Alignment, Transform, align_volumes, transform_volume
from cryobench.core import InputError, Volume
from cryobench.ops.fft import crop_volume, fourier_to_volume, volume_to_fourier
from cryobench.ops.threads import get_threads, set_threads
from cryobench.structures import Atoms, ResidueRange, load_structure, render_density, select
from cryobench.structures.packaged import ribosome_50s
from cryobench.structures.synthetic_igg import synthetic_igg

BOX, PIXEL_SIZE = 64, 4.0
FAB = (ResidueRange.parse("H:1-230"), ResidueRange.parse("L:1-214"))


def _centred(atoms: Atoms) -> Atoms:
    centre = np.average(atoms.coordinates, axis=0, weights=atoms.weights)
    return replace(atoms, coordinates=atoms.coordinates - centre)


def _without(atoms: Atoms, left_out: np.ndarray) -> Atoms:
    """Return the atoms but for some, which weigh nothing."""
    return replace(atoms, weights=np.where(left_out, 0.0, atoms.weights))


@functools.cache
def antibody() -> np.ndarray:
    return render_density(_centred(synthetic_igg()), 8.0, BOX, PIXEL_SIZE).data


def moved(data: np.ndarray, transform: Transform) -> np.ndarray:
    """Return the map that ``transform`` takes to ``data``."""
    back = Transform(transform.rotation.T, -transform.rotation.T @ transform.shift, mirrored=False)
    placed = transform_volume(data, back)
    return transform_volume(placed, Transform(np.eye(3), np.zeros(3), mirrored=True)) if transform.mirrored else placed


def drawn(seed: int, box: int = BOX, mirrored: bool | None = None) -> Transform:
    """Return a random transform: any turn, a shift of up to a tenth of the box, either hand."""
    rng = np.random.default_rng(seed)
    rotation = Rotation.random(random_state=seed).as_matrix()
    return Transform(rotation, rng.uniform(-0.1, 0.1, 3) * box, bool(seed % 2) if mirrored is None else mirrored)


def noisy(data: np.ndarray, pixel_size: float, resolution: float, seed: int) -> np.ndarray:
    """Return a map with white noise that leaves an FSC with the clean one of 0.5 at a resolution in Å."""
    transform = np.fft.fftn(data)
    k = np.fft.fftfreq(len(data), 1 / len(data))
    radius = np.sqrt(k[:, None, None] ** 2 + k[:, None] ** 2 + k**2)
    at = np.rint(radius) == round(len(data) * pixel_size / resolution)
    power = 3 * np.mean(np.abs(transform[at]) ** 2)  # FSC = 1 / sqrt(1 + noise / signal)
    noise = np.random.default_rng(seed).normal(size=data.shape) * np.sqrt(power / data.size)
    return (data + noise).astype(np.float32)


def degrees_between(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.rad2deg(Rotation.from_matrix(first.T @ second).magnitude()))


def is_right(found: Alignment[np.ndarray], true: Transform) -> bool:
    near = degrees_between(found.rotation, true.rotation) < 3 and np.linalg.norm(found.shift - true.shift) < 1
    return bool(near and found.mirrored == true.mirrored)


def test_a_map_against_itself_stays_where_it_is() -> None:
    found = align_volumes(antibody(), antibody())
    assert degrees_between(found.rotation, np.eye(3)) < 0.05
    assert np.abs(found.shift).max() < 0.01
    assert not found.mirrored
    assert found.correlation > 0.998
    assert found.hand_margin is not None
    assert found.hand_margin > 0.1
    assert found.flags == ()


@pytest.mark.parametrize("seed", range(2))
def test_finds_turn_shift_and_hand_in_noise(seed: int) -> None:
    true = drawn(seed)
    moving = noisy(moved(antibody(), true), PIXEL_SIZE, 12.0, seed + 100)
    found = align_volumes(moving, noisy(antibody(), PIXEL_SIZE, 12.0, seed + 200))
    assert degrees_between(found.rotation, true.rotation) < 1
    assert np.linalg.norm(found.shift - true.shift) < 0.5
    assert found.mirrored == true.mirrored


@pytest.mark.slow
@pytest.mark.parametrize("name", ["synthetic antibody", "1hzh", "ribosome"])
def test_finds_large_maps_in_noise(name: str, request: pytest.FixtureRequest) -> None:
    """Four of the sixty of ``benchmarks/alignment.py``, for each map at box 128."""
    if name == "1hzh":
        atoms, pixel_size = load_structure(request.getfixturevalue("cache") / "structures" / "1hzh.pdb.gz"), 2.0
    else:
        atoms, pixel_size = (synthetic_igg(), 2.0) if "antibody" in name else (ribosome_50s(), 2.5)
    map_ = render_density(_centred(atoms), 6.0, 128, pixel_size).data
    for seed in range(4):
        true = drawn(seed, 128)
        moving = noisy(moved(map_, true), pixel_size, 12.0, seed + 100)
        assert is_right(align_volumes(moving, noisy(map_, pixel_size, 12.0, seed + 200)), true)


@pytest.mark.parametrize("resolution", [25.0])
@pytest.mark.parametrize("lacking", ["moving", "reference"])
def test_a_missing_domain_does_not_turn_the_map(lacking: str, resolution: float) -> None:
    atoms = _centred(synthetic_igg())
    whole = render_density(atoms, resolution, BOX, PIXEL_SIZE).data
    part = render_density(_without(atoms, select(atoms, FAB)), resolution, BOX, PIXEL_SIZE).data
    true = drawn(3)
    moving, reference = (part, whole) if lacking == "moving" else (whole, part)
    found = align_volumes(moved(moving, true), reference)
    assert degrees_between(found.rotation, true.rotation) < 1
    assert np.linalg.norm(found.shift - true.shift) < 0.5
    assert found.mirrored == true.mirrored


def test_one_hand_alone() -> None:
    true = drawn(1, mirrored=True)
    both = align_volumes(moved(antibody(), true), antibody())
    one = align_volumes(moved(antibody(), true), antibody(), handedness=False)
    assert both.mirrored
    assert not one.mirrored
    assert one.hand_margin is None
    assert one.correlation < both.correlation - 0.1


def test_a_map_that_is_its_own_mirror_image_has_no_clear_hand() -> None:
    data = antibody()
    even = (data + transform_volume(data, Transform(np.eye(3), np.zeros(3), mirrored=True))) / 2
    found = align_volumes(even, even)
    assert found.hand_margin is not None
    assert abs(found.hand_margin) < 0.01
    assert found.flags == ("the hand is not clear",)


def test_a_volume_comes_back_as_a_volume() -> None:
    given_ = Volume(antibody(), PIXEL_SIZE)
    found = cryobench.align_volumes(given_, given_, handedness=False)
    assert isinstance(found.volume, Volume)
    assert found.volume.pixel_size == PIXEL_SIZE
    assert isinstance(align_volumes(antibody(), given_, handedness=False).volume, np.ndarray)


@given(seed=st.integers(0, 10**6), mirrored=st.booleans())
@settings(max_examples=10, deadline=None)
def test_transform_moves_each_point_as_it_says(seed: int, mirrored: bool) -> None:
    transform = drawn(seed, 32, mirrored)
    axis = np.arange(-16.0, 16.0)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")

    def blob(p: np.ndarray) -> np.ndarray:
        return np.exp(-((x - p[0]) ** 2 + (y - p[1]) ** 2 + (z - p[2]) ** 2) / 8).astype(np.float32)

    point = np.array([4.0, 2.0, -3.0])
    there = transform.rotation @ (MIRROR @ point if mirrored else point) + transform.shift
    np.testing.assert_allclose(transform_volume(blob(point), transform), blob(there), atol=2e-4)


def test_a_shift_alone_is_exact() -> None:
    rng = np.random.default_rng(0)
    low = volume_to_fourier(rng.normal(size=(16, 16, 16)).astype(np.float32))
    low[8], low[:, 8], low[:, :, 8] = 0, 0, 0  # Nyquist, which no shift keeps
    data = fourier_to_volume(low)
    found = transform_volume(data, Transform(np.eye(3), np.array([2.0, -3.0, 5.0]), mirrored=False))
    np.testing.assert_allclose(found, np.roll(data, (5, -3, 2), (0, 1, 2)), atol=2e-4)


def test_the_same_whatever_the_threads() -> None:
    small, true = crop_volume(antibody(), 32), drawn(5, 32)
    moving, before, found = moved(small, true), get_threads(), []
    try:
        for threads in (1, 2):
            set_threads(threads)
            found.append(align_volumes(moving, small))
    finally:
        set_threads(before)
    np.testing.assert_array_equal(found[0].rotation, found[1].rotation)
    np.testing.assert_array_equal(found[0].volume, found[1].volume)


BAD = {
    "constant": (np.ones((32, 32, 32), np.float32), "constant"),
    "not a number": (np.full((32, 32, 32), np.nan, np.float32), "not finite"),
    "another box": (np.random.default_rng(0).normal(size=(30, 30, 30)).astype(np.float32), "same grid"),
    "not cubic": (np.zeros((32, 32, 30), np.float32), "cubic"),
}


@pytest.mark.parametrize(("bad", "message"), BAD.values(), ids=BAD)
def test_bad_maps_are_refused(bad: np.ndarray, message: str) -> None:
    good = crop_volume(antibody(), 32)
    with pytest.raises(InputError, match=message):
        align_volumes(bad, good)


def test_boxes_that_are_too_small_or_odd_are_refused() -> None:
    rng = np.random.default_rng(0)
    for box in (12, 33):
        data = rng.normal(size=(box, box, box)).astype(np.float32)
        with pytest.raises(InputError, match="even number of at least 16"):
            align_volumes(data, data)


def test_pixel_sizes_must_agree() -> None:
    data = crop_volume(antibody(), 32)
    with pytest.raises(InputError, match="pixel size"):
        align_volumes(Volume(data, 8.0), Volume(data, 7.0))
