"""Images of known maps with white noise: of two classes, and of a line in the space of maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cryobench.core import ArrayImages, Particles, Volume, stream
from cryobench.imaging import Projector, parametric_ctf, uniform_poses

PIXEL_SIZE = 8.0


def blob(box: int, x: float, y: float, z: float) -> np.ndarray:
    """A Gaussian of variance 2 voxels at a place."""
    grid = np.arange(box) - box // 2
    gx, gy, gz = (np.exp(-((grid - c) ** 2) / 4.0) for c in (x, y, z))
    return np.asarray(gz[:, None, None] * gy[:, None] * gx, dtype=np.float32)


def two_maps(box: int = 24) -> tuple[Volume, Volume]:
    """Maps that share a body and differ in where an arm is."""
    body = blob(box, 0, 0, 0) + blob(box, 4, 1, -2) + blob(box, -3, 2, 3)
    return Volume(body + blob(box, 5, -4, 0), PIXEL_SIZE), Volume(body + blob(box, -5, 4, 1), PIXEL_SIZE)


def mixture(maps: Sequence[Volume], labels: np.ndarray, sigma: float, seed: int = 0) -> Particles:
    """Images of maps, with noise of ``sigma`` times the standard deviation of the clean images."""
    n = len(labels)
    poses, ctf = uniform_poses(seed, np.arange(n), 10.0), parametric_ctf(seed, np.arange(n))
    box = maps[0].box
    images = np.empty((n, box, box), dtype=np.float32)
    for k, each in enumerate(maps):
        rows = np.flatnonzero(labels == k)
        images[rows] = Projector(each).project(poses[rows], ctf[rows])
    noise = stream(seed, "test noise").standard_normal(images.shape, dtype=np.float32)
    return Particles(ArrayImages(images + sigma * float(images.std()) * noise), poses, ctf, PIXEL_SIZE, 1)
