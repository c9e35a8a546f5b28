"""Moving a network of points far without tearing what lies close together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg
from jaxtyping import Float64, Int

_PASSES = 2
_FALL = 4  # a pair counts with its distance to the power of minus this: bonds far more than contacts


@dataclass(frozen=True, eq=False)
class NearRigid:
    """Points at rest, and which of them hold on to which.

    Parameters
    ----------
    points
        Positions at rest in Å, shape (n, 3).
    ends
        The two points of each link, shape (2, L), every link in both directions.
    weights
        How much each link counts, shape (L,).
    solve
        Solves the network's Laplacian for right-hand sides of shape (n, 3).
    """

    points: Float64[np.ndarray, "n 3"]
    ends: Int[np.ndarray, "2 L"]
    weights: Float64[np.ndarray, " L"]
    solve: Callable[[np.ndarray], np.ndarray]

    @classmethod
    def of(cls, points: Float64[np.ndarray, "n 3"], pairs: Int[np.ndarray, "P 2"]) -> NearRigid:
        """Return the network of ``points`` in Å linked by ``pairs``, which has to hang together."""
        n = len(points)
        ends = np.concatenate([pairs, pairs[:, ::-1]]).T
        weights = np.linalg.norm(points[ends[0]] - points[ends[1]], axis=1) ** -_FALL
        weights /= weights.mean()
        laplacian = sp.diags_array(np.bincount(ends[0], weights, n)) - sp.coo_array((weights, tuple(ends)), (n, n))
        # Only differences matter; without this the matrix could not be factorised.
        grounded = (laplacian + 1e-9 * sp.eye_array(n)).tocsc()
        return cls(points, ends, weights, factorised(grounded).solve)

    def follow(
        self, moved: Float64[np.ndarray, "n 3"]
    ) -> tuple[Float64[np.ndarray, "n 3"], Float64[np.ndarray, "n 3 3"]]:
        """Return positions near ``moved`` in which every neighbourhood keeps its shape, and how each is turned.

        As rigid as possible: each point's links are turned by the rotation that fits them best, then positions are
        found that fit the turned links best, twice. The centre stays that of ``moved``.

        References
        ----------
        Sorkine and Alexa, "As-rigid-as-possible surface modeling", Symposium on Geometry Processing (2007).
        """
        first, second = self.ends
        rest = self._links(self.points)
        placed = moved
        for _ in range(_PASSES):
            turns = self._turns(placed)
            wanted = np.einsum("lij,lj->li", (turns[first] + turns[second]) / 2, rest)
            placed = placed + self.solve(self._gathered(wanted - self._links(placed)))
        return placed + (moved - placed).mean(axis=0), self._turns(placed)

    def _turns(self, placed: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3 3"]:
        """Return the rotation of each point's links from rest to ``placed`` that fits best (Kabsch)."""
        outer = np.einsum("li,lj->lij", self._links(placed), self._links(self.points))
        covariances = self._gathered(outer.reshape(-1, 9)).reshape(-1, 3, 3)
        left, _, right = np.linalg.svd(covariances)
        left[:, :, 2] *= np.linalg.det(left @ right)[:, None]
        return np.asarray(left @ right)

    def _links(self, points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "L 3"]:
        """Return the vector of each link, from its second end to its first."""
        return np.asarray(points[self.ends[0]] - points[self.ends[1]])

    def _gathered(self, values: Float64[np.ndarray, "L m"]) -> Float64[np.ndarray, "n m"]:
        """Return the weighted sum over each point's links."""
        return np.stack([np.bincount(self.ends[0], self.weights * v, len(self.points)) for v in values.T], axis=1)


def factorised(matrix: sp.csc_array) -> scipy.sparse.linalg.SuperLU:
    """Return the sparse factors of a symmetric positive definite matrix."""
    return scipy.sparse.linalg.splu(
        matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )
