"""Two maps at one low resolution, the larger of which is shrunk, and how well their shells agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from jaxtyping import Complex64, Float32, Float64

from cryobench.ops.fft import crop_volume, fourier_to_volume, signed_frequencies, volume_to_fourier
from cryobench.ops.gridding import DEFAULT
from cryobench.ops.shells import half_shell_power, half_shell_products, pack_shells, shell_indices, whole_shells
from cryobench.ops.shift import displace_volume
from cryobench.ops.slices import SliceGrid, slice_grid, turned_transforms
from cryobench.ops.threads import get_threads

_TINY = 1e-30


@dataclass(frozen=True, eq=False)
class ScaledPair:
    """A map and its reference at a box, either of which can be shrunk; make it with :func:`scaled_pair`."""

    moving: SliceGrid
    reference: SliceGrid
    shells: int

    @property
    def box(self) -> int:
        """Box d of the pair."""
        return self.moving.box

    def at(self, magnification: float) -> tuple[Complex64[np.ndarray, "d d h"], Complex64[np.ndarray, "d d h"]]:
        """Return the transforms of both, the magnified one shrunk to the other's size: nothing beyond Nyquist is read.

        Parameters
        ----------
        magnification
            How many times the moving map is larger than the reference.
        """
        large, small = (self.moving, self.reference) if magnification >= 1 else (self.reference, self.moving)
        factor = max(magnification, 1 / magnification)
        shrunk = turned_transforms(large, np.eye(3)[None] / factor)[0, ..., 0]
        as_is = turned_transforms(small, np.eye(3)[None])[0, ..., 0]
        return (shrunk, as_is) if magnification >= 1 else (as_is, shrunk)

    def maps(self, magnification: float) -> tuple[Float32[np.ndarray, "d d d"], Float32[np.ndarray, "d d d"]]:
        """Return both maps as :meth:`at` has them."""
        first, second = self.at(magnification)
        return fourier_to_volume(first), fourier_to_volume(second)

    def correlations(
        self, magnification: float, shift: Float64[np.ndarray, " 3"] | None = None
    ) -> Float64[np.ndarray, " s"]:
        """Return the FSC over shells 1 ... s of the moving map, shrunk and displaced by (x, y, z) voxels."""
        first, second = self.at(magnification)
        placed = first if shift is None else displace_volume(first, shift)
        return shell_correlations(placed, second, self.box)[1 : self.shells + 1]

    def best_shift(self, magnification: float) -> tuple[Float64[np.ndarray, " 3"], float]:
        """Return the displacement (x, y, z), in voxels, of the largest correlation of either sign, and its sign.

        Shells are flattened, so that details count as much as the outline.
        """
        first, second = self.at(magnification)
        weights = flat_weights(first, second, self.box, self.shells)
        products = np.conjugate(first) * second * weights
        correlation = scipy.fft.irfftn(products, s=(self.box,) * 3, workers=get_threads())
        peak = np.unravel_index(int(np.abs(correlation).argmax()), correlation.shape)
        sign = 1.0 if correlation[peak] > 0 else -1.0
        offsets = np.array([_vertex(sign * correlation, peak, axis) for axis in range(3)])
        places = signed_frequencies(self.box)[list(peak)] + offsets
        return places[::-1].astype(np.float64), sign


def scaled_pair(
    moving: Float32[np.ndarray, "D D D"], reference: Float32[np.ndarray, "D D D"], box: int, shells: int
) -> ScaledPair:
    """Return two maps of one box, cropped to a smaller one in Fourier space, of which so many shells count."""
    grids = (slice_grid(crop_volume(each, box).copy()[None], DEFAULT) for each in (moving, reference))
    return ScaledPair(*grids, shells=min(shells, box // 2 - 1))


def shell_correlations(
    first: Complex64[np.ndarray, "d d h"], second: Complex64[np.ndarray, "d d h"], box: int
) -> Float64[np.ndarray, " s"]:
    """Return the FSC of two transforms over the shells round(|k|) = 0 ... d/2."""
    one, other = pack_shells(first), pack_shells(second)
    cross = whole_shells(half_shell_products(one[None], other[None], box)[0, 0], rounded=True)
    powers = [whole_shells(half_shell_power(each, box), rounded=True) for each in (one, other)]
    return np.asarray(cross / np.sqrt(np.maximum(powers[0] * powers[1], _TINY)))


def flat_weights(
    first: Complex64[np.ndarray, "d d h"], second: Complex64[np.ndarray, "d d h"], box: int, shells: int
) -> Float32[np.ndarray, "d d h"]:
    """Return the weight of each point of a half transform that gives each shell the same say, those beyond none."""
    powers = [whole_shells(half_shell_power(pack_shells(each), box), rounded=True) for each in (first, second)]
    flat = np.zeros(int(shell_indices(box).max()) + 1)
    inner = slice(1, shells + 1)
    flat[inner] = 1 / np.sqrt(np.maximum(powers[0][inner] * powers[1][inner], _TINY))
    return np.asarray(flat[shell_indices(box)], dtype=np.float32)


def _vertex(values: np.ndarray, peak: tuple[np.intp, ...], axis: int) -> float:
    """Return where between voxels a parabola through a peak and its two neighbours along an axis is largest."""
    size = values.shape[axis]
    around = [list(peak), list(peak), list(peak)]
    around[0][axis], around[2][axis] = (peak[axis] - 1) % size, (peak[axis] + 1) % size
    low, middle, high = (float(values[tuple(each)]) for each in around)
    curvature = low - 2 * middle + high
    return 0.0 if curvature >= 0 else float(np.clip(0.5 * (low - high) / curvature, -0.5, 0.5))
