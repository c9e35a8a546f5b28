"""Two maps at one low resolution, the larger of which is shrunk, and how well their shells agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from jaxtyping import Complex64, Float32, Float64

from cryobench.ops.fft import crop_volume, fourier_to_volume, signed_frequencies
from cryobench.ops.gridding import DEFAULT
from cryobench.ops.shells import half_shell_power, half_shell_products, pack_shells, shell_indices, whole_shells
from cryobench.ops.shift import displace_volume
from cryobench.ops.slices import SliceGrid, slice_grid, turned_transforms
from cryobench.ops.threads import get_threads

_TINY = 1e-30
_IDENTITY = np.eye(3)
_EMPTY = 1e-9  # of the largest power of a shell: single precision has 1e-14
_FEWEST = 5


@dataclass(frozen=True, eq=False)
class ScaledPair:
    """A map and its reference at a box, either of which can be shrunk; make it with :func:`scaled_pair`.

    Displacements are (x, y, z) in voxels of the moving map, which take it back.

    Parameters
    ----------
    moving, reference
        The maps.
    shells
        Shells of the reference that count, s.
    band
        Shells of the moving map that hold anything: its own band limit, if it has one.
    """

    moving: SliceGrid
    reference: SliceGrid
    shells: int
    band: int

    @property
    def box(self) -> int:
        """Box d of the pair."""
        return self.moving.box

    def own_shells(self, magnification: float) -> int:
        """Return how many shells of the moving map count: those that it holds and that the reference reaches."""
        return min(max(_FEWEST, int(self.shells / max(magnification, 1.0))), self.band)

    def shrunk_shells(self, magnification: float) -> int:
        """Return how many shells count once the larger map is shrunk."""
        return min(self.shells, int(self.band * max(magnification, 1.0)))

    def transforms(self) -> _Transforms:
        """Return the transforms of both as they are."""
        return self._own(1.0, _IDENTITY)

    def maps(self, magnification: float) -> tuple[Float32[np.ndarray, "d d d"], Float32[np.ndarray, "d d d"]]:
        """Return both maps, the magnified one shrunk to the other's size."""
        first, second = self._shrunk(magnification, _IDENTITY)
        return fourier_to_volume(first), fourier_to_volume(second)

    def agreement(
        self, magnification: float, matrix: Float64[np.ndarray, "3 3"], displacement: Float64[np.ndarray, " 3"]
    ) -> float:
        """Return the mean FSC over the shells that count, the moving map turned and displaced, the larger shrunk."""
        first, second = self._shrunk(magnification, matrix)
        placed = displace_volume(first, displacement / max(magnification, 1.0))
        return self._mean_fsc(placed, second, self.shrunk_shells(magnification))

    def fit(
        self, magnification: float, matrix: Float64[np.ndarray, "3 3"] = _IDENTITY, own_shells: int | None = None
    ) -> tuple[float, Float64[np.ndarray, " 3"], float]:
        """Return the mean FSC at the best displacement of either sign, that displacement, and its sign.

        The displacement is that of the largest correlation with flattened shells, where details count as much as the
        outline. The mean FSC is that of the map times its sign.

        Parameters
        ----------
        magnification, matrix
            How many times the moving map is larger, and what turns it.
        own_shells
            None shrinks the larger map, and all shells that count do. With a number, the reference is brought to the
            moving map's size instead, and so many of its shells count, whatever the magnification: else a noisy map
            would agree the better the fewer of its shells are asked for.
        """
        if own_shells is None:
            (first, second), shells = self._shrunk(magnification, matrix), self.shrunk_shells(magnification)
        else:
            (first, second), shells = self._own(magnification, matrix), own_shells
        weights = flat_weights(first, second, self.box, shells)
        products = np.conjugate(first) * second * weights
        correlation = scipy.fft.irfftn(products, s=(self.box,) * 3, workers=get_threads())
        z, y, x = np.unravel_index(int(np.abs(correlation).argmax()), correlation.shape)
        peak = (int(z), int(y), int(x))
        sign = 1.0 if correlation[peak] > 0 else -1.0
        offsets = np.array([_vertex(sign * correlation, peak, axis) for axis in range(3)])
        displacement = (signed_frequencies(self.box)[list(peak)] + offsets)[::-1].astype(np.float64)
        value = sign * self._mean_fsc(displace_volume(first, displacement), second, shells)
        return value, displacement * (max(magnification, 1.0) if own_shells is None else 1.0), sign

    def grey_scale(
        self, magnification: float, matrix: Float64[np.ndarray, "3 3"], displacement: Float64[np.ndarray, " 3"]
    ) -> float:
        """Return the density of the moving map over that of the reference, by least squares over the shells."""
        first, second = self._own(magnification, matrix)
        one, other = pack_shells(displace_volume(first, displacement)), pack_shells(second)
        inner = slice(1, self.own_shells(magnification) + 1)
        cross = whole_shells(half_shell_products(one[None], other[None], self.box)[0, 0], rounded=True)[inner].sum()
        power = whole_shells(half_shell_power(other, self.box), rounded=True)[inner].sum()
        # A transform read at m k is that of a map m times larger and m^-3 times as dense.
        return float(cross / max(power, _TINY)) / magnification**3

    def _shrunk(self, magnification: float, matrix: Float64[np.ndarray, "3 3"]) -> _Transforms:
        """Return the transforms of both, the larger map shrunk to the other's size: nothing beyond Nyquist is read."""
        first = matrix / max(magnification, 1.0)
        return _turned(self.moving, first), _turned(self.reference, _IDENTITY * min(magnification, 1.0))

    def _own(self, magnification: float, matrix: Float64[np.ndarray, "3 3"]) -> _Transforms:
        """Return the transforms of both at the moving map's size; 0 where the reference has nothing."""
        return _turned(self.moving, matrix), _turned(self.reference, _IDENTITY * magnification)

    def _mean_fsc(
        self, first: Complex64[np.ndarray, "d d h"], second: Complex64[np.ndarray, "d d h"], shells: int
    ) -> float:
        """Return the mean FSC over the first shells, of which there are five at least."""
        return float(shell_correlations(first, second, self.box)[1 : shells + 1].sum() / max(shells, _FEWEST))


