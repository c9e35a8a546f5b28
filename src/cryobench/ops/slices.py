"""Central slices of a volume's transform, and their insertion back into one.

The value of a band-limited transform between grid points is interpolated with a Kaiser-Bessel kernel on an oversampled
transform, whose volume was divided by the kernel's own transform beforehand (gridding correction). Insertion is the
adjoint: it spreads weighted samples over the same grid.

A slice at rotation R holds, at image frequency (kx, ky), the volume's transform at R^T (kx, ky, 0). Frequencies are
integers in units of 1/(D pixel size). Slices carry no frequency at or beyond Nyquist on either axis of the image.

Grids are padded half transforms, indexed ``[kz, ky, kx, component]``: kz and ky run from -M/2 - P to M/2 + P, kx from
-P to M/2 + P, so that a kernel placed anywhere inside the band reads or writes in bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np
import scipy.special
from jaxtyping import Complex64, Float32, Float64

from cryobench.core.errors import InputError
from cryobench.ops.fft import fourier_to_volume, volume_to_fourier
from cryobench.ops.threads import get_threads

_TABLE_STEPS = 4096


@dataclass(frozen=True)
class Gridding:
    """A Kaiser-Bessel kernel on an oversampled grid.

    Parameters
    ----------
    width
        Width W of the kernel in points of the oversampled grid.
    oversampling
        Ratio of the oversampled box to the box.

    References
    ----------
    Beatty, Nishimura and Pauly, IEEE Trans. Med. Imaging 24 (2005) 799: the shape parameter.
    """

    width: int = 6
    oversampling: float = 2.0

    def padded_box(self, box: int) -> int:
        """Return the oversampled box M of a box, an even number."""
        return 2 * math.ceil(box * self.oversampling / 2)

    @property
    def margin(self) -> int:
        """Points by which grids are padded on each side."""
        return self.width // 2 + 1

    @cached_property
    def beta(self) -> float:
        """Shape parameter of the kernel."""
        ratio = self.width / self.oversampling * (self.oversampling - 0.5)
        return math.pi * math.sqrt(ratio * ratio - 0.8)

    @cached_property
    def table(self) -> Float64[np.ndarray, " steps"]:
        """The kernel at distances 0 to W/2 in steps of 1/4096, and two zeros."""
        t = np.arange(self.width * _TABLE_STEPS // 2 + 1) / _TABLE_STEPS
        inside = np.sqrt(np.maximum(0.0, 1.0 - (2.0 * t / self.width) ** 2))
        kernel = scipy.special.i0(self.beta * inside) / scipy.special.i0(self.beta)
        return np.concatenate((kernel, np.zeros(2)))

    def transform(self, box: int) -> Float64[np.ndarray, " D"]:
        """Return the kernel's continuous transform at the voxels -D/2 ... D/2 - 1 of a box."""
        x = np.arange(-(box // 2), box // 2) / self.padded_box(box)
        root = np.emath.sqrt(self.beta**2 - (math.pi * self.width * x) ** 2)
        ratio = np.where(np.abs(root) < 1e-12, 1.0, np.sinh(root) / np.where(root == 0, 1.0, root))
        return np.real(self.width * ratio / scipy.special.i0(self.beta))


@dataclass(frozen=True, eq=False)
class SliceGrid:
    """The oversampled transforms of one or more volumes, ready to be sliced; build it with :func:`slice_grid`."""

    values: Complex64[np.ndarray, "Z Y X C"]
    box: int
    gridding: Gridding


def slice_grid(volumes: Float32[np.ndarray, "C D D D"], gridding: Gridding = Gridding()) -> SliceGrid:
    """Return the oversampled transforms of volumes of one box, for :func:`extract_slices`.

    Parameters
    ----------
    volumes
        Volumes that are always sliced together, shape (C, D, D, D).
    gridding
        The interpolation kernel.
    """
    box = volumes.shape[-1]
    big, margin = gridding.padded_box(box), gridding.margin
    correction = (1.0 / gridding.transform(box)).astype(np.float32)
    side = big + 2 * margin + 1
    values = np.empty((side, side, big // 2 + 2 * margin + 1, len(volumes)), dtype=np.complex64)
    padded = np.zeros((big, big, big), dtype=np.float32)
    inner = slice(big // 2 - box // 2, big // 2 + box // 2)
    rows = np.arange(-(big // 2) - margin, big // 2 + margin + 1) % big
    columns = np.arange(-margin, big // 2 + margin + 1) % big
    mirrored = columns > big // 2
    for c, volume in enumerate(volumes):
        corrected = volume * correction[:, None, None] * correction[:, None] * correction
        padded[inner, inner, inner] = corrected
        half = volume_to_fourier(padded)
        values[:, :, ~mirrored, c] = half[np.ix_(rows, rows, columns[~mirrored])]
        values[:, :, mirrored, c] = half[np.ix_(-rows % big, -rows % big, -columns[mirrored] % big)].conj()
    return SliceGrid(values, box, gridding)


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
        Box d of the slices, the grid's own by default. A smaller one has the same frequencies, but fewer of them.
        Values are not rescaled.
    """
    box = grid.box if box is None else box
    if box > grid.box:
        raise InputError(f"slices of box {box} asked from a volume of box {grid.box}: choose at most {grid.box}")
    out = np.zeros((len(rotations), box, box // 2 + 1, grid.values.shape[-1]), dtype=np.complex64)
    scale = grid.gridding.padded_box(grid.box) / grid.box
    lines = grid.values.view(np.float32).reshape(*grid.values.shape[:2], -1)
    _extract_kernel(lines, rotations.astype(np.float64), scale, grid.box, grid.gridding.width, grid.gridding.table, out)
    return out


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

    def __init__(self, box: int, components: int = 1, weights: int = 1, gridding: Gridding = Gridding()) -> None:
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
def _extract_kernel(grid, rotations, scale, volume_box, width, table, out):  # type: ignore[no-untyped-def]
    n, box, half, components = out.shape
    margin = width // 2 + 1
    origin = (grid.shape[0] - 1) // 2
    limit = volume_box // 2
    for i in numba.prange(n):
        wx, wy, wz = np.empty(width), np.empty(width), np.empty(width)
        row = np.empty(2 * components * width, dtype=np.float32)
        r = rotations[i]
        for y in range(box):
            ky = y if y < box // 2 else y - box
            if ky == -(box // 2):
                continue
            for kx in range(half - 1):
                px = r[0, 0] * kx + r[1, 0] * ky
                py = r[0, 1] * kx + r[1, 1] * ky
                pz = r[0, 2] * kx + r[1, 2] * ky
                if abs(px) > limit or abs(py) > limit or abs(pz) > limit:
                    continue
                mirrored = px < 0.0
                sign = -scale if mirrored else scale
                x0 = _taps(sign * px, width, table, wx) + margin
                y0 = _taps(sign * py, width, table, wy) + origin
                z0 = _taps(sign * pz, width, table, wz) + origin
                # Rows of the grid are summed first: contiguous numbers, many at a time.
                start = 2 * components * x0
                row[:] = 0.0
                for a in range(width):
                    for b in range(width):
                        w = np.float32(wz[a] * wy[b])
                        line = grid[z0 + a, y0 + b]
                        for c in range(len(row)):
                            row[c] += w * line[start + c]
                for d in range(components):
                    real, imaginary = 0.0, 0.0
                    for c in range(width):
                        real += wx[c] * row[2 * (c * components + d)]
                        imaginary += wx[c] * row[2 * (c * components + d) + 1]
                    out[i, y, kx, d] = complex(real, -imaginary if mirrored else imaginary)


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
