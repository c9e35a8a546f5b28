"""Iso-surfaces of a map as triangles, by naive surface nets.

A cell is a cube of eight neighbouring voxels. Each cell whose corners lie on both sides of the level gets one vertex,
at the mean of the points where its edges cross the level. Each voxel edge that crosses the level gets a quadrilateral,
as two triangles, that joins the vertices of the four cells around it. The map is set in a layer of voxels below the
level, so that surfaces are closed.

Reference: Gibson, MICCAI 1998, LNCS 1496, 888.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32, Int64

_CORNERS = np.array(list(product((0, 1), repeat=3)))  # z, y, x
_EDGES = [
    (a, b) for a in range(8) for b in range(a + 1, 8) if np.abs(_CORNERS[a] - _CORNERS[b]).sum() == 1
]  # the twelve edges of a cell, as pairs of corners


def surface_nets(
    data: Float32[np.ndarray, "D D D"], level: float
) -> tuple[Float32[np.ndarray, "V 3"], Int32[np.ndarray, "F 3"]]:
    """Return vertices and triangles of the surface of a map at a level.

    Parameters
    ----------
    data
        Indexed ``[z, y, x]``.
    level
        What lies above it is inside.

    Returns
    -------
    vertices
        x, y, z in voxels about the voxel with index D/2, shape (V, 3).
    faces
        Vertices of each triangle, counter-clockwise seen from outside, shape (F, 3). Both are empty where nothing, or
        nothing finite, is above the level.
    """
    outside = min(float(data.min()), level - 1.0)
    padded = np.pad(data.astype(np.float64), 1, constant_values=outside) - level
    inside = padded > 0
    cells = _crossed_cells(inside)
    number = np.full(tuple(length - 1 for length in padded.shape), -1, dtype=np.int64)
    number[tuple(cells.T)] = np.arange(len(cells))
    vertices = _vertices(padded, cells) - 1.0 - np.array(data.shape) // 2
    faces = np.concatenate([_faces(inside, number, axis) for axis in range(3)])
    return vertices[:, ::-1].astype(np.float32), faces.astype(np.int32)


def _crossed_cells(inside: Bool[np.ndarray, "P P P"]) -> Int64[np.ndarray, "V 3"]:
    """Return the cells with corners on both sides, by their first corner."""
    count = np.zeros(tuple(length - 1 for length in inside.shape), dtype=np.int8)
    for z, y, x in _CORNERS.tolist():
        count += inside[z : z + count.shape[0], y : y + count.shape[1], x : x + count.shape[2]]
    return np.argwhere((count > 0) & (count < 8))


def _vertices(padded: Float64[np.ndarray, "P P P"], cells: Int64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "V 3"]:
    corners = np.stack([padded[tuple((cells + corner).T)] for corner in _CORNERS], axis=1)
    total, count = np.zeros((len(cells), 3)), np.zeros(len(cells))
    for a, b in _EDGES:
        first, second = corners[:, a], corners[:, b]
        crosses = (first > 0) != (second > 0)
        part = np.divide(first, first - second, out=np.zeros(len(cells)), where=crosses)
        points = _CORNERS[a] + part[:, None] * (_CORNERS[b] - _CORNERS[a])
        total += points * crosses[:, None]
        count += crosses
    return cells + total / np.maximum(count, 1)[:, None]


def _faces(
    inside: Bool[np.ndarray, "P P P"], number: Int64[np.ndarray, "Q Q Q"], axis: int
) -> Int64[np.ndarray, "F 3"]:
    """Return the triangles across the voxel edges along one axis."""
    ahead = np.roll(inside, -1, axis)
    crosses = inside != ahead
    crosses[tuple(slice(-1, None) if each == axis else slice(None) for each in range(3))] = False
    edges = np.argwhere(crosses)
    rising = ahead[tuple(edges.T)]  # the inside lies ahead: the surface looks back
    u, v = (axis + 1) % 3, (axis + 2) % 3
    quads = []
    for du, dv in ((1, 1), (0, 1), (0, 0), (1, 0)):  # counter-clockwise about the axis (z, y, x as x, y, z)
        cell = edges.copy()
        cell[:, u] -= du
        cell[:, v] -= dv
        quads.append(number[tuple(cell.T)])
    quad = np.stack(quads, axis=1)
    # Axes are z, y, x: a turn that is right-handed about them is left-handed in x, y, z.
    quad[~rising] = quad[~rising][:, ::-1]
    return np.concatenate((quad[:, [0, 1, 2]], quad[:, [0, 2, 3]]))
