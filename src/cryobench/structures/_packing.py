"""Bringing rigid bodies together until they touch."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

TOUCHING = 5.0
"""Distance between the nearest CA of two bodies that touch, in Å."""
NEAR = 9.0
"""Distance in Å up to which two CA count as a contact."""

Points = Float64[np.ndarray, "_ 3"]


def touching_along(
    moving: Points,
    direction: Float64[np.ndarray, " 3"],
    fixed: Points,
    turns: Float64[np.ndarray, "g 3 3"],
) -> tuple[float, int]:
    """Return how far a body has to stand off along a direction to touch, and the number of contacts it then has.

    The body comes from infinity, against ``direction``, and stops at the first touch. Its symmetry copies move with it.

    Parameters
    ----------
    moving
        CA of the body in Å, shape (n, 3).
    direction
        Unit vector.
    fixed
        CA that stay in Å, shape (m, 3).
    turns
        Rotations about the origin that make the body's copies, the identity left out, shape (g, 3, 3).

    Returns
    -------
    Displacement along ``direction`` in Å, minus infinity if it never touches; and the pairs of CA within
    :data:`NEAR`.
    """
    sets = [_those_ahead(moving, direction, fixed), *(moving @ turn.T for turn in turns)]
    speeds = [direction, *(direction - turn @ direction for turn in turns)]  # of the body towards the set
    roots = [_last_touch(moving, other, speed) for other, speed in zip(sets, speeds, strict=True)]
    away = max(roots)
    if not np.isfinite(away):
        return away, 0
    arrived = moving + away * direction
    copies = [arrived @ turn.T for turn in turns]
    contacts = sum(int(np.sum(_squared(arrived, other) < NEAR**2)) for other in (sets[0], *copies))
    return away, contacts


def _those_ahead(moving: Points, direction: Float64[np.ndarray, " 3"], fixed: Points) -> Points:
    """Return the fixed points that the body could meet, or come near to, on its way."""
    centre = moving.mean(axis=0)
    reach = np.sqrt(np.max(np.sum((moving - centre) ** 2, axis=1))) + NEAR
    between = fixed - centre
    along = between @ direction
    return np.asarray(fixed[np.sum(between**2, axis=1) - along**2 < reach**2])


def _last_touch(moving: Points, other: Points, speed: Float64[np.ndarray, " 3"]) -> float:
    """Return the largest t at which two points of ``moving + t speed`` and ``other`` are one touch apart."""
    square = float(speed @ speed)
    if not len(other) or square < 1e-9:
        return -np.inf
    along = (other @ speed)[None] - (moving @ speed)[:, None]
    inside = along**2 - square * (_squared(moving, other) - TOUCHING**2)
    roots = np.where(inside >= 0, along + np.sqrt(np.maximum(inside, 0)), -np.inf)
    return float(roots.max() / square)


def _squared(a: Float64[np.ndarray, "n 3"], b: Float64[np.ndarray, "m 3"]) -> Float64[np.ndarray, "n m"]:
    """Return the squared distance between each point of ``a`` and each of ``b``."""
    return np.asarray(np.sum(a**2, axis=1)[:, None] + np.sum(b**2, axis=1)[None] - 2 * a @ b.T)


def hangs_together(bodies: list[Points]) -> bool:
    """Return whether the contacts between bodies, given by their CA in Å, join all of them."""
    owner: Int[np.ndarray, " n"] = np.repeat(np.arange(len(bodies)), [len(body) for body in bodies])
    pairs = cKDTree(np.concatenate(bodies)).query_pairs(NEAR, output_type="ndarray")
    links = coo_array((np.ones(len(pairs)), tuple(owner[pairs].T)), (len(bodies),) * 2)
    return bool(connected_components(links, directed=False)[0] == 1)
