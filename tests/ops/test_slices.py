"""Projection and insertion against analytic projections and finufft."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from cryobench.ops.fft import fourier_to_images, volume_to_fourier
from cryobench.ops.gridding import Gridding
from cryobench.ops.slices import extract_slices, slice_grid
from cryobench.ops.spreading import SliceAccumulator
from cryobench.ops.threads import get_threads, set_threads

SIGMA = 1.6  # pixels: at Nyquist the transform is 3e-6 of its peak, so sampling does not alias


def gaussians(seed: int, box: int, count: int = 30) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 3))
    points *= rng.uniform(0, 0.3 * box, (count, 1)) / np.linalg.norm(points, axis=1, keepdims=True)
    return points, rng.uniform(0.5, 1.5, count)


def along(box: int, position: float) -> np.ndarray:
    return np.exp(-((np.arange(box) - box // 2 - position) ** 2) / (2 * SIGMA**2))


def volume_of(points: np.ndarray, weights: np.ndarray, box: int) -> np.ndarray:
    terms = (
        w * along(box, z)[:, None, None] * along(box, y)[:, None] * along(box, x)
        for (x, y, z), w in zip(points, weights, strict=True)
    )
    return sum(terms).astype(np.float32)


def projection_of(points: np.ndarray, weights: np.ndarray, box: int, rotation: np.ndarray) -> np.ndarray:
    """The integral along z of the rotated Gaussians: density at p lands at R p."""
    height = np.sqrt(2 * np.pi) * SIGMA
    moved = points @ rotation.T
    terms = (w * height * along(box, y)[:, None] * along(box, x) for (x, y, _), w in zip(moved, weights, strict=True))
    return sum(terms)


def relative(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


@pytest.mark.parametrize("box", [64, 128])
@pytest.mark.parametrize("seed", [0, 1])
def test_projection_agrees_with_the_analytic_one(box: int, seed: int) -> None:
    points, weights = gaussians(seed, box)
    rotations = Rotation.random(6, random_state=seed).as_matrix().astype(np.float32)
    slices = extract_slices(slice_grid(volume_of(points, weights, box)[None]), rotations)[..., 0]
    truth = np.stack([projection_of(points, weights, box, r.astype(float)) for r in rotations])
    assert relative(fourier_to_images(slices), truth) < 1e-5


@pytest.mark.parametrize("box", [8, 10, 12, 32])
def test_slices_agree_with_a_nonuniform_transform(box: int) -> None:
    finufft = pytest.importorskip("finufft")
    volume = np.random.default_rng(5).normal(size=(box, box, box)).astype(np.float32)
    rotation = Rotation.random(random_state=7).as_matrix().astype(np.float32)
    most = box // 3  # however turned, within the volume's cube of frequencies
    ky, kx = np.meshgrid(np.arange(-most, most + 1), np.arange(1, most + 1), indexing="ij")
    k = np.stack((kx, ky, 0 * kx), axis=-1).reshape(-1, 3) @ rotation.astype(float)  # R^T k as rows
    x, y, z = (2 * np.pi / box * k.T).copy()
    exact = finufft.nufft3d2(z, y, x, volume.astype(np.complex128), isign=-1, eps=1e-9)
    got = extract_slices(slice_grid(volume[None]), rotation[None])[0, ky.ravel() % box, kx.ravel(), 0]
    # White noise fills the box to its corners, where gridding is least exact.
    assert relative(got, exact) < 2e-4


def test_several_volumes_are_sliced_as_each_alone() -> None:
    volumes = np.random.default_rng(0).normal(size=(3, 16, 16, 16)).astype(np.float32)
    rotations = Rotation.random(4, random_state=0).as_matrix().astype(np.float32)
    together = extract_slices(slice_grid(volumes), rotations)
    for c, volume in enumerate(volumes):
        np.testing.assert_array_equal(together[..., c], extract_slices(slice_grid(volume[None]), rotations)[..., 0])


def test_smaller_slices_hold_the_same_frequencies() -> None:
    volume = np.random.default_rng(0).normal(size=(1, 32, 32, 32)).astype(np.float32)
    rotations = Rotation.random(3, random_state=0).as_matrix().astype(np.float32)
    grid = slice_grid(volume)
    large, small = extract_slices(grid, rotations), extract_slices(grid, rotations, 16)
    rows = np.r_[0:8, -7:0]
    np.testing.assert_array_equal(small[:, rows, :8], large[:, rows, :8])


@pytest.mark.parametrize("gridding", [Gridding(2, 2.0), Gridding(4, 2.0), Gridding(6, 1.5)])
def test_insertion_is_the_adjoint_of_extraction(gridding: Gridding) -> None:
    """<insert(y), V> = <y, extract(V)> over the whole of Fourier space, with V on the padded grid."""
    rng = np.random.default_rng(1)
    box, n = 16, 5
    rotations = Rotation.random(n, random_state=3).as_matrix().astype(np.float32)
    real, imaginary = rng.normal(size=(2, n, box, box // 2 + 1))
    values = (real + 1j * imaginary).astype(np.complex64)
    values[:, :, 0] = values[:, (-np.arange(box)) % box, 0].conj() + values[:, :, 0]  # as of a real image
    k = np.fft.fftfreq(box, 1 / box)
    # Within two pixels of Nyquist the kernel reaches over the edge, where extraction wraps and insertion lets go.
    values *= (k**2)[:, None] + np.arange(box // 2 + 1) ** 2 < (box // 2 - 2) ** 2
    accumulator = SliceAccumulator(box, gridding=gridding)
    accumulator.insert(rotations, values, np.ones(values.shape, np.float32))
    sums, _ = accumulator.folded()
    big = gridding.padded_box(box)
    volume = rng.normal(size=(box, box, box)).astype(np.float32)
    correction = 1 / gridding.transform(box)
    padded = np.zeros((big, big, big), np.float32)
    inner = slice(big // 2 - box // 2, big // 2 + box // 2)
    padded[inner, inner, inner] = volume * correction[:, None, None] * correction[:, None] * correction
    transform = volume_to_fourier(padded)
    columns = np.r_[1.0, np.full(big // 2 - 1, 2.0), 1.0]
    left = float(np.sum(columns * (sums[..., 0].conj() * transform).real))
    slices = extract_slices(slice_grid(volume[None], gridding), rotations)[..., 0]
    halves = np.r_[1.0, np.full(box // 2 - 1, 2.0), 1.0]
    right = float(np.sum(halves * (values.conj() * slices).real))
    assert left == pytest.approx(right, rel=1e-4)


def test_threads_change_nothing() -> None:
    most = get_threads()
    if most < 2:
        pytest.skip("one core: there is nothing to compare")
    rng = np.random.default_rng(2)
    rotations = Rotation.random(40, random_state=3).as_matrix().astype(np.float32)
    volume = rng.normal(size=(1, 32, 32, 32)).astype(np.float32)
    found = []
    try:
        for threads in (1, 2):
            set_threads(threads)
            slices = extract_slices(slice_grid(volume), rotations)[..., 0]
            accumulator = SliceAccumulator(32)
            accumulator.insert(rotations, slices, np.abs(slices))
            found.append((slices, *accumulator.folded()))
    finally:
        set_threads(most)
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)
