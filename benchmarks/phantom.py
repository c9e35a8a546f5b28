"""Objects whose projections are known: sums of Gaussians so wide that they hold next to nothing beyond Nyquist."""

from __future__ import annotations

import numpy as np

SIGMA = 2.0
"""Width in pixels: the transform falls to 3e-9 of its peak at Nyquist."""


MOST_SHIFT = 0.05
"""Part of the box by which a projection may be displaced and still hold the whole object."""


def random_points(box: int, count: int = 30, seed: int = 0) -> np.ndarray:
    """Return centres (x, y, z) about the origin in pixels, as far out as fits: gridding is least exact at the edge."""
    most = (0.5 - MOST_SHIFT) * box - 6 * SIGMA
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 3))
    return points * rng.uniform(0, most, (count, 1)) / np.linalg.norm(points, axis=1, keepdims=True)


def density(points: np.ndarray, box: int) -> np.ndarray:
    """Return the volume [z, y, x]."""
    x, y, z = (_along(points[:, axis], box) for axis in range(3))
    planes = (z[:, :, None] * y[:, None, :]).reshape(len(points), box * box)
    return (planes.T @ x).reshape(box, box, box).astype(np.float32)


def projections(points: np.ndarray, box: int, rotations: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Return the integrals along z of the rotated object, displaced by minus the shifts (pixels), [image, y, x]."""
    images = np.empty((len(rotations), box, box))
    for image, rotation, shift in zip(images, rotations.astype(float), shifts.astype(float), strict=True):
        moved = (points @ rotation.T)[:, :2] - shift
        image[:] = _along(moved[:, 1], box).T @ _along(moved[:, 0], box)
    return images * (np.sqrt(2 * np.pi) * SIGMA)


def _along(centres: np.ndarray, box: int) -> np.ndarray:
    grid = np.arange(box) - box // 2
    return np.exp(-((grid - centres[:, None]) ** 2) / (2 * SIGMA**2))
