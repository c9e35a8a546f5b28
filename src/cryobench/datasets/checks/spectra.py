"""Images as half transforms, and sums over their frequencies.

Sums are over the full plane (Parseval), shell by shell up to the circle of Nyquist: what lies in the corners beyond it,
a volume at the box of the images does not hold for every orientation. Frequency 0 is kept apart.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import scipy.fft
from jaxtyping import Complex64, Float32, Float64, Int64


@dataclass(frozen=True, eq=False)
class Shells:
    """Shells of frequency of images of a box D: round(|k|) = 1 ... D/2 - 1.

    Parameters
    ----------
    places
        Frequencies of the half transform, flattened, in the order of their shells.
    starts
        Where each shell begins among them.
    weights
        How often each counts: twice, but once in the first column, which mirrors itself.
    sizes
        Number of frequencies of the full plane in each shell.
    """

    places: Int64[np.ndarray, " m"]
    starts: Int64[np.ndarray, " s"]
    weights: Float64[np.ndarray, " m"]
    sizes: Float64[np.ndarray, " s"]

    def products(
        self, a: Complex64[np.ndarray, "n D H"], b: Complex64[np.ndarray, "n D H"]
    ) -> Float64[np.ndarray, "n s"]:
        """Return the inner product of images a and b over each shell."""
        first, second = (x.reshape(len(x), -1)[:, self.places] for x in (a, b))
        real = first.real.astype(np.float64) * second.real + first.imag.astype(np.float64) * second.imag
        return np.asarray(np.add.reduceat(self.weights * real, self.starts, axis=1))


@functools.lru_cache(maxsize=4)
def shells(box: int) -> Shells:
    """Return the shells of frequency of images of a box."""
    radii = np.hypot(np.fft.fftfreq(box, 1 / box)[:, None], np.arange(box // 2 + 1))
    number = np.round(radii).astype(np.int64).ravel()
    order = np.argsort(number, kind="stable")
    places = order[(number[order] >= 1) & (number[order] < box // 2)]
    weights = np.where(places % (box // 2 + 1) == 0, 1.0, 2.0)
    starts = np.searchsorted(number[places], np.arange(1, box // 2))
    return Shells(places, starts, weights, np.add.reduceat(weights, starts))


def transform(images: Float32[np.ndarray, "n D D"]) -> Complex64[np.ndarray, "n D H"]:
    """Return the half transforms of images."""
    return np.asarray(scipy.fft.rfft2(images), dtype=np.complex64)


def envelope(box: int, pixel_size: float, b_factor: float) -> Float32[np.ndarray, "D H"]:
    """Return exp(-B s^2 / 4) on the half transform; pixel size in Å, B in Å^2."""
    squared = np.fft.fftfreq(box, pixel_size)[:, None] ** 2 + np.fft.rfftfreq(box, pixel_size) ** 2
    return np.exp(-b_factor / 4 * squared).astype(np.float32)
