"""Numbers of an image that say something about its noise and, as far as can be, nothing about its particle."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64

_TINY = 1e-30
_ROUNDS = 3

RINGS = 3
"""Rings of equal width between frequency 0 and Nyquist."""


class Overlaps(NamedTuple):
    """Sums over shells of frequency of n images x and their clean projections p, and both at frequency 0.

    Parameters
    ----------
    images, both, clean
        <x, x>, <x, p> and <p, p> over each shell, shape (n, s).
    image_zero, clean_zero
        x and p at frequency 0, shape (n,).
    """

    images: Float64[np.ndarray, "n s"]
    both: Float64[np.ndarray, "n s"]
    clean: Float64[np.ndarray, "n s"]
    image_zero: Float64[np.ndarray, " n"]
    clean_zero: Float64[np.ndarray, " n"]

    def correlations(self) -> Float64[np.ndarray, " n"]:
        """Return the correlation of each image with its projection, frequency 0 left out, shape (n,)."""
        norms = self.images.sum(axis=1) * self.clean.sum(axis=1)
        return np.asarray(self.both.sum(axis=1) / np.sqrt(np.maximum(norms, _TINY)))


def residual_features(overlaps: Overlaps, sizes: Float64[np.ndarray, " s"]) -> Float64[np.ndarray, "n 4"]:
    """Return the mean, and the log power in three rings of frequency, of images without their particles.

    The clean image is taken off after a fit of its scale, weighted by the power S(k) of the noise:

    ```text
    r = x - b p,    b = <x, p>_S / <p, p>_S,    <u, v>_S = Σ u(k) conj(v(k)) / S(k)
    ```

    S is the same for all images: the mean of |r|^2 over them, shell by shell, found in three rounds. A fit takes some
    of the noise with it, and from which frequencies depends on the particle. So each number is divided by what that
    leaves of it on average: the power |r|^2 / S in a ring of n frequencies by n - <p, p>_S in the ring / <p, p>_S, and
    the mean by sqrt(1 + p(0)^2 / (S(0) <p, p>_S)), where S(0) is taken from the first shell.

    Parameters
    ----------
    overlaps
        Of n images.
    sizes
        Number of frequencies in each shell, shape (s,).

    Returns
    -------
    Shape (n, 4): the mean, in units of the images' transforms, then the rings from low to high frequency.
    """
    level = np.ones(len(sizes))
    for _ in range(_ROUNDS):
        scale, share = _fit(overlaps, level)
        rest = _rest(overlaps, scale)
        level = np.maximum(rest.sum(axis=0) / (sizes - share).sum(axis=0), _TINY)
    scale, share = _fit(overlaps, level)
    white = _rest(overlaps, scale) / level
    ring = np.minimum(np.arange(len(sizes)) * RINGS // len(sizes), RINGS - 1)
    powers = np.stack([white[:, ring == i].sum(axis=1) for i in range(RINGS)], axis=1)
    left = np.stack([(sizes - share)[:, ring == i].sum(axis=1) for i in range(RINGS)], axis=1)
    strength = np.maximum((overlaps.clean / level).sum(axis=1), _TINY)
    mean = overlaps.image_zero - scale * overlaps.clean_zero
    mean = mean / np.sqrt(1 + overlaps.clean_zero**2 / (level[0] * strength))
    return np.column_stack([mean, np.log(np.maximum(powers / left, _TINY))])


def _fit(overlaps: Overlaps, level: Float64[np.ndarray, " s"]) -> tuple[np.ndarray, np.ndarray]:
    """Return the scale of each projection, shape (n,), and the share of the fit in each shell, shape (n, s)."""
    strength = overlaps.clean / level
    total = np.maximum(strength.sum(axis=1), _TINY)
    return (overlaps.both / level).sum(axis=1) / total, strength / total[:, None]


def _rest(overlaps: Overlaps, scale: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n s"]:
    """Return the power of images without their projections over each shell."""
    b = scale[:, None]
    return np.asarray(np.maximum(overlaps.images - 2 * b * overlaps.both + b**2 * overlaps.clean, 0.0))


def background_features(images: Float32[np.ndarray, "n D D"]) -> Float64[np.ndarray, "n 2"]:
    """Return mean and log standard deviation of the pixels outside the circle that touches the edges, shape (n, 2)."""
    box = images.shape[-1]
    along = np.arange(box) - box / 2
    corners = images[:, np.hypot(along[:, None], along) >= box / 2].astype(np.float64)
    return np.column_stack([corners.mean(axis=1), np.log(np.maximum(corners.std(axis=1), _TINY))])


def image_statistics(images: Float32[np.ndarray, "n D D"]) -> Float64[np.ndarray, "n 2"]:
    """Return mean and standard deviation of the pixels of each image, shape (n, 2)."""
    flat = images.reshape(len(images), -1).astype(np.float64)
    return np.column_stack([flat.mean(axis=1), flat.std(axis=1)])
