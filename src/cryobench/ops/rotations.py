"""Rotation matrices: active, acting on (x, y, z); density at p lands at R p."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation


def rotation_from_normals(normals: Float64[np.ndarray, "n 4"]) -> Float64[np.ndarray, "n 3 3"]:
    """Return rotations uniform on SO(3) from four standard normal numbers each, shape (n, 3, 3).

    Four normals scaled to unit length are a uniform point on the 3-sphere, that is, a uniform unit quaternion.
    """
    return np.asarray(Rotation.from_quat(normals).as_matrix())


def rotation_about_axis(axis: Float64[np.ndarray, " 3"], degrees: float) -> Float64[np.ndarray, "3 3"]:
    """Return the right-handed rotation by an angle about an axis (of any length), shape (3, 3)."""
    unit = axis / np.linalg.norm(axis)
    return np.asarray(Rotation.from_rotvec(np.deg2rad(degrees) * unit).as_matrix())


def rotation_to_relion(rotations: Float64[np.ndarray, "n 3 3"]) -> Float64[np.ndarray, "n 3"]:
    """Return RELION's Euler angles (rot, tilt, psi) in degrees, shape (n, 3).

    RELION's angles are ZYZ and turn the frame of the volume: R^T = Rz(rot) Ry(tilt) Rz(psi).
    """
    # At tilt 0 and 180 only a sum of angles is defined: the parametrisation is then one of many, and a valid one.
    return np.asarray(Rotation.from_matrix(rotations).inv().as_euler("ZYZ", degrees=True, suppress_warnings=True))


def rotation_from_relion(angles: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3 3"]:
    """Return rotations from RELION's Euler angles (rot, tilt, psi) in degrees, shape (n, 3, 3)."""
    return np.asarray(Rotation.from_euler("ZYZ", angles, degrees=True).inv().as_matrix())


def rotation_from_cryosparc(vectors: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3 3"]:
    """Return rotations from cryoSPARC's rotation vectors (axis times angle in radians), shape (n, 3, 3).

    The vector is that of R transposed.
    """
    return np.asarray(Rotation.from_rotvec(vectors).inv().as_matrix())
