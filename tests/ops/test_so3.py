"""The even grids: counts, evenness, and an order that any run of it is spread over the group."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from cryobench.ops.so3 import healpix_angles, so3_grid, so3_grid_size


def directions(nside: int) -> np.ndarray:
    rot, tilt = np.deg2rad(healpix_angles(nside)).T
    return np.column_stack((np.cos(rot) * np.sin(tilt), np.sin(rot) * np.sin(tilt), np.cos(tilt)))


def neighbour_angles(rotations: np.ndarray) -> np.ndarray:
    """Angle in degrees from each rotation to the nearest other one."""
    quaternions = Rotation.from_matrix(rotations).as_quat()
    distance = cKDTree(np.concatenate((quaternions, -quaternions))).query(quaternions, k=2)[0][:, 1]
    return np.rad2deg(4 * np.arcsin(distance / 2))


def anisotropy(rotations: np.ndarray) -> float:
    """Largest departure of the second moments of the viewing directions R^T z from those of uniform ones."""
    views = rotations[:, 2]
    return float(np.abs(views.T @ views / len(views) - np.eye(3) / 3).max())


@pytest.mark.parametrize("nside", [1, 2, 4, 8, 16, 32])
def test_healpix_directions(nside: int) -> None:
    v = directions(nside)
    assert len(v) == 12 * nside**2
    np.testing.assert_allclose(v.sum(axis=0), 0, atol=1e-9)
    # The quadrature of equal weights is not exact beyond degree 1: its error falls with the area of a pixel.
    np.testing.assert_allclose(v.T @ v / len(v), np.eye(3) / 3, atol=0.12 / nside**2)
    # Areas of caps are as 1 - z: each holds as many pixels as it has pixel areas, to half a ring.
    for height in (0.9, 2 / 3, 0.3, 0.0):
        assert abs((v[:, 2] > height).mean() - (1 - height) / 2) <= 4 * nside / len(v) / 2 + 1e-9
    nearest = cKDTree(v).query(v, k=2)[0][:, 1] / np.sqrt(4 * np.pi / len(v))
    assert nearest.min() > 0.75
    assert nearest.max() < 1.2


def test_healpix_base_pixels() -> None:
    """Three rings of four, at heights 2/3, 0 and -2/3; the middle one begins at longitude 0."""
    rot, tilt = healpix_angles(1).T
    np.testing.assert_allclose(np.cos(np.deg2rad(tilt)), np.repeat([2 / 3, 0, -2 / 3], 4), atol=1e-12)
    np.testing.assert_allclose(rot, [45, 135, 225, 315, 0, 90, 180, 270, 45, 135, 225, 315])


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_rotations_are_many_and_evenly_spread(level: int) -> None:
    grid = so3_grid(level)
    assert grid.dtype == np.float64
    assert len(grid) == so3_grid_size(level) == 72 * 8**level
    np.testing.assert_allclose(
        np.einsum("nij,nkj->nik", grid, grid), np.broadcast_to(np.eye(3), grid.shape), atol=1e-12
    )
    np.testing.assert_allclose(np.linalg.det(grid), 1)
    np.testing.assert_allclose(grid.mean(axis=0), 0, atol=1e-12)
    assert anisotropy(grid) < 0.12 / 4**level
    angles = neighbour_angles(grid)  # also: all are distinct
    assert angles.max() <= 60 / 2**level + 1e-6
    assert angles.min() > 0.8 * angles.max()


@pytest.mark.parametrize("level", [0, 1, 2])
def test_no_rotation_is_far_from_the_grid(level: int) -> None:
    """Covering: of random rotations none is further off than about the diagonal of a cell."""
    tree = cKDTree(np.concatenate([sign * Rotation.from_matrix(so3_grid(level)).as_quat() for sign in (1, -1)]))
    anywhere = Rotation.random(20_000, rng=np.random.default_rng(0)).as_quat()
    distance = np.rad2deg(4 * np.arcsin(tree.query(anywhere)[0] / 2))
    assert distance.max() < 65 / 2**level


def test_viewing_directions_are_those_of_healpix() -> None:
    views, counts = np.unique(np.round(so3_grid(1)[:, 2], 9) + 0.0, axis=0, return_counts=True)
    assert set(counts) == {12}
    distance, _ = cKDTree(views).query(directions(2))
    np.testing.assert_allclose(distance, 0, atol=1e-8)


@pytest.mark.parametrize("level", [2, 3, 4, 5])
def test_a_run_of_consecutive_rotations_is_spread(level: int) -> None:
    """At least as evenly as random ones, of which 1000 have moments off by about 0.013 and 0.03."""
    starts = np.random.default_rng(level).integers(0, so3_grid_size(level), 10)
    for start in starts:
        run = so3_grid(level, (start + np.arange(1000)) % so3_grid_size(level))
        assert anisotropy(run) < 0.013
        assert np.abs(run.mean(axis=0)).max() < 0.03


def test_some_of_the_rotations_are_those_of_all() -> None:
    numbers = np.array([5, 0, 575, 5])
    np.testing.assert_array_equal(so3_grid(1, numbers), so3_grid(1)[numbers])
