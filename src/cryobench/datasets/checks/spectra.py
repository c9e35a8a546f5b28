"""Images as half transforms, and sums over their frequencies.

Sums are over the full plane (Parseval), within the circle of Nyquist: what lies in the corners beyond it, a volume at
the box of the images does not hold for every orientation. Frequency 0 is kept apart.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import scipy.fft
from jaxtyping import Complex64, Float, Float32, Float64

RINGS = 3
"""Rings of equal width between frequency 0 and Nyquist."""


@dataclass(frozen=True, eq=False)
class Plane:
    """Frequencies of images of a box D.

    Parameters
    ----------
    weights
        How often each frequency of the half transform counts, shape (D, D/2 + 1): 0 at frequency 0 and from Nyquist.
    ring
        Which ring each is in.
    squared
        Squared frequency, in cycles per pixel.
    """

    weights: Float64[np.ndarray, "D H"]
    ring: np.ndarray
    squared: Float64[np.ndarray, "D H"]

    def product(
        self, a: Complex64[np.ndarray, "n D H"], b: Complex64[np.ndarray, "n D H"]
    ) -> Float64[np.ndarray, " n"]:
        """Return the inner product of images a and b, shape (n,)."""
        return np.asarray((self.weights * _products(a, b)).sum(axis=(1, 2)))

    def ring_power(self, a: Complex64[np.ndarray, "n D H"]) -> Float64[np.ndarray, "n 3"]:
        """Return the power of images in each ring, shape (n, 3)."""
        power = self.weights * _products(a, a)
        return np.stack([power[:, self.ring == i].sum(axis=1) for i in range(RINGS)], axis=1)

    def ring_sizes(self) -> Float64[np.ndarray, " 3"]:
        """Return the number of frequencies in each ring."""
        return np.array([self.weights[self.ring == i].sum() for i in range(RINGS)])


@functools.lru_cache(maxsize=4)
def plane(box: int) -> Plane:
    """Return the frequencies of images of a box."""
    squared = np.fft.fftfreq(box)[:, None] ** 2 + np.fft.rfftfreq(box) ** 2
    weights = np.full(squared.shape, 2.0)
    weights[:, 0] = 1.0
    weights[squared >= 0.25] = 0.0
    weights[0, 0] = 0.0
    ring = np.minimum((np.sqrt(squared) * 2 * RINGS).astype(np.int64), RINGS)
    return Plane(weights, ring, squared)


def transform(images: Float32[np.ndarray, "n D D"]) -> Complex64[np.ndarray, "n D H"]:
    """Return the half transforms of images."""
    return np.asarray(scipy.fft.rfft2(images), dtype=np.complex64)


def envelope(box: int, pixel_size: float, b_factor: float) -> Float32[np.ndarray, "D H"]:
    """Return exp(-B s^2 / 4) on the half transform; pixel size in Å, B in Å^2."""
    return np.exp(-b_factor / 4 * plane(box).squared / pixel_size**2).astype(np.float32)


def _products(a: np.ndarray, b: np.ndarray) -> Float[np.ndarray, "n D H"]:
    """Return Re(a conj(b)) in double precision."""
    return np.asarray(
        a.real.astype(np.float64) * b.real + a.imag.astype(np.float64) * b.imag  # the second factors are widened
    )
