"""Surfaces of maps whose shape is known."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cryobench.ops.surface_nets import surface_nets

BOX = 32


def sphere(radius: float, centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> np.ndarray:
    """Return minus the distance to a centre given as x, y, z."""
    z, y, x = np.mgrid[:BOX, :BOX, :BOX] - BOX / 2
    return (radius - np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2)).astype(np.float32)


def enclosed(vertices: np.ndarray, faces: np.ndarray) -> float:
    """Return the volume by the divergence theorem: positive where triangles look outwards."""
    a, b, c = (vertices[faces[:, i]].astype(np.float64) for i in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


def edges_of(faces: np.ndarray) -> np.ndarray:
    return np.concatenate([faces[:, [i, (i + 1) % 3]] for i in range(3)])


@given(st.floats(3.0, 11.0), st.tuples(*[st.floats(-3.0, 3.0)] * 3))
def test_a_sphere(radius: float, centre: tuple[float, float, float]) -> None:
    vertices, faces = surface_nets(sphere(radius, centre), 0.0)
    distance = np.linalg.norm(vertices - np.array(centre, dtype=np.float32), axis=1)
    assert np.abs(distance - radius).max() < 0.25
    # A vertex is a mean of points of the surface, so it lies a little below it, the more so the more it is curved.
    part = enclosed(vertices - np.float32(centre), faces) / (4 / 3 * np.pi * radius**3)
    assert 1 - 1.5 / radius**2 < part < 1


@given(st.integers(0, 2**32 - 1))
def test_any_surface_is_closed(seed: int) -> None:
    data = np.random.default_rng(seed).normal(size=(8, 8, 8)).astype(np.float32)
    vertices, faces = surface_nets(data, 0.3)
    directed = edges_of(faces)
    # Each edge is walked as often one way as the other, also where surfaces touch.
    there, back = (np.sort(np.unique(each, axis=0, return_counts=True)[1]) for each in (directed, directed[:, ::-1]))
    assert (there == back).all()
    keys = {tuple(edge) for edge in directed.tolist()}
    assert all((b, a) in keys for a, b in keys)
    assert faces.min() >= 0
    assert faces.max() < len(vertices)
    assert enclosed(vertices, faces) > 0


def test_a_torus_has_its_hole() -> None:
    z, y, x = np.mgrid[:BOX, :BOX, :BOX] - BOX / 2
    data = (4.0 - np.hypot(np.hypot(x, y) - 9.0, z)).astype(np.float32)
    vertices, faces = surface_nets(data, 0.0)
    edges = np.unique(np.sort(edges_of(faces), axis=1), axis=0)
    assert len(vertices) - len(edges) + len(faces) == 0  # Euler characteristic


def test_axes_are_those_of_the_map() -> None:
    data = sphere(3.0, (8.0, 4.0, -6.0))
    vertices, _ = surface_nets(data, 0.0)
    np.testing.assert_allclose(vertices.mean(axis=0), (8.0, 4.0, -6.0), atol=0.1)


def test_it_is_closed_at_the_edge_of_the_box() -> None:
    vertices, faces = surface_nets(np.ones((4, 4, 4), dtype=np.float32), 0.5)
    assert 3.0**3 < enclosed(vertices, faces) < 5.0**3


def test_nothing_above_the_level() -> None:
    vertices, faces = surface_nets(np.zeros((4, 4, 4), dtype=np.float32), 1.0)
    assert vertices.shape == (0, 3)
    assert faces.shape == (0, 3)
