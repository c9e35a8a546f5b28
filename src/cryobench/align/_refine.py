"""Continuous refinement of a turn and a shift."""

from __future__ import annotations

import numpy as np
import scipy.optimize
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

from cryobench.align._spectrum import SpectrumPair
from cryobench.ops.overlap import overlap
from cryobench.ops.slices import turned_transforms

_SURE = 0.99
_GAIN = 1e-9
"""Relative gain of a step below which the search ends."""


def fsc_weights(pair: SpectrumPair, fsc: Float64[np.ndarray, " s"]) -> Float64[np.ndarray, " s"]:
    """Return the weight of each shell: that of the most likely match, given how well the shells agree.

    Two maps of one signal with noise of their own, whose correlation in a shell is c, have their likelihood from the
    flattened product times c / (1 - c^2). Shells that do not agree get nothing.
    """
    agreeing = np.clip(fsc, 0.0, _SURE)
    return np.asarray(pair.flat * agreeing / (1 - agreeing**2))


def refine(
    pair: SpectrumPair,
    matrix: Float64[np.ndarray, "3 3"],
    shift: Float64[np.ndarray, " 3"],
    weights: Float64[np.ndarray, " s"],
    steps: int,
) -> tuple[Float64[np.ndarray, "3 3"], Float64[np.ndarray, " 3"], float]:
    """Return the matrix and shift near the given ones where the weighted correlation is largest, and its value.

    Parameters
    ----------
    pair
        The maps, with moments.
    matrix, shift
        Where to start; the shift in voxels of the pair's box.
    weights
        Weight of each shell.
    steps
        Most steps of the quasi-Newton search.
    """
    conjugate, spread = pair.conjugate(weights), pair.spread(weights)
    radius = pair.box / 4  # turns by this part of a radian move the molecule's outside by about a voxel

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        turn = parameters[:3] / radius
        turned = Rotation.from_rotvec(turn).as_matrix() @ matrix
        transforms = turned_transforms(pair.grid, turned[None], reach=pair.reach)[0]
        found = overlap(transforms, conjugate, spread, turned, parameters[3:])
        by_turn = _left_jacobian(turn).T @ found.by_turn / radius
        return -found.value / scale, -np.concatenate((by_turn, found.by_shift)) / scale

    scale = 1.0
    start = np.concatenate((np.zeros(3), shift))
    scale = max(abs(loss(start)[0]), np.finfo(np.float64).tiny)
    options = {"maxiter": steps, "ftol": _GAIN, "gtol": 1e-7}
    best = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    turned = Rotation.from_rotvec(best.x[:3] / radius).as_matrix() @ matrix
    return turned, np.asarray(best.x[3:]), -float(best.fun) * scale


def _left_jacobian(turn: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "3 3"]:
    """Return how a change of a rotation vector turns its rotation further, shape (3, 3)."""
    angle = float(np.linalg.norm(turn))
    cross = np.cross(np.eye(3), turn)
    if angle < 1e-6:
        return np.eye(3) - cross / 2
    once, twice = (1 - np.cos(angle)) / angle**2, (angle - np.sin(angle)) / angle**3
    return np.asarray(np.eye(3) - once * cross + twice * cross @ cross)
