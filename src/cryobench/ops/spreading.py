"""Insertion of slices into a volume's transform: the adjoint of :mod:`cryobench.ops.slices`.

Weighted samples are spread with the Kaiser-Bessel kernel over an oversampled grid; the volume is then divided by the
kernel's own transform (gridding correction). Grids are padded half transforms, indexed ``[kz, ky, kx, component]``: kz
and ky run from -M/2 - P to M/2 + P, kx from -P to M/2 + P, so that a kernel placed anywhere inside the band writes in
bounds.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from jaxtyping import Complex64, Float32

from cryobench.ops.fft import fourier_to_volume
from cryobench.ops.gridding import DEFAULT, Gridding
from cryobench.ops.threads import get_threads


class SliceAccumulator:
    """Sums of slices inserted into Fourier space, and of their weights, for C components and T weights.

    Each image i adds, at each of its frequencies, ``values[i] * component_factors[i, c]`` to component c and
    ``weights[i] * weight_factors[i, t]`` to weight t. A sum's order is fixed by the images alone, whatever the number
    of threads.

    Parameters
    ----------
    box
        Edge D of the volume.
    components, weights
        The numbers C and T.
    gridding
        The spreading kernel.
    """

    def __init__(self, box: int, components: int = 1, weights: int = 1, gridding: Gridding = DEFAULT) -> None:
        self.box = box
        self.gridding = gridding
        big, margin = gridding.padded_box(box), gridding.margin
        shape = (big + 2 * margin + 1, big + 2 * margin + 1, big // 2 + 2 * margin + 1)
        self._sums = np.zeros((*shape, components), dtype=np.complex64)
        self._weights = np.zeros((*shape, weights), dtype=np.float32)

    def insert(
        self,
        rotations: Float32[np.ndarray, "n 3 3"],
        values: Complex64[np.ndarray, "n d h"],
        weights: Float32[np.ndarray, "n d h"],
        component_factors: Float32[np.ndarray, "n C"] | None = None,
        weight_factors: Float32[np.ndarray, "n T"] | None = None,
    ) -> None:
        """Add slices; half transforms of a box d of at most D. Frequencies at |k| >= d/2 are left out."""
        n = len(rotations)
        factors = np.ones((n, 1), np.float32) if component_factors is None else component_factors
        squares = np.ones((n, 1), np.float32) if weight_factors is None else weight_factors
        scale = self.gridding.padded_box(self.box) / self.box
        _insert_kernel(
            self._sums, self._weights, rotations.astype(np.float64), values, weights, factors, squares, scale,
            self.gridding.width, self.gridding.table, 4 * get_threads(),
        )  # fmt: skip

    def folded(self) -> tuple[Complex64[np.ndarray, "M M H C"], Float32[np.ndarray, "M M H T"]]:
        """Return sums and weights as half transforms of the oversampled box, each with its mirrored half added."""
        return _fold(self._sums, self.gridding, self.box), _fold(self._weights, self.gridding, self.box)

    def to_volume(self, transform: Complex64[np.ndarray, "M M H"]) -> Float32[np.ndarray, "D D D"]:
        """Return the volume of an oversampled half transform, cropped to the box and corrected for the kernel."""
        big, box = self.gridding.padded_box(self.box), self.box
        kernel = self.gridding.transform(box)
        correction = (kernel[box // 2] / kernel).astype(np.float32)
        inner = slice(big // 2 - box // 2, big // 2 + box // 2)
        volume = fourier_to_volume(transform)[inner, inner, inner]
        return np.asarray(volume * correction[:, None, None] * correction[:, None] * correction, dtype=np.float32)


def _fold(padded: np.ndarray, gridding: Gridding, box: int) -> np.ndarray:
    """Add to each point of the half transform what was spread to its mirror image across the origin."""
    big, margin = gridding.padded_box(box), gridding.margin
    inner = slice(margin, margin + big)
    half = padded[inner, inner, margin : margin + big // 2 + 1].copy()
    mirror = padded[::-1, ::-1, margin::-1][inner, inner].conj()
    half[:, :, : margin + 1] += mirror
    return np.fft.ifftshift(half, axes=(0, 1))


@numba.njit(cache=True, inline="always")
def _taps(position, width, table, weights):  # type: ignore[no-untyped-def]
    """Fill the kernel's weights about a position; return the first grid point they belong to."""
    first = math.ceil(position - 0.5 * width)
    for i in range(width):
        t = abs(position - (first + i)) * 4096.0
        cell = int(t)
        fraction = t - cell
        weights[i] = table[cell] * (1.0 - fraction) + table[cell + 1] * fraction
    return first


@numba.njit(parallel=True, cache=True)
def _insert_kernel(sums, weights, rotations, values, squares, factors, square_factors, scale, width, table, slabs):  # type: ignore[no-untyped-def]
    n, box, half = values.shape
    components, terms = factors.shape[1], square_factors.shape[1]
    margin = width // 2 + 1
    origin = (sums.shape[0] - 1) // 2
    limit = (box // 2) ** 2
    # A thread owns whole slabs of the grid and visits the images in one fixed order, so a sum does not depend on the
    # threads.
    for slab in numba.prange(slabs):
        low = slab * sums.shape[0] // slabs
        high = (slab + 1) * sums.shape[0] // slabs
        wx, wy, wz = np.empty(width), np.empty(width), np.empty(width)
        value = np.empty(components, dtype=np.complex64)
        square = np.empty(terms, dtype=np.float32)
        for i in range(n):
            r = rotations[i]
            for y in range(box):
                ky = y if y < box // 2 else y - box
                for kx in range(half - 1):
                    if kx * kx + ky * ky >= limit or (kx == 0 and ky < 0):
                        continue
                    px = r[0, 0] * kx + r[1, 0] * ky
                    pz = r[0, 2] * kx + r[1, 2] * ky
                    mirrored = px < 0.0
                    sign = -scale if mirrored else scale
                    z0 = math.ceil(sign * pz - 0.5 * width) + origin
                    if z0 + width <= low or z0 >= high:
                        continue
                    py = r[0, 1] * kx + r[1, 1] * ky
                    x0 = _taps(sign * px, width, table, wx) + margin
                    y0 = _taps(sign * py, width, table, wy) + origin
                    _taps(sign * pz, width, table, wz)
                    sample = values[i, y, kx].conjugate() if mirrored else values[i, y, kx]
                    # The mirror of a sample at the origin is itself: half of it now, half on folding.
                    share = np.float32(0.5 if kx == 0 and ky == 0 else 1.0)
                    for d in range(components):
                        value[d] = share * factors[i, d] * sample
                    for t in range(terms):
                        square[t] = share * square_factors[i, t] * squares[i, y, kx]
                    for a in range(max(0, low - z0), min(width, high - z0)):
                        for b in range(width):
                            w_zy = wz[a] * wy[b]
                            for c in range(width):
                                w = np.float32(w_zy * wx[c])
                                for d in range(components):
                                    sums[z0 + a, y0 + b, x0 + c, d] += w * value[d]
                                for t in range(terms):
                                    weights[z0 + a, y0 + b, x0 + c, t] += w * square[t]
