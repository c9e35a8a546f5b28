"""Shifts that a move of the map explains.

A stored shift t centres the image. Where the particle in a map sits at o instead of at the origin, its shifts become
t + (x and y of R o).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64


def best_offset(
    differences: Float64[np.ndarray, "N 2"], rotations: Float64[np.ndarray, "N 3 3"]
) -> Float64[np.ndarray, " 3"]:
    """Return the offset o that explains most of the differences of shifts, by least squares, shape (3,).

    Where the views leave a direction open (all the same view, or one image), its part is zero.
    """
    rows = rotations[:, :2]
    normal = np.einsum("nij,nik->jk", rows, rows)
    return np.asarray(np.linalg.pinv(normal, hermitian=True) @ np.einsum("nij,ni->j", rows, differences))


def offset_shifts(
    offset: Float64[np.ndarray, " 3"], rotations: Float64[np.ndarray, "N 3 3"]
) -> Float64[np.ndarray, "N 2"]:
    """Return the part of each shift that an offset explains, shape (N, 2)."""
    return np.asarray(np.matmul(rotations[:, :2], offset))
