"""Squared distances of points in single precision, with bounds, so that double precision need only decide near ties.

The order of neighbours is that of squared distances in double precision: differences, squares and their sum, column by
column. They are the same both ways round, so equal inputs tie exactly. Nearly all comparisons are decided by single
precision already: with r the distance and s the square in single precision,

    |r - sqrt(s)| <= slope * sqrt(s) + slack

where slope bounds the rounding of the square and slack that of the points, which are centred and scaled first. Where
the two bounds leave a comparison open, the kernels compare in double precision.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
from jaxtyping import Float, Float32, Float64

from cryobench.core.checks import require_finite
from cryobench.core.errors import InputError

BLOCK = 512
"""Points of a block: those of 8 columns, and their squares, stay in the nearest cache."""

LANES = 4
"""Columns are added up by so many at a time, so that the sums are read and written less often."""

ROUNDING = 2.0**-24
"""Half the distance from 1 to the next number in single precision."""

_LARGE = 2.0**500

FARTHEST = np.float32(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class Space:
    """Points, made ready for the kernels by :func:`prepare_space`.

    Parameters
    ----------
    exact
        The points in double precision, times a power of two.
    blocks
        The same, centred, in single precision, in blocks of :data:`BLOCK` points. The last is filled up by points
        that are infinitely far.
    sample
        Every so many-th of them, in blocks too.
    slack
        Bound, for each point, on how far rounding of the points can change a distance from it.
    slope
        Bound on the relative error of the root of a square in single precision.
    """

    exact: Float64[np.ndarray, "n d"]
    blocks: Float32[np.ndarray, "b c 512"]
    sample: Float32[np.ndarray, "s c 512"]
    slack: Float64[np.ndarray, " n"]
    slope: float

    def __len__(self) -> int:
        return len(self.exact)


def prepare_space(points: Float[np.ndarray, "n d"], name: str = "the space") -> Space:
    """Return points made ready for the kernels.

    Scaling by a power of two changes no order, and keeps squares from overflow.

    Raises
    ------
    InputError
        If there are fewer than two points or no column, or a value is not finite.
    """
    if points.ndim != 2 or len(points) < 2 or not points.shape[1]:
        raise InputError(f"{name} has shape {points.shape}: give at least 2 points, one a row, and 1 column")
    require_finite(name, points)
    exact = np.ascontiguousarray(points, dtype=np.float64)
    top = float(np.abs(exact).max())
    if top > _LARGE:  # or means and differences would overflow
        exact = np.ldexp(exact, -math.frexp(top)[1])
    centred = exact - exact.mean(axis=0)
    extent = float(np.abs(centred).max()) * math.sqrt(exact.shape[1])
    if extent > 0:
        power = -math.frexp(extent)[1]
        exact, centred = np.ldexp(exact, power), np.ldexp(centred, power)
    norms = np.sqrt((centred**2).sum(axis=1))
    columns = -(-exact.shape[1] // LANES) * LANES
    stride = max(1, len(exact) // _sample_size(len(exact)))
    return Space(
        exact=exact,
        blocks=_in_blocks(centred, columns),
        sample=_in_blocks(centred[::stride], columns),
        # A hundredth for what double precision rounds and single precision loses near zero; no norm is above 1.
        slack=1.01 * ROUNDING * (norms + 1.0),
        slope=(columns + 4) / 2 * ROUNDING,
    )


def require_same_points(a: int, b: int) -> None:
    """Raise unless two spaces hold equally many points.

    Raises
    ------
    InputError
        Naming both numbers.
    """
    if a != b:
        raise InputError(f"spaces of {a} and {b} points cannot be compared: give the same points in both")


def _sample_size(n: int) -> int:
    return int(np.clip(-(-n // 64 // BLOCK) * BLOCK, BLOCK, 8 * BLOCK))


def _in_blocks(points: Float64[np.ndarray, "n d"], columns: int) -> Float32[np.ndarray, "b c 512"]:
    n, d = points.shape
    padded = np.zeros((-(-n // BLOCK) * BLOCK, columns), dtype=np.float32)
    padded[n:, 0] = np.inf
    padded[:n, :d] = points
    return np.ascontiguousarray(padded.reshape(-1, BLOCK, columns).swapaxes(1, 2))


@numba.njit(cache=True, fastmath={"contract"}, error_model="numpy")
def block_squares(block, query, squares):  # type: ignore[no-untyped-def]
    """Write the squared distances of a block's points from a query, in single precision."""
    for c in range(0, block.shape[0], 4):
        a, b, d, e = query[c], query[c + 1], query[c + 2], query[c + 3]
        p, q, r, s = block[c], block[c + 1], block[c + 2], block[c + 3]
        if c == 0:
            for j in range(512):
                squares[j] = (p[j] - a) ** 2 + (q[j] - b) ** 2 + (r[j] - d) ** 2 + (s[j] - e) ** 2
        else:
            for j in range(512):
                squares[j] += (p[j] - a) ** 2 + (q[j] - b) ** 2 + (r[j] - d) ** 2 + (s[j] - e) ** 2


@numba.njit(cache=True)
def exact_square(exact, i, j):  # type: ignore[no-untyped-def]
    """Return the squared distance of two points in double precision."""
    total = 0.0
    for c in range(exact.shape[1]):
        difference = exact[j, c] - exact[i, c]
        total += difference * difference
    return total


@numba.njit(cache=True)
def reach(square, slope, slack):  # type: ignore[no-untyped-def]
    """Return a square in single precision that is exceeded only by points surely farther than one with this square."""
    root = (math.sqrt(square) * (1 + slope) + 2 * slack) / (1 - slope)
    return np.float32(min(root * root * (1 + 4 * ROUNDING), float(FARTHEST)))


@numba.njit(cache=True)
def surely_less(exact, slope, slack):  # type: ignore[no-untyped-def]
    """Return a square in single precision such that points up to it surely are nearer than an exact square."""
    root = (math.sqrt(exact) - slack) / (1 + slope)
    return np.float32(root * root * (1 - 4 * ROUNDING)) if root > 0 else np.float32(-1.0)


@numba.njit(cache=True)
def surely_more(exact, slope, slack):  # type: ignore[no-untyped-def]
    """Return a square in single precision such that points above it surely are farther than an exact square."""
    root = (math.sqrt(exact) + slack) / (1 - slope)
    return np.float32(root * root * (1 + 4 * ROUNDING))
