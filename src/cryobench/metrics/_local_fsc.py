"""Where two maps agree, and to which resolution: the Fourier shell correlation in overlapping blocks.

Each block is a cube of B voxels under a three-dimensional Hann window: the product over the axes of (1 + cos(2 pi u /
B)) / 2, u = -B/2 ... B/2 being the distance from the block's centre. The window times the mask, if there is one, weighs
the voxels. The weighted mean of the block is taken off before the weighting, so that a background that both maps share
counts for nothing. The shells of the block's transform are those with round(|k|) = i, drawn at i / (B pixel_size).

**The block's size.** Half of the window's weight lies within about a quarter of B around the centre along each axis. A
small block tells places better apart, but has few voxels in a shell and wide shells. The default is a quarter of the
box's edge, whatever the maps are, so that the scores of two methods come from the same blocks.

**Bias.** A value is a local one only in so far as the block holds several periods of the resolution that it says: the
coarsest that a block can say is B pixel_size, its first shell. The first point below the threshold decides, and a
shell of few voxels can fall below by chance, so that values of small blocks are too coarse rather than too fine.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.fft
from jaxtyping import Bool, Float32, Float64, Int64

from cryobench.core import InputError, MetricCard
from cryobench.core.maps import MapLike, pixel_size_of, require_map, require_mask
from cryobench.metrics._registry import METRICS
from cryobench.ops.block_shells import block_shell_products
from cryobench.ops.threads import get_threads

_log = logging.getLogger(__name__)

LOCAL_RESOLUTION = METRICS.add(
    "local-resolution",
    MetricCard(
        name="local-resolution",
        label="Local resolution",
        summary="Resolution at which the Fourier shell correlation of a recovered map with the true one, in "
        "overlapping blocks, first falls below a threshold; the median over the blocks that hold something.",
        reference="Cardone, Heymann & Steven, J. Struct. Biol. 184 (2013) 226",
        range=(0.0, None),
        direction="lower",
        unit="Å",
    ),
)

_EMPTY = 1e-3
"""A block is empty in a map if its root mean square is below this fraction of that of the map's strongest block."""

_LEAST_SHARE = 0.1
"""A block must hold this fraction of the mask's weight in the block that holds most of it."""

_BATCH_VOXELS = 2**21
"""Voxels of a batch of blocks: 8 MiB for each map in single precision, and as much again for its transform."""

_LEAST_BLOCK = 8


@dataclass(frozen=True, eq=False)
class LocalFSC:
    """Resolution in blocks on a regular grid.

    Parameters
    ----------
    centres
        Indices of the voxels at which the blocks are centred, the same along each axis, shape (n,).
    resolutions
        Resolution in Å of the block at ``centres`` of z, y and x, shape (n, n, n); nan where the block was left out,
        because it is empty in both maps or holds less than a tenth of the mask that the fullest block holds.
    crosses
        Whether the curve of the block falls below the threshold. Where it never does, the resolution is that of
        Nyquist; false also where the block was left out.
    box, block, step
        Edge of the map and of a block, and distance between centres, in voxels.
    threshold
        The correlation that counts as resolved.
    pixel_size
        Edge of a voxel in Å.
    """

    centres: Int64[np.ndarray, " n"]
    resolutions: Float64[np.ndarray, "n n n"]
    crosses: Bool[np.ndarray, "n n n"]
    box: int
    block: int
    step: int
    threshold: float
    pixel_size: float

    @property
    def left_out(self) -> int:
        """Number of blocks that are empty in both maps, or hold too little of the mask."""
        return int(np.isnan(self.resolutions).sum())

    @property
    def median(self) -> float:
        """Median resolution in Å over the blocks that were not left out."""
        return float(np.nanmedian(self.resolutions))

    def full_map(self) -> Float32[np.ndarray, "D D D"]:
        """Return the resolution in Å at each voxel, shape (D, D, D), interpolated linearly between the centres.

        Beyond the outermost centres the value is that of the nearest. Blocks that were left out take no part: a voxel
        between them and others is the mean of the others, weighted as the interpolation does, and a voxel with none
        but such blocks around it is nan.
        """
        known = ~np.isnan(self.resolutions)
        weights = known.astype(np.float64)
        values = np.where(known, self.resolutions, 0.0)
        for axis in range(3):
            weights = self._stretched(weights, axis)
            values = self._stretched(values, axis)
        full = np.full(values.shape, np.nan, dtype=np.float32)
        np.divide(values, weights, out=full, where=weights > 0, casting="same_kind")
        return full

    def _stretched(self, values: Float64[np.ndarray, ...], axis: int) -> Float64[np.ndarray, ...]:
        """Return values at the centres along an axis, interpolated to every voxel along it."""
        place = (np.arange(self.box) - self.centres[0]) / self.step
        place = np.clip(place, 0, len(self.centres) - 1)
        below = np.minimum(place.astype(np.int64), max(len(self.centres) - 2, 0))
        above = np.minimum(below + 1, len(self.centres) - 1)
        share = (place - below).reshape([-1 if each == axis else 1 for each in range(3)])
        return np.asarray(values.take(below, axis) * (1 - share) + values.take(above, axis) * share)


