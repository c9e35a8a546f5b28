"""Iso-surfaces made small enough to be put into a page.

Positions are rounded to 4,096 steps along the longest edge of the surface; what is stored is their differences from
vertex to vertex. Vertices are numbered in the order in which the triangles name them, and what is stored of a triangle
is how far each number lies behind the next one not yet named (Chun 2012, WebGL-Loader). Both are compressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from jaxtyping import Int32, UInt8, UInt16

from cryobench.core import Surface
from cryobench.report._encode import deflated

_STEPS = 4095


class Mesh(TypedDict):
    """A surface as the page's script reads it: ``method`` is the place among the methods, -1 for the truth."""

    method: int
    state: int
    vertices: int
    faces: int
    low: list[float]
    step: float
    data: str


@dataclass(frozen=True)
class MeshSet:
    """The meshes of a page, the states that have some, and how many states had to be left out.

    ``reach`` is how far the farthest vertex is from the origin, in Å: one scale for all of them.
    """

    meshes: tuple[Mesh, ...]
    states: tuple[int, ...]
    left_out: int
    levels: tuple[str, ...]
    reach: float


def mesh_set(surfaces: Sequence[Surface], methods: Sequence[str], most_bytes: int) -> MeshSet:
    """Return surfaces as meshes of at most so many bytes together; where there are more, of evenly spread states."""
    places = {name: place for place, name in enumerate(methods)}
    usable = [each for each in surfaces if len(each.faces) and (each.method is None or each.method in places)]
    meshes = [encoded(surface, -1 if surface.method is None else places[surface.method]) for surface in usable]
    states = sorted({mesh["state"] for mesh in meshes})
    size = sum(len(mesh["data"]) for mesh in meshes)
    kept = states
    count = len(states)
    while size > most_bytes and count > 1:
        count = min(count - 1, int(count * most_bytes / size))
        kept = [states[i] for i in np.unique(np.linspace(0, len(states) - 1, max(count, 1)).round().astype(int))]
        size = sum(len(mesh["data"]) for mesh in meshes if mesh["state"] in kept)
    return MeshSet(
        tuple(mesh for mesh in meshes if mesh["state"] in kept),
        tuple(kept),
        len(states) - len(kept),
        tuple(dict.fromkeys(surface.level for surface in usable)),
        round(max((float(np.linalg.norm(each.vertices, axis=1).max()) for each in usable), default=1.0), 3),
    )


def encoded(surface: Surface, method: int) -> Mesh:
    """Return one surface as a mesh."""
    order, faces = _by_first_use(surface.faces)
    vertices = surface.vertices[order].astype(np.float64)
    low = vertices.min(axis=0)
    step = float(np.ptp(vertices, axis=0).max()) / _STEPS or 1.0
    places = np.rint((vertices - low) / step).astype(np.int32)
    data = deflated(*(_halves(_differences(places[:, axis])) for axis in range(3)), *_thirds(_behind(faces)))
    return {
        "method": method,
        "state": surface.state,
        "vertices": len(vertices),
        "faces": len(faces),
        "low": [round(float(value), 4) for value in low],
        "step": step,
        "data": data,
    }


def _by_first_use(faces: Int32[np.ndarray, "F 3"]) -> tuple[np.ndarray, Int32[np.ndarray, "F 3"]]:
    """Return the vertices in the order in which the faces name them, and the faces by these numbers."""
    used, first, inverse = np.unique(faces.ravel(), return_index=True, return_inverse=True)
    rank = np.argsort(first, kind="stable")
    numbers = np.empty(len(used), dtype=np.int32)
    numbers[rank] = np.arange(len(used), dtype=np.int32)
    return used[rank], numbers[inverse].reshape(-1, 3)


def _differences(values: Int32[np.ndarray, " n"]) -> UInt16[np.ndarray, " n"]:
    """Return differences from value to value, small ones of either sign as small numbers."""
    steps = np.diff(values, prepend=0)
    return np.where(steps < 0, -2 * steps - 1, 2 * steps).astype("<u2")


def _behind(faces: Int32[np.ndarray, "F 3"]) -> Int32[np.ndarray, " n"]:
    flat = faces.ravel()
    following = np.concatenate([[0], np.maximum.accumulate(flat)[:-1] + 1]).astype(np.int32)
    return np.asarray(following - flat, dtype=np.int32)


def _halves(values: UInt16[np.ndarray, " n"]) -> UInt8[np.ndarray, " m"]:
    """Return the lower bytes, then the upper ones: alike bytes together compress better."""
    return np.concatenate([values & 255, values >> 8]).astype(np.uint8)


def _thirds(values: Int32[np.ndarray, " n"]) -> list[UInt8[np.ndarray, " n"]]:
    return [(values >> shift & 255).astype(np.uint8) for shift in (0, 8, 16)]
