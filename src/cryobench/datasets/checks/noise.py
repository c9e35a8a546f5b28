"""Numbers of an image that say something about its noise and, as far as can be, nothing about its particle."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex64, Float32, Float64

from cryobench.datasets.checks.spectra import plane

_TINY = 1e-30


def residual_features(
    images: Complex64[np.ndarray, "n D H"], clean: Complex64[np.ndarray, "n D H"]
) -> Float64[np.ndarray, "n 4"]:
    """Return mean and log power in three rings of frequency of what is left of images without their particles.

    The clean image is subtracted after a fit of its scale b, by least squares over all frequencies but 0:

    ```text
    r = x - b p,  b = <x, p> / <p, p>
    ```

    A fit takes some of the noise with it, and how much of which frequency depends on the particle. Each number is
    divided by what that leaves in the mean, for white noise, so that it does not tell the particle: the power in a ring
    of n frequencies by n - <p, p in the ring> / <p, p>, the mean by sqrt(1 + p(0)^2 / <p, p>).

    Parameters
    ----------
    images, clean
        Half transforms of n images and of their projections with CTF, shape (n, D, D/2 + 1).

    Returns
    -------
    Shape (n, 4): the mean first.
    """
    frequencies = plane(images.shape[1])
    rings = frequencies.ring_power(clean)
    power = np.maximum(rings.sum(axis=1), _TINY)
    scale = frequencies.product(images, clean) / power
    rest = images - scale.astype(np.float32)[:, None, None] * clean
    left = frequencies.ring_sizes() - rings / power[:, None]
    at_zero = clean[:, 0, 0].real.astype(np.float64)
    mean = rest[:, 0, 0].real / images.shape[1] ** 2 / np.sqrt(1 + at_zero**2 / power)
    logs = np.log(np.maximum(frequencies.ring_power(rest) / left, _TINY))
    return np.column_stack([mean, logs])


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
