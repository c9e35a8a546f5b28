"""Central slices of a volume's transform.

The value of a band-limited transform between grid points is interpolated with a Kaiser-Bessel kernel on an oversampled
transform, whose volume was divided by the kernel's own transform beforehand (gridding correction).

A slice at rotation R holds, at image frequency (kx, ky), the volume's transform at R^T (kx, ky, 0). Frequencies are
integers in units of 1/(D pixel size). Slices carry no frequency at or beyond Nyquist on either axis of the image, and
nothing outside the volume's own cube of frequencies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.fft
from jaxtyping import Complex64, Float32, Float64

from cryobench.core.errors import InputError
from cryobench.ops.extraction import extraction_kernel
from cryobench.ops.fft import signed_frequencies
from cryobench.ops.gridding import DEFAULT, Gridding
from cryobench.ops.threads import get_threads

_SLAB = 32
"""Planes that are transformed at a time, which bounds the memory beside the grid itself."""


@dataclass(frozen=True, eq=False)
class SliceGrid:
    """The oversampled transforms of one or more volumes, ready to be sliced; build it with :func:`slice_grid`.

    ``values`` is indexed ``[component, kz, ky, kx]``: kz and ky run from -K to K, kx from -P to K, where P points more
    than the kernel needs lie below 0, and K leaves room for it at the highest frequency of a slice of ``slice_box``.
    """

    values: Complex64[np.ndarray, "C Z Y X"]
    box: int
    slice_box: int
    gridding: Gridding


def slice_grid(
    volumes: Float32[np.ndarray, "C D D D"], gridding: Gridding = DEFAULT, slice_box: int | None = None
) -> SliceGrid:
    """Return the oversampled transforms of volumes of one box, for :func:`extract_slices`.

    Parameters
    ----------
    volumes
        Volumes that are always sliced together, shape (C, D, D, D).
    gridding
        The interpolation kernel.
    slice_box
        Largest box of the slices that will be asked for, the volumes' own by default. A smaller one takes less time and
        memory: no frequency is computed that no slice can reach.

    Raises
    ------
    InputError
        If ``slice_box`` is larger than the volumes.
    """
    box = volumes.shape[-1]
    slice_box = box if slice_box is None else slice_box
    _require_inside(slice_box, box)
    big, margin = gridding.padded_box(box), gridding.margin
    # The corner of a square image is its highest frequency; the faces of the volume's cube end what there is.
    reach = min(box / 2, math.sqrt(2) * (slice_box // 2 - 1))
    most = math.ceil(reach * big / box) + margin
    side = 2 * most + 1
    values = np.empty((len(volumes), side, side, margin + most + 1), dtype=np.complex64)
    correction = (1.0 / gridding.transform(box)).astype(np.float32)
    for c, volume in enumerate(volumes):
        corrected = volume * correction[:, None, None] * correction[:, None] * correction
        _oversample(corrected, big, values[c, :, :, margin:])
        # Frequencies left of zero are the mirror image of those right of it.
        values[c, :, :, :margin] = values[c, ::-1, ::-1, 2 * margin : margin : -1].conj()
    return SliceGrid(values, box, slice_box, gridding)


def _oversample(volume: np.ndarray, big: int, out: np.ndarray) -> None:
    """Fill ``out`` [kz, ky, kx] with the transform of a volume padded to ``big``: kz and ky from -K to K, kx from 0.

    An axis is transformed only along lines that hold something, and only what is wanted of it is kept.
    """
    workers = get_threads()
    most, columns = len(out) // 2, out.shape[-1]
    kept = min(columns, big // 2 + 1)
    planes = np.empty((len(volume), len(out), kept), dtype=np.complex64)
    for start in range(0, len(volume), _SLAB):
        slab = slice(start, start + _SLAB)
        along_x = scipy.fft.rfft(_padded(volume[slab], big, 2), axis=2, workers=workers)[:, :, :kept]
        along_y = scipy.fft.fft(_padded(along_x, big, 1), axis=1, workers=workers, overwrite_x=True)
        planes[slab, :most], planes[slab, most:] = along_y[:, big - most :], along_y[:, : most + 1]
    for start in range(0, len(out), _SLAB):
        slab = slice(start, start + _SLAB)
        along_z = scipy.fft.fft(_padded(planes[:, slab], big, 0), axis=0, workers=workers, overwrite_x=True)
        out[:most, slab, :kept], out[most:, slab, :kept] = along_z[big - most :], along_z[: most + 1]
    # Columns beyond Nyquist of the oversampled grid are the mirror image of those before it.
    for column in range(kept, columns):
        out[:, :, column] = out[::-1, ::-1, big - column].conj()


def _padded(array: np.ndarray, big: int, axis: int) -> np.ndarray:
    """Return an array padded with zeros to ``big`` along an axis, its origin (index D/2) moved to index 0."""
    half = array.shape[axis] // 2
    shape = list(array.shape)
    shape[axis] = big
    padded = np.zeros(shape, dtype=array.dtype)
    front, back = [slice(None)] * array.ndim, [slice(None)] * array.ndim
    front[axis], back[axis] = slice(0, half), slice(big - half, big)
    second, first = [slice(None)] * array.ndim, [slice(None)] * array.ndim
    second[axis], first[axis] = slice(half, 2 * half), slice(0, half)
    padded[tuple(front)], padded[tuple(back)] = array[tuple(second)], array[tuple(first)]
    return padded


def extract_slices(
    grid: SliceGrid, rotations: Float32[np.ndarray, "n 3 3"], box: int | None = None
) -> Complex64[np.ndarray, "n d h C"]:
    """Return central slices as centred half transforms, shape (n, d, d/2 + 1, C).

    Parameters
    ----------
    grid
        The volumes.
    rotations
        Active rotations, shape (n, 3, 3).
    box
        Box d of the slices, the grid's ``slice_box`` by default. A smaller one has the same frequencies, but fewer
        of them. Values are not rescaled.

    Raises
    ------
    InputError
        If ``box`` is larger than the grid's ``slice_box``.
    """
    box = grid.slice_box if box is None else box
    _require_inside(box, grid.slice_box)
    return _extracted(grid, rotations.astype(np.float64), np.zeros(len(rotations)), box, math.inf)


def turned_transforms(
    grid: SliceGrid, matrices: Float64[np.ndarray, "n 3 3"], box: int | None = None, reach: float = math.inf
) -> Complex64[np.ndarray, "n d d h C"]:
    """Return the centred half transforms of turned volumes, shape (n, d, d, d/2 + 1, C).

    Their value at frequency k is the volumes' at A^T k, so density at p lands at A p.

    Parameters
    ----------
    grid
        The volumes.
    matrices
        Orthogonal matrices A, shape (n, 3, 3): rotations, or such that mirror too.
    box
        Box d of the transforms, the grid's ``slice_box`` by default. A smaller one has the same frequencies, but fewer
        of them. Values are not rescaled.
    reach
        Frequencies further than this from zero are left 0.

    Raises
    ------
    InputError
        If ``box`` is larger than the grid's ``slice_box``.
    """
    box = grid.slice_box if box is None else box
    _require_inside(box, grid.slice_box)
    heights = signed_frequencies(box).astype(np.float64)
    planes = np.repeat(matrices.astype(np.float64), box, axis=0)
    out = _extracted(grid, planes, np.tile(heights, len(matrices)), box, reach)
    turned = out.reshape(len(matrices), box, *out.shape[1:])
    turned[:, box // 2] = 0.0  # Nyquist, whose sign is ambiguous
    return turned


def _extracted(
    grid: SliceGrid,
    rotations: Float64[np.ndarray, "n 3 3"],
    heights: Float64[np.ndarray, " n"],
    box: int,
    reach: float,
) -> Complex64[np.ndarray, "n d h C"]:
    out = np.zeros((len(rotations), box, box // 2 + 1, len(grid.values)), dtype=np.complex64)
    scale = grid.gridding.padded_box(grid.box) / grid.box
    values = grid.values.view(np.float32)
    kernel = extraction_kernel(grid.gridding.width)
    kernel(values, rotations, heights, scale, grid.box // 2, reach, grid.gridding.taps, out)
    return out


def _require_inside(box: int, limit: int) -> None:
    if box > limit:
        raise InputError(f"slices of box {box} asked from a volume of box {limit}: choose at most {limit}")
