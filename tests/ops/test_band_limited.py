"""Band-limited sums of Gaussians against the direct sum over frequencies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryobench.ops.band_limited import band_limited_gaussians
from cryobench.ops.fft import crop_volume, volume_to_fourier
from cryobench.ops.threads import get_threads, set_threads


def direct_sum(points: np.ndarray, weights: np.ndarray, sigma: float, box: int, pixel_size: float) -> np.ndarray:
    """Every frequency below Nyquist, from every point and at every voxel, in double precision."""
    k = np.arange(-(box // 2) + 1, box // 2)
    extent = box * pixel_size
    gaussian = np.exp(-2 * (np.pi * sigma * k / extent) ** 2)
    x, y, z = (np.exp(-2j * np.pi * points[:, [axis]] * k / extent) * gaussian for axis in range(3))
    transform = np.einsum("n,nz,ny,nx->zyx", weights, z, y, x, optimize=True)
    waves = np.exp(2j * np.pi * np.outer(np.arange(box) - box // 2, k) / box) / extent
    return np.einsum("zyx,Zz,Yy,Xx->ZYX", transform, waves, waves, waves, optimize=True).real


def scattered(n: int, extent: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(-extent / 2, extent / 2, (n, 3)), rng.uniform(1, 8, n)


@pytest.mark.parametrize("sigma", [0.0, 0.675, 2.5])
@pytest.mark.parametrize(("box", "pixel_size"), [(8, 1.5), (18, 1.0), (32, 1.5)])
def test_agrees_with_the_direct_sum(box: int, pixel_size: float, sigma: float) -> None:
    points, weights = scattered(80, box * pixel_size)
    direct = direct_sum(points, weights, sigma, box, pixel_size)
    found = band_limited_gaussians(points, weights, sigma, box, pixel_size)
    assert found.dtype == np.float32
    assert np.abs(found - direct).max() <= 2e-6 * direct.max()
    assert found.sum(dtype=np.float64) * pixel_size**3 == pytest.approx(weights.sum(), rel=1e-6)


def test_is_the_crop_of_a_finer_map_of_the_same_extent() -> None:
    points, weights = scattered(100, 36.0)
    fine = band_limited_gaussians(points, weights, 0.675, 48, 0.75)
    found = band_limited_gaussians(points, weights, 0.675, 24, 1.5)
    assert np.abs(crop_volume(fine, 24) - found).max() <= 2e-6 * found.max()


def test_holds_nothing_at_nyquist() -> None:
    points, weights = scattered(20, 24.0)
    half = np.abs(volume_to_fourier(band_limited_gaussians(points, weights, 0.3, 16, 1.5)))
    assert half[:, :, 8].max() <= 1e-6 * half.max()
    assert half[8].max() <= 1e-6 * half.max()
    assert half[:, 8].max() <= 1e-6 * half.max()


@settings(max_examples=20, deadline=None)
@given(voxels=st.tuples(*[st.integers(-40, 40)] * 3), seed=st.integers(0, 100))
def test_points_moved_by_whole_voxels_move_the_map_around_the_box(voxels: tuple[int, int, int], seed: int) -> None:
    points, weights = scattered(10, 24.0, seed)
    here = band_limited_gaussians(points, weights, 1.0, 16, 1.5)
    there = band_limited_gaussians(points + 1.5 * np.array(voxels), weights, 1.0, 16, 1.5)
    assert np.abs(np.roll(here, voxels[::-1], axis=(0, 1, 2)) - there).max() <= 2e-6 * here.max()


def test_neither_threads_nor_the_order_of_the_points_matter() -> None:
    points, weights = scattered(500, 30.0)
    threads = get_threads()
    try:
        maps = []
        for number in {1, threads}:
            set_threads(number)
            maps.append(band_limited_gaussians(points, weights, 0.675, 20, 1.5))
    finally:
        set_threads(threads)
    np.testing.assert_array_equal(maps[0], maps[-1])
    order = np.random.default_rng(0).permutation(len(points))
    shuffled = band_limited_gaussians(points[order], weights[order], 0.675, 20, 1.5)
    assert np.abs(shuffled - maps[0]).max() <= 1e-6 * maps[0].max()


def test_no_point_makes_an_empty_map() -> None:
    assert not band_limited_gaussians(np.zeros((0, 3)), np.zeros(0), 1.0, 8, 1.5).any()