_Transforms = tuple[Complex64[np.ndarray, "d d h"], Complex64[np.ndarray, "d d h"]]


def _turned(grid: SliceGrid, matrix: Float64[np.ndarray, "3 3"]) -> Complex64[np.ndarray, "d d h"]:
    """Return the transform of a map, turned and scaled by a matrix."""
    return np.asarray(turned_transforms(grid, np.asarray(matrix)[None])[0, ..., 0])


def scaled_pair(
    moving: Float32[np.ndarray, "D D D"], reference: Float32[np.ndarray, "D D D"], box: int, shells: int
) -> ScaledPair:
    """Return two maps of one box, cropped to a smaller one in Fourier space, of which so many shells count."""
    first, second = (slice_grid(crop_volume(each, box).copy()[None], DEFAULT) for each in (moving, reference))
    powers = shell_powers(_turned(first, _IDENTITY), box)[1 : box // 2]
    band = int(np.flatnonzero(powers > _EMPTY * powers.max()).max(initial=0)) + 1
    return ScaledPair(first, second, min(shells, box // 2 - 1), band)


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
    powers = [shell_powers(each, box) for each in (first, second)]
    flat = np.zeros(int(shell_indices(box).max()) + 1)
    inner = slice(1, shells + 1)
    flat[inner] = 1 / np.sqrt(np.maximum(powers[0][inner] * powers[1][inner], _TINY))
    return np.asarray(flat[shell_indices(box)], dtype=np.float32)


def shell_powers(transform: Complex64[np.ndarray, "d d h"], box: int) -> Float64[np.ndarray, " s"]:
    """Return the sum of squares over the shells round(|k|) = 0 ... d/2."""
    return whole_shells(half_shell_power(pack_shells(transform), box), rounded=True)


def _vertex(values: np.ndarray, peak: tuple[int, int, int], axis: int) -> float:
    """Return where between voxels a parabola through a peak and its two neighbours along an axis is largest."""
    size = values.shape[axis]
    around = [list(peak), list(peak), list(peak)]
    around[0][axis], around[2][axis] = (peak[axis] - 1) % size, (peak[axis] + 1) % size
    low, middle, high = (float(values[tuple(each)]) for each in around)
    curvature = low - 2 * middle + high
    return 0.0 if curvature >= 0 else float(np.clip(0.5 * (low - high) / curvature, -0.5, 0.5))
