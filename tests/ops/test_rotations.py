from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from cryobench.ops.rotations import rotation_about_axis, rotation_from_normals, rotation_from_relion, rotation_to_relion


def relion_matrix(rot: float, tilt: float, psi: float) -> np.ndarray:
    """The matrix written out in RELION's documentation of its Euler angles (Heymann, Chagoyen and Belnap, 2005)."""
    a, b, g = np.deg2rad([rot, tilt, psi])
    ca, cb, cg, sa, sb, sg = np.cos(a), np.cos(b), np.cos(g), np.sin(a), np.sin(b), np.sin(g)
    return np.array(
        [
            [cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb],
            [-sg * cb * ca - cg * sa, -sg * cb * sa + cg * ca, sg * sb],
            [sb * ca, sb * sa, cb],
        ]
    )


@given(rot=st.floats(-180, 180), tilt=st.floats(0, 180), psi=st.floats(-180, 180))
@settings(max_examples=50, deadline=None)
def test_relion_angles_mean_what_relion_means(rot: float, tilt: float, psi: float) -> None:
    matrix = relion_matrix(rot, tilt, psi)
    np.testing.assert_allclose(rotation_from_relion(np.array([[rot, tilt, psi]]))[0], matrix, atol=1e-12)
    again = relion_matrix(*rotation_to_relion(matrix[None])[0])
    np.testing.assert_allclose(again, matrix, atol=1e-7)


def test_normals_give_uniform_rotations() -> None:
    """For uniform rotations the trace has mean 0 and variance 1, and every entry of R mean 0 and variance 1/3."""
    rotations = rotation_from_normals(np.random.default_rng(0).normal(size=(20000, 4)))
    assert abs(np.trace(rotations, axis1=1, axis2=2).mean()) < 0.03
    np.testing.assert_allclose(rotations.mean(axis=0), 0, atol=0.015)
    np.testing.assert_allclose(rotations.var(axis=0), 1 / 3, atol=0.01)


def test_rotation_about_an_axis_is_right_handed() -> None:
    np.testing.assert_allclose(rotation_about_axis(np.array([0.0, 0, 2]), 90.0) @ [1, 0, 0], [0, 1, 0], atol=1e-12)
    turned = rotation_about_axis(np.array([1.0, 2, 3]), 40.0)
    assert Rotation.from_matrix(turned).magnitude() == pytest.approx(np.deg2rad(40))
