"""A space of particles whose neighbours several measures share."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from cryobench.metrics import nearest_neighbours
from cryobench.ops.neighbours import Neighbours


class Space:
    """Points of N particles, and their neighbours, computed once.

    Parameters
    ----------
    points
        Shape (N, d).
    """

    def __init__(self, points: Float[np.ndarray, "N d"]) -> None:
        self.points = points
        self._neighbours: Neighbours | None = None

    def __len__(self) -> int:
        return len(self.points)

    def neighbours(self, k: int) -> Neighbours:
        """Return the k nearest other points of each; ask for the largest k first, for the others are part of it."""
        if self._neighbours is None or self._neighbours.k < k:
            self._neighbours = self._find(k)
        return self._neighbours.first(k)

    def shuffled(self, order: Int[np.ndarray, " N"]) -> Space:
        """Return the space in which particle i has the place of particle ``order[i]``."""
        return _ShuffledSpace(self, order)

    def part(self, rows: Int[np.ndarray, " m"]) -> Space:
        """Return the space of some of the particles."""
        return Space(self.points[rows])

    def _find(self, k: int) -> Neighbours:
        return nearest_neighbours(self.points, k)


class _ShuffledSpace(Space):
    """A space dealt out anew: its neighbours are those of the origin under other names, and are not searched again."""

    def __init__(self, origin: Space, order: Int[np.ndarray, " N"]) -> None:
        super().__init__(origin.points[order])
        self._origin, self._order = origin, order

    def _find(self, k: int) -> Neighbours:
        place = np.empty(len(self), dtype=np.int32)
        place[self._order] = np.arange(len(self), dtype=np.int32)
        return Neighbours(place[self._origin.neighbours(k).indices[self._order]])
