"""A pair of maps at one low resolution, ready to be turned against each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex64, Float32, Float64

from cryobench.ops.fft import crop_volume, volume_to_fourier
from cryobench.ops.gridding import Gridding
from cryobench.ops.shells import half_shell_power, half_shell_products, pack_shells, shell_indices, whole_shells
from cryobench.ops.shift import displace_volume
from cryobench.ops.slices import SliceGrid, slice_grid, turned_transforms

_TINY = 1e-30


@dataclass(frozen=True, eq=False)
class SpectrumPair:
    """Two maps at a box; make it with :func:`spectrum_pair`.

    Shells are round(|k|) = 0 ... d/2 - 1; their zero frequency never counts.

    Parameters
    ----------
    grid
        The moving map, ready to be turned; with its first moments if they were asked for.
    reference
        Half transform of the reference.
    flat
        For each shell the weight that gives a voxel of either map unit power on average, shape (d/2,).
    voxels
        Number of voxels in each shell, shape (d/2,).
    power
        Sum of squares of the reference over each shell, shape (d/2,).
    """

    grid: SliceGrid
    reference: Complex64[np.ndarray, "d d h"]
    flat: Float64[np.ndarray, " s"]
    voxels: Float64[np.ndarray, " s"]
    power: Float64[np.ndarray, " s"]

    @property
    def box(self) -> int:
        """Box d of the pair."""
        return self.grid.box

    @property
    def reach(self) -> float:
        """Largest frequency that counts: where the last shell ends."""
        return self.box // 2 - 0.5

    def spread(self, weights: Float64[np.ndarray, " s"]) -> Float32[np.ndarray, "d d h"]:
        """Return the weights of shells at each point of a half transform, where they count mirror images too."""
        shells = shell_indices(self.box)
        of_shell = np.zeros(int(shells.max()) + 1)
        of_shell[1 : len(weights)] = weights[1:]
        mirrored = np.full(self.box // 2 + 1, 2.0)
        mirrored[0] = 1.0
        return np.asarray(of_shell[shells] * mirrored, dtype=np.float32)

    def conjugate(self, weights: Float64[np.ndarray, " s"]) -> Complex64[np.ndarray, "d d h"]:
        """Return the reference's transform, conjugated and weighted by shell as :meth:`spread` has it."""
        return np.asarray(self.reference.conj() * self.spread(weights), dtype=np.complex64)

    def fsc(self, matrix: Float64[np.ndarray, "3 3"], shift: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, " s"]:
        """Return the FSC of the reference and the moving map, turned and shifted, shape (d/2,)."""
        turned = turned_transforms(self.grid, matrix[None], reach=self.reach)[0, ..., 0]
        placed = pack_shells(displace_volume(turned, shift))
        cross = _over_shells(half_shell_products(placed[None], pack_shells(self.reference)[None], self.box)[0, 0])
        power = _over_shells(half_shell_power(placed, self.box))
        return np.asarray(cross / np.sqrt(np.maximum(power * self.power, _TINY)))


def spectrum_pair(
    moving: Float32[np.ndarray, "D D D"],
    reference: Float32[np.ndarray, "D D D"],
    box: int,
    gridding: Gridding,
    *,
    moments: bool,
) -> SpectrumPair:
    """Return two maps at a smaller box.

    Parameters
    ----------
    moving, reference
        Maps of one box.
    box
        Box d to crop them to in Fourier space.
    gridding
        How the moving map's transform is read between its points.
    moments
        Whether slopes will be asked for: the grid then holds x, y and z times the density too.
    """
    small = crop_volume(moving, box)
    x = np.arange(-(box // 2), box // 2, dtype=np.float32)
    parts = [small, small * x, small * x[:, None], small * x[:, None, None]] if moments else [small]
    transform = volume_to_fourier(crop_volume(reference, box).copy())
    powers = [
        _over_shells(half_shell_power(pack_shells(each), box)) for each in (transform, volume_to_fourier(small.copy()))
    ]
    voxels = _over_shells(half_shell_power(pack_shells(np.ones_like(transform)), box))
    flat = voxels / np.sqrt(np.maximum(powers[0] * powers[1], _TINY))
    return SpectrumPair(slice_grid(np.stack(parts), gridding), transform, flat, voxels, powers[0])


def _over_shells(sums: Float64[np.ndarray, " h"]) -> Float64[np.ndarray, " s"]:
    return whole_shells(sums, rounded=True)[:-1]
