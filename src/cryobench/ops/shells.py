"""Sums over shells of Fourier space.

Half shell h holds the frequencies with h/2 <= |k| < (h + 1)/2, in units of 1/(D pixel size). Whole shells of either
kind are made of two: i - 1 <= |k| < i of 2i - 2 and 2i - 1, round(|k|) = i of 2i - 1 and 2i. So one pass serves both.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numba
import numpy as np
from jaxtyping import Complex64, Float32, Float64, Int, Int32, Int64

from cryobench.ops.fft import signed_frequencies

_CHUNK = 4096
"""Voxels whose products are added up in one go, few enough for a tile of maps to stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class ShellLayout:
    """The voxels of a half transform, sorted by half shell; make it with :func:`shell_layout`.

    A half shell is two runs: first the voxels that stand for themselves (kx = 0 and Nyquist), then those that stand for
    their mirror image too. Within a run voxels keep the order of the transform.

    Parameters
    ----------
    runs
        Run of each voxel but for its kind, that is 2h, by |k|^2, shape (3 (D/2)^2 + 1,); too large beyond the last
        shell.
    places
        Where each plane of the transform begins to write in each run, shape (D, 2 (D + 1)).
    chunks
        First voxel and end of each piece of a run that is added up in one go, shape (C, 2).
    first_chunk
        First piece of each run, shape (2 (D + 1),). Each run has at least one, if need be an empty one.
    """

    runs: Int32[np.ndarray, " K"]
    places: Int64[np.ndarray, "D R"]
    chunks: Int64[np.ndarray, "C 2"]
    first_chunk: Int64[np.ndarray, " R"]

    @property
    def voxels(self) -> int:
        """Number of voxels M with |k| < (D + 1)/2: about half of all."""
        return int(self.chunks[-1, 1])


