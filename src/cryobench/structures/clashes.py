"""Atoms that come too close."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64
from scipy.spatial import cKDTree

Coordinates = Float64[np.ndarray, "_ 3"]


def contacts(a: Coordinates, b: Coordinates, distance: float) -> int:
    """Return the number of pairs of an atom of ``a`` and one of ``b`` that are no further apart than a distance.

    Parameters
    ----------
    a, b
        Positions in Å, shapes (n, 3) and (m, 3).
    distance
        In Å.
    """
    return int(cKDTree(a).count_neighbors(cKDTree(b), distance))


def atoms_near(a: Coordinates, b: Coordinates | cKDTree, distance: float) -> Bool[np.ndarray, " _"]:
    """Return which atoms of ``a`` have any atom of ``b`` no further away than a distance, shape (n,).

    Parameters
    ----------
    a, b
        Positions in Å, shapes (n, 3) and (m, 3). For ``b``, their tree does as well: it saves time when many sets of
        atoms meet the same ones.
    distance
        In Å.
    """
    tree = b if isinstance(b, cKDTree) else cKDTree(b)
    return np.asarray(tree.query_ball_point(a, distance, return_length=True) > 0)


def atoms_within(a: Coordinates, b: Coordinates | cKDTree, distance: float) -> int:
    """Return how many atoms of ``a`` have any atom of ``b`` no further away than a distance.

    Parameters
    ----------
    a, b, distance
        As for :func:`atoms_near`.
    """
    return int(np.count_nonzero(atoms_near(a, b, distance)))
