"""Sets of rotations as they come from outside: checked, and in double precision."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from cryobench.core.checks import require_finite
from cryobench.core.errors import InputError

MIRROR = np.diag([1.0, 1.0, -1.0])
"""M. The image of a map at R is that of the mirrored map at M R M."""

_TOLERANCE = 1e-3


def require_rotations(
    name: str, rotations: Float[np.ndarray, ...], *, reflections: bool = False
) -> Float64[np.ndarray, "N 3 3"]:
    """Return rotations in double precision, or raise.

    Parameters
    ----------
    name
        What they are, for the message.
    rotations
        Shape (N, 3, 3), N at least 1.
    reflections
        Whether a set of nothing but reflections (determinant -1) is taken too.

    Raises
    ------
    InputError
        Naming the first row that is not finite, not orthogonal, or of another determinant than it should be.
    """
    if rotations.ndim != 3 or rotations.shape[1:] != (3, 3) or not len(rotations):
        raise InputError(f"{name} have shape {rotations.shape}: expected (N, 3, 3), a matrix for each particle")
    require_finite(name, rotations)
    matrices = np.ascontiguousarray(rotations, dtype=np.float64)
    gram = np.matmul(matrices, matrices.transpose(0, 2, 1))
    skewed = np.flatnonzero(np.abs(gram - np.eye(3)).max(axis=(1, 2)) > _TOLERANCE)
    if skewed.size:
        raise InputError(f"{name}, row {skewed[0]}: the matrix is not orthogonal: expected a 3 x 3 rotation matrix")
    determinants = np.linalg.det(matrices)
    expected = np.sign(determinants[0]) if reflections else 1.0
    odd = np.flatnonzero(np.sign(determinants) != expected)
    if odd.size:
        wanted = f"{expected:+.0f}, as row 0 has" if reflections else "+1, a rotation"
        raise InputError(
            f"{name}, row {odd[0]}: the determinant is {-expected:+.0f}, expected {wanted}. "
            "The poses of a mirrored map are M R M with M = diag(1, 1, -1)"
        )
    return matrices


def require_operators(name: str, operators: Float[np.ndarray, ...]) -> Float64[np.ndarray, "n 3 3"]:
    """Return the operators of a point group in double precision, or raise.

    Raises
    ------
    InputError
        If one is not a rotation, if the identity is missing, or if a product of two is not among them.
    """
    group = require_rotations(name, operators)
    flat = group.reshape(-1, 9)

    def missing(matrices: Float64[np.ndarray, "m 3 3"]) -> bool:
        # Two rotations have the trace 3 where they are the same.
        return bool((np.matmul(matrices.reshape(-1, 9), flat.T).max(axis=1) < 3 - _TOLERANCE).any())

    if missing(np.eye(3)[None]):
        raise InputError(f"{name} lack the identity: give every operator of the group")
    if any(missing(np.matmul(operator, group)) for operator in group):
        raise InputError(f"{name} are not a group: a product of two of them is not among them")
    return group