@functools.lru_cache(maxsize=3)
def shell_layout(box: int) -> ShellLayout:
    """Return the layout of the half transforms of volumes of a box (an even number)."""
    # Squares of integers are exact, and so is the root of each that is a square.
    runs = 2 * np.sqrt(4.0 * np.arange(3 * (box // 2) ** 2 + 1)).astype(np.int32)
    planes = np.zeros((box, 2 * (box + 1)), dtype=np.int64)
    _count_kernel(runs, planes)
    counts = planes.sum(axis=0)
    bounds = np.concatenate(([0], np.cumsum(counts)))
    pieces = np.maximum(1, -(-counts // _CHUNK))
    first_chunk = np.cumsum(pieces) - pieces
    within = np.arange(int(pieces.sum())) - np.repeat(first_chunk, pieces)
    starts = np.repeat(bounds[:-1], pieces) + _CHUNK * within
    ends = np.minimum(starts + _CHUNK, np.repeat(bounds[1:], pieces))
    places = bounds[:-1] + np.cumsum(planes, axis=0) - planes
    return ShellLayout(runs, places, np.column_stack((starts, ends)), first_chunk)


def pack_shells(transform: Complex64[np.ndarray, "D D H"]) -> Complex64[np.ndarray, " M"]:
    """Return the voxels of a half transform in the order of :func:`shell_layout`, shape (M,).

    Frequencies beyond the last shell, in the corners of the cube, are left out: about half of all.
    """
    layout = shell_layout(transform.shape[0])
    packed = np.empty(layout.voxels, dtype=np.complex64)
    _pack_kernel(transform, layout.runs, layout.places, packed)
    return packed


def half_shell_products(
    first: Complex64[np.ndarray, "a M"], second: Complex64[np.ndarray, "b M"], box: int
) -> Float64[np.ndarray, "a b S"]:
    """Return the sums over half shells of Re(A conj B) of each A with each B, shape (a, b, D + 1).

    Products and sums are in double precision, and those of a pair are the same whatever else it is computed with.

    Parameters
    ----------
    first, second
        Packed half transforms A and B, shapes (a, M) and (b, M), of volumes of one box.
    box
        That box D.
    """
    layout = shell_layout(box)
    pieces = np.empty((len(layout.chunks), len(first), len(second)))
    _product_kernel(_as_pairs(first), _as_pairs(second), 2 * layout.chunks, pieces)
    runs = np.add.reduceat(pieces, layout.first_chunk, axis=0)
    return np.ascontiguousarray(np.moveaxis(runs[0::2] + 2.0 * runs[1::2], 0, -1))


def half_shell_power(packed: Complex64[np.ndarray, " M"], box: int) -> Float64[np.ndarray, " S"]:
    """Return the sums over half shells of |A|^2, shape (D + 1,)."""
    return np.asarray(half_shell_products(packed[None], packed[None], box)[0, 0])


def whole_shells(sums: Float64[np.ndarray, "... S"], *, rounded: bool) -> Float64[np.ndarray, "... W"]:
    """Return sums over whole shells from those over half shells, for i = 0 ... D/2, shape (..., D/2 + 1).

    Parameters
    ----------
    sums
        Sums over half shells, shape (..., D + 1).
    rounded
        Whether shell i holds the voxels with round(|k|) = i, or those with i - 1 <= |k| < i (shell 0 then holds none).
    """
    nothing = np.zeros_like(sums[..., :1])
    if rounded:
        return np.asarray(np.concatenate((nothing, sums[..., 1::2]), axis=-1) + sums[..., 0::2])
    return np.concatenate((nothing, sums[..., 0:-1:2] + sums[..., 1::2]), axis=-1)


def shell_mean(values: Float32[np.ndarray, "M M H"]) -> Float32[np.ndarray, "M M H"]:
    """Return the mean of a half transform over each shell round(|k|), spread over the shell's voxels again."""
    shells = shell_indices(values.shape[0])
    totals = np.bincount(shells.ravel(), weights=values.ravel())
    counts = np.bincount(shells.ravel())
    return np.asarray((totals / np.maximum(counts, 1)).astype(np.float32)[shells])


def shell_indices(box: int) -> Int[np.ndarray, "M M H"]:
    """Return round(|k|) for each voxel of a half transform, shape (box, box, box/2 + 1)."""
    k = signed_frequencies(box)
    half = np.arange(box // 2 + 1)
    squared = (k**2)[:, None, None] + (k**2)[:, None] + half**2
    return np.asarray(np.rint(np.sqrt(squared)), dtype=np.int64)


def _as_pairs(values: Complex64[np.ndarray, "n M"]) -> Float32[np.ndarray, "n P"]:
    return np.ascontiguousarray(values).view(np.float32)


@numba.njit(cache=True)
def _count_kernel(runs, planes):  # type: ignore[no-untyped-def]
    box, count = planes.shape
    half = box // 2 + 1
    for z in range(box):
        kz = z if z < box // 2 else z - box
        for y in range(box):
            ky = y if y < box // 2 else y - box
            for x in range(half):
                run = runs[kz * kz + ky * ky + x * x]
                if run >= count:
                    break
                planes[z, run + (0 if x in (0, half - 1) else 1)] += 1


@numba.njit(parallel=True, cache=True)
def _pack_kernel(transform, runs, places, packed):  # type: ignore[no-untyped-def]
    # Reads run through memory once, and writes along a few hundred lines that stay in the cache.
    box, _, half = transform.shape
    count = places.shape[1]
    for z in numba.prange(box):
        place = places[z].copy()
        kz = np.int64(z) if z < box // 2 else np.int64(z) - box
        for y in range(box):
            ky = y if y < box // 2 else y - box
            for x in range(half):
                run = runs[kz * kz + ky * ky + x * x]
                if run >= count:
                    break
                run += 0 if x in (0, half - 1) else 1
                packed[place[run]] = transform[z, y, x]
                place[run] += 1


@numba.njit(parallel=True, cache=True, fastmath={"reassoc", "contract"})
def _product_kernel(first, second, chunks, pieces):  # type: ignore[no-untyped-def]
    for c in numba.prange(len(chunks)):
        start, end = chunks[c]
        for i in range(len(first)):
            for j in range(len(second)):
                total = 0.0
                for m in range(start, end):
                    total += np.float64(first[i, m]) * np.float64(second[j, m])
                pieces[c, i, j] = total