def local_fsc(
    volume: MapLike,
    reference: MapLike,
    pixel_size: float | None = None,
    block: int | None = None,
    step: int | None = None,
    threshold: float = 0.5,
    mask: MapLike | None = None,
) -> LocalFSC:
    """Return the resolution to which two maps agree, block by block.

    Parameters
    ----------
    volume, reference
        Maps of the same grid, shape (D, D, D).
    pixel_size
        Edge of a voxel in Å; not needed for maps that know theirs.
    block
        Edge of a block in voxels: even, from 8 to D. By default a quarter of D, but at least 16 (at most D): see the
        module for what it decides.
    step
        Distance between the centres of blocks in voxels: a quarter of a block by default. One block is centred at the
        origin, and all lie within the box.
    threshold
        Correlation that counts as resolved, between 0 and 1.
    mask
        Weight of each voxel, at least 0, shape (D, D, D). Blocks that hold little of it are left out.

    Raises
    ------
    InputError
        If a map or the mask is constant, not finite or of another grid, the mask is empty or negative somewhere, the
        pixel size is not known, block, step or threshold is out of range, or every block is empty.

    References
    ----------
    Cardone, Heymann & Steven, J. Struct. Biol. 184 (2013) 226.
    """
    first = require_map(volume, "the volume")
    second = require_map(reference, "the reference", volume, "the volume")
    weights = None if mask is None else require_mask(mask, volume, "the volume")
    pixel_size = pixel_size_of(volume, reference, pixel_size)
    box = len(first)
    block, step = _sizes(box, block, step)
    if not 0 < threshold < 1:
        raise InputError(f"threshold is {threshold:g}, expected a correlation between 0 and 1")

    reach = (box - block) // 2 // step
    centres = box // 2 + step * np.arange(-reach, reach + 1)
    blocks = _Blocks(centres - block // 2, block, weights)
    kept = _kept(blocks, first, second)
    if not kept.any():
        raise InputError(
            f"all {len(kept)} blocks of {block} voxels are empty in both maps: give larger blocks or smaller steps, "
            f"since blocks reach from voxel {centres[0] - block // 2} to {centres[-1] + block // 2 - 1} of each axis, "
            "or another mask"
        )
    if not kept.all():
        _log.info(
            "%d of %d blocks are empty in both maps, or hold too little of the mask, and were left out",
            (~kept).sum(),
            kept.size,
        )

    resolutions, crosses = np.full(kept.size, np.nan), np.zeros(kept.size, dtype=bool)
    for chosen in _batches(np.flatnonzero(kept), max(1, _BATCH_VOXELS // block**3)):
        correlations = _correlations(blocks.windowed(first, chosen), blocks.windowed(second, chosen))
        shells, crosses[chosen] = _crossings(correlations, threshold)
        resolutions[chosen] = block * pixel_size / shells
    grid = (len(centres),) * 3
    return LocalFSC(
        centres, resolutions.reshape(grid), crosses.reshape(grid), box, block, step, float(threshold), pixel_size
    )


def _sizes(box: int, block: int | None, step: int | None) -> tuple[int, int]:
    """Return the size of a block and the step between blocks, checked."""
    if block is None:
        block = min(max(16, 2 * round(box / 8)), box - box % 2)
    if block % 2 or not _LEAST_BLOCK <= block <= box:
        raise InputError(
            f"a block of {block} voxels is not possible in a box of {box}: choose an even number from {_LEAST_BLOCK} "
            f"to {box}"
        )
    if step is None:
        step = max(1, block // 4)
    if not 1 <= step <= block // 2:
        raise InputError(
            f"a step of {step} voxels is not possible with blocks of {block}: choose from 1 to {block // 2}, beyond "
            "which voxels between blocks would count for little"
        )
    return block, step


class _Blocks:
    """Blocks of a map, weighted by a window and a mask.

    Parameters
    ----------
    corners
        First voxel of the blocks along each axis.
    block
        Edge of a block in voxels.
    mask
        Weight of each voxel, or ``None``.
    """

    def __init__(self, corners: Int64[np.ndarray, " n"], block: int, mask: Float32[np.ndarray, "D D D"] | None) -> None:
        ramp = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(block) / block)  # 0 at the first voxel, 1 at the centre
        self._window = (ramp[:, None, None] * ramp[:, None] * ramp).astype(np.float32)
        self._corners = corners
        self._block = block
        self._mask = mask

    def windowed(
        self, data: Float32[np.ndarray, "D D D"], chosen: Int64[np.ndarray, " m"]
    ) -> Float32[np.ndarray, "m B B B"]:
        """Return the chosen blocks of a map less their weighted means, times their weights."""
        blocks = np.empty((len(chosen), *self._window.shape), dtype=np.float32)
        for i, index in enumerate(chosen):
            place = self._place(int(index))
            weights = self._weights(place)
            total = float(weights.sum(dtype=np.float64))
            mean = float((weights * data[place]).sum(dtype=np.float64)) / total if total else 0.0
            np.subtract(data[place], np.float32(mean), out=blocks[i])
            blocks[i] *= weights
        return blocks

    def powers(self, data: Float32[np.ndarray, "D D D"]) -> Float64[np.ndarray, " m"]:
        """Return the sum of squares of each block, as :meth:`windowed` makes them."""
        one = np.empty(1, dtype=np.int64)
        powers = np.empty(len(self))
        for one[0] in range(len(self)):
            powers[one[0]] = np.square(self.windowed(data, one)).sum(dtype=np.float64)
        return powers

    def shares(self) -> Float64[np.ndarray, " m"]:
        """Return the sum of the weights of each block."""
        if self._mask is None:
            return np.ones(len(self))
        return np.array([self._weights(self._place(i)).sum(dtype=np.float64) for i in range(len(self))])

    def __len__(self) -> int:
        return len(self._corners) ** 3

    def _place(self, index: int) -> tuple[slice, slice, slice]:
        n = len(self._corners)
        z, y, x = (int(self._corners[i]) for i in (index // n**2, index // n % n, index % n))
        return slice(z, z + self._block), slice(y, y + self._block), slice(x, x + self._block)

    def _weights(self, place: tuple[slice, slice, slice]) -> Float32[np.ndarray, "B B B"]:
        return self._window if self._mask is None else self._window * self._mask[place]


def _kept(
    blocks: _Blocks, first: Float32[np.ndarray, "D D D"], second: Float32[np.ndarray, "D D D"]
) -> Bool[np.ndarray, " m"]:
    """Return which blocks are not empty in both maps and hold enough of the mask."""
    kept = np.zeros(len(blocks), dtype=bool)
    for data in (first, second):
        powers = blocks.powers(data)
        kept |= (powers > 0) & (powers >= _EMPTY**2 * powers.max())
    shares = blocks.shares()
    return np.asarray(kept & (shares >= _LEAST_SHARE * shares.max()))


def _batches(chosen: Int64[np.ndarray, " m"], size: int) -> Iterator[Int64[np.ndarray, " b"]]:
    for start in range(0, len(chosen), size):
        yield chosen[start : start + size]


def _correlations(a: Float32[np.ndarray, "m B B B"], b: Float32[np.ndarray, "m B B B"]) -> Float64[np.ndarray, "m S"]:
    """Return the Fourier shell correlation of each pair of blocks, 0 in shells where one of them has no power."""
    transforms = (scipy.fft.rfftn(each, axes=(1, 2, 3), workers=get_threads(), overwrite_x=True) for each in (a, b))
    sums = block_shell_products(*transforms)
    power = np.sqrt(sums[:, 1]) * np.sqrt(sums[:, 2])
    return np.asarray(np.divide(sums[:, 0], power, out=np.zeros_like(power), where=power > 0))


def _crossings(
    correlations: Float64[np.ndarray, "m S"], threshold: float
) -> tuple[Float64[np.ndarray, " m"], Bool[np.ndarray, " m"]]:
    """Return the shell, interpolated, at which each curve first falls below a threshold, and whether it does.

    Shell 0 is left out. A curve that is below from the start has shell 1, one that never falls below the last shell.
    """
    values = correlations[:, 1:]
    below = values < threshold
    crosses = np.asarray(below.any(axis=1))
    at = np.where(crosses, below.argmax(axis=1), 0)
    before = np.maximum(at - 1, 0)
    rows = np.arange(len(values))
    upper, lower = values[rows, before], values[rows, at]
    drop = np.where(at > 0, upper - lower, 1.0)
    fraction = np.where(at > 0, (upper - threshold) / drop, 0.0)
    return np.where(crosses, 1 + before + fraction, values.shape[1]), crosses
