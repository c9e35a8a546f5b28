"""Projections a second, and their error against the analytic projection, beside finufft's."""

from __future__ import annotations

import time
from collections.abc import Callable

import finufft
import numpy as np
from scipy.spatial.transform import Rotation

from cryobench.ops.fft import fourier_to_images
from cryobench.ops.gridding import Gridding
from cryobench.ops.slices import extract_slices, slice_grid

SIGMA = 2.0


def gaussians(box: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(30, 3))
    points *= rng.uniform(0, 0.3 * box, (30, 1)) / np.linalg.norm(points, axis=1, keepdims=True)
    grid = np.arange(box) - box // 2
    along = [np.exp(-((grid - points[:, i, None]) ** 2) / (2 * SIGMA**2)) for i in range(3)]
    return points, np.einsum("pz,py,px->zyx", along[2], along[1], along[0]).astype(np.float32)


def analytic(points: np.ndarray, box: int, rotations: np.ndarray) -> np.ndarray:
    grid = np.arange(box) - box // 2
    images = []
    for rotation in rotations.astype(float):
        moved = points @ rotation.T
        fx, fy = (np.exp(-((grid - moved[:, i, None]) ** 2) / (2 * SIGMA**2)) for i in (0, 1))
        images.append(np.einsum("py,px->yx", fy, fx) * np.sqrt(2 * np.pi) * SIGMA)
    return np.stack(images)


def with_finufft(volume: np.ndarray, rotations: np.ndarray, tolerance: float) -> np.ndarray:
    box = volume.shape[0]
    k = np.fft.fftfreq(box, 1 / box)
    ky, kx = np.meshgrid(k, np.arange(box // 2 + 1), indexing="ij")
    inside = (np.abs(ky) < box // 2) & (kx < box // 2)
    plane = np.stack((kx, ky, 0 * kx), axis=-1)[inside]
    frequencies = np.concatenate([plane @ rotation for rotation in rotations.astype(float)]) * (2 * np.pi / box)
    x, y, z = frequencies.T.astype(np.float32).copy()
    values = finufft.nufft3d2(z, y, x, volume.astype(np.complex64), isign=-1, eps=tolerance)
    slices = np.zeros((len(rotations), *inside.shape), np.complex64)
    slices[:, inside] = values.reshape(len(rotations), -1)
    return fourier_to_images(slices)


def timed(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    work()
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def main() -> None:
    for box, n in ((64, 256), (128, 128)):
        points, volume = gaussians(box)
        rotations = Rotation.random(n, random_state=0).as_matrix().astype(np.float32)
        truth = analytic(points, box, rotations)
        ways: dict[str, Callable[[], np.ndarray]] = {
            f"ours, width {g.width}, oversampling {g.oversampling}": lambda g=g, v=volume, r=rotations: (
                fourier_to_images(extract_slices(slice_grid(v[None], g), r)[..., 0])
            )
            for g in (Gridding(6, 2.0), Gridding(6, 1.25), Gridding(4, 2.0))
        }
        ways |= {
            f"finufft, {eps:g}": lambda eps=eps, v=volume, r=rotations: with_finufft(v, r, eps) for eps in (1e-3, 1e-5)
        }
        found = {name: timed(work) for name, work in ways.items()}
        base = found["finufft, 1e-05"][0]
        print(f"box {box}, {n} projections, transform of the volume included")
        for name, (seconds, images) in found.items():
            error = np.linalg.norm(images - truth) / np.linalg.norm(truth)
            per_image = 1e3 * seconds / n
            print(f"  {name:36s} {per_image:7.2f} ms/image   {base / seconds:5.2f} x finufft 1e-5   error {error:.1e}")


if __name__ == "__main__":
    main()
