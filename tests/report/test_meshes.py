"""Surfaces packed for the page come back as they were, to the rounding that is promised."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import pytest
from made_up import surface

from cryobench.core import Surface
from cryobench.report._meshes import Mesh, encoded, mesh_set


def unpacked(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices and faces; written from the description of the format alone."""
    data = np.frombuffer(zlib.decompress(base64.b64decode(mesh["data"])), np.uint8).astype(np.int64)
    V, N = mesh["vertices"], 3 * mesh["faces"]
    columns = []
    for axis in range(3):
        block = data[2 * V * axis : 2 * V * (axis + 1)]
        zigzag = block[:V] + 256 * block[V:]
        columns.append(np.cumsum(np.where(zigzag % 2, -(zigzag + 1) // 2, zigzag // 2)))
    rest = data[6 * V :]
    assert len(rest) == 3 * N
    behind = rest[:N] + 256 * rest[N : 2 * N] + 65536 * rest[2 * N :]
    faces, following = [], 0
    for step in behind.tolist():
        faces.append(following - step)
        following += step == 0
    vertices = np.array(mesh["low"]) + mesh["step"] * np.stack(columns, axis=1)
    return vertices, np.array(faces).reshape(-1, 3)


@pytest.mark.parametrize("shuffled", [False, True])
def test_triangles_survive(shuffled: bool) -> None:
    given = surface("m", 3, 1.0)
    if shuffled:
        order = np.random.default_rng(0).permutation(len(given.faces))
        given = Surface("m", 3, given.vertices, given.faces[order], given.level)
    mesh = encoded(given, 0)
    vertices, faces = unpacked(mesh)
    assert (mesh["state"], mesh["method"], mesh["faces"]) == (3, 0, len(given.faces))
    extent = float(np.ptp(given.vertices, axis=0).max())
    error = np.abs(vertices[faces] - given.vertices[given.faces]).max()
    assert error <= 0.5 * extent / 4095 + 1e-4


def test_vertices_without_a_triangle_are_left_out() -> None:
    vertices = np.array([[0, 0, 0], [9, 9, 9], [1, 0, 0], [0, 1, 0]], dtype=np.float32)
    mesh = encoded(Surface(None, 0, vertices, np.array([[3, 0, 2]], dtype=np.int32), ""), -1)
    found, faces = unpacked(mesh)
    assert mesh["vertices"] == 3
    np.testing.assert_allclose(found[faces[0]], vertices[[3, 0, 2]], atol=2e-4)


def test_a_page_takes_no_more_than_it_may() -> None:
    surfaces = [surface(method, state, state / 3) for method in (None, "a") for state in range(12)]
    size = sum(len(mesh["data"]) for mesh in mesh_set(surfaces, ["a"], 10**9).meshes)
    less = mesh_set(surfaces, ["a"], size // 3)
    assert sum(len(mesh["data"]) for mesh in less.meshes) <= size // 3
    assert less.left_out == 12 - len(less.states)
    assert (less.states[0], less.states[-1]) == (0, 11)
    assert {mesh["method"] for mesh in less.meshes if mesh["state"] == 11} == {-1, 0}
    assert mesh_set(surfaces, ["a"], 1).states == (0,)


def test_empty_surfaces_are_none() -> None:
    nothing = Surface(None, 0, np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32), "")
    found = mesh_set([nothing], [], 100)
    assert (found.meshes, found.states, found.left_out) == ((), (), 0)


def test_packing_is_worth_it() -> None:
    given = surface("m", 0, 1.0, rings=48)
    assert len(encoded(given, 0)["data"]) < 0.35 * (given.vertices.nbytes + given.faces.nbytes)
