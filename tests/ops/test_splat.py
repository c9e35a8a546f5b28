"""Sampled sums of Gaussians against the direct sum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryobench.ops.splat import splat_gaussians
from cryobench.ops.threads import get_threads, set_threads


def direct_sum(points: np.ndarray, weights: np.ndarray, sigma: np.ndarray, box: int, pixel_size: float) -> np.ndarray:
    """Every Gaussian at every voxel, in double precision."""
    axis = (np.arange(box) - box // 2) * pixel_size
    x, y, z = (np.exp(-0.5 * ((axis - points[:, [k]]) / sigma[:, None]) ** 2) for k in range(3))
    return np.einsum("n,nz,ny,nx->zyx", weights / (2 * np.pi * sigma**2) ** 1.5, z, y, x, optimize=True)


def scattered(n: int, extent: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    return rng.uniform(-extent / 2, extent / 2, (n, 3)), rng.uniform(1, 8, n)


@pytest.mark.parametrize(("box", "pixel_size"), [(8, 1.5), (24, 2.0), (30, 0.7)])
@pytest.mark.parametrize("sigma", [0.675, 1.1, 3.1])
def test_agrees_with_the_direct_sum(sigma: float, box: int, pixel_size: float) -> None:
    points, weights = scattered(50, 1.2 * box * pixel_size)  # some outside
    direct = direct_sum(points, weights, np.full(50, sigma), box, pixel_size)
    found = splat_gaussians(points, weights, sigma, box, pixel_size)
    assert found.dtype == np.float32
    assert np.abs(found - direct).max() <= 1e-5 * direct.max()


def test_each_point_may_have_its_own_width() -> None:
    points, weights = scattered(60, 30.0)
    sigma = np.random.default_rng(0).uniform(0.5, 4.0, 60)
    direct = direct_sum(points, weights, sigma, 20, 1.8)
    found = splat_gaussians(points, weights, sigma, 20, 1.8)
    assert np.abs(found - direct).max() <= 1e-5 * direct.max()


@settings(max_examples=25, deadline=None)
@given(sigma=st.floats(0.7, 1.6), pixel_size=st.floats(0.5, 4.0), seed=st.integers(0, 1000))
def test_integrates_to_the_weights_where_sampling_permits(sigma: float, pixel_size: float, seed: int) -> None:
    """That is from 0.7 voxels per sigma on: at 3 Å, up to about 1 Å/px."""
    rng = np.random.default_rng(seed)
    points, weights = rng.uniform(-8, 8, (6, 3)) * pixel_size, rng.uniform(1, 8, 6)
    found = splat_gaussians(points, weights, sigma * pixel_size, 34, pixel_size)
    assert found.sum(dtype=np.float64) * pixel_size**3 == pytest.approx(weights.sum(), rel=1e-3)


def test_neither_threads_nor_the_order_of_the_points_matter() -> None:
    points, weights = scattered(500, 40.0)
    threads = get_threads()
    try:
        maps = []
        for number in {1, threads}:
            set_threads(number)
            maps.append(splat_gaussians(points, weights, 1.0, 32, 1.5))
    finally:
        set_threads(threads)
    np.testing.assert_array_equal(maps[0], maps[-1])
    order = np.random.default_rng(0).permutation(len(points))
    shuffled = splat_gaussians(points[order], weights[order], 1.0, 32, 1.5)
    np.testing.assert_allclose(shuffled, maps[0], rtol=2e-7)


def test_no_point_makes_an_empty_map() -> None:
    assert not splat_gaussians(np.zeros((0, 3)), np.zeros(0), 1.0, 8, 1.5).any()
