"""A space of particles whose neighbours and clusters several measures share."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, Int32

from cryobench.core import stream
from cryobench.metrics import Neighbours, cluster_latents, nearest_neighbours

MOST_HELD = 2**28
"""Bytes of neighbours that a space holds at most; above that they are found again whenever they are needed."""

CLUSTERINGS = 5
"""Runs of k-means, each from a start of its own."""


class Space:
    """Points of N particles, with what was found of them.

    Parameters
    ----------
    points
        Shape (N, d).
    """

    def __init__(self, points: Float[np.ndarray, "N d"]) -> None:
        self.points = points
        self._neighbours: Neighbours | None = None
        self._clusterings: dict[tuple[int, int], Int32[np.ndarray, "S N"]] = {}

    def __len__(self) -> int:
        return len(self.points)

    def holds(self, k: int) -> bool:
        """Return whether k neighbours of each particle may be held."""
        return 4 * k * len(self) <= MOST_HELD

    def neighbours(self, k: int) -> Neighbours:
        """Return the k nearest other points of each; ask for the largest k first, for the others are part of it."""
        if self._neighbours is None or self._neighbours.k < k:
            self._neighbours = self._find(k)
        return self._neighbours.first(k)

    def near(self, k: int) -> Neighbours | Float[np.ndarray, "N d"]:
        """Return k neighbours of each particle where they may be held, else the points to find them from."""
        return self.neighbours(k) if self.holds(k) else self.points

    def clusterings(self, number: int, seed: int) -> Int32[np.ndarray, "S N"]:
        """Return k-means clusters of the particles, of several seeds, shape (:data:`CLUSTERINGS`, N)."""
        if (number, seed) not in self._clusterings:
            self._clusterings[number, seed] = self._cluster(number, seed)
        return self._clusterings[number, seed]

    def shuffled(self, order: Int[np.ndarray, " N"], number: int = 0) -> Space:
        """Return the space in which particle i has the place of particle ``order[i]``; ``number`` is the shuffle's."""
        return _ShuffledSpace(self, order, number)

    def part(self, rows: Int[np.ndarray, " m"]) -> Space:
        """Return the space of some of the particles."""
        return Space(self.points[rows])

    def _find(self, k: int) -> Neighbours:
        return nearest_neighbours(self.points, k)

    def _cluster(self, number: int, seed: int) -> Int32[np.ndarray, "S N"]:
        return cluster_latents(self.points, number, [seed + i for i in range(CLUSTERINGS)])


class _ShuffledSpace(Space):
    """A space dealt out anew: what was found in the origin holds under other names, and is not searched again."""

    def __init__(self, origin: Space, order: Int[np.ndarray, " N"], number: int) -> None:
        super().__init__(origin.points[order])
        self._origin, self._order, self._number = origin, order, number

    def _find(self, k: int) -> Neighbours:
        place = np.empty(len(self), dtype=np.int32)
        place[self._order] = np.arange(len(self), dtype=np.int32)
        return Neighbours(place[self._origin.neighbours(k).indices[self._order]])

    def _cluster(self, number: int, seed: int) -> Int32[np.ndarray, "S N"]:
        found = self._origin.clusterings(number, seed)
        # Another run of k-means would find others: which of them it is varies with the shuffle.
        chosen = stream(seed, "clusterings of a shuffle", self._number).integers(len(found), size=len(found))
        return np.ascontiguousarray(found[chosen][:, self._order])
