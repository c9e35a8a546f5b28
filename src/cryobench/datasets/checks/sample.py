"""Which particles are looked at where not all can be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from cryobench.core import stream

MOST_STATES = 24
"""States whose true volumes are read."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Some particles of some states.

    Parameters
    ----------
    indices
        Of the particles, ascending within each state, shape (n,).
    labels
        Their states, ascending, shape (n,).
    states
        Number of states that the dataset has particles of.
    """

    indices: Int64[np.ndarray, " n"]
    labels: Int64[np.ndarray, " n"]
    states: int

    @property
    def chosen(self) -> Int64[np.ndarray, " S"]:
        """The states of the sample."""
        return np.unique(self.labels)

    def __len__(self) -> int:
        return len(self.indices)

    def only(self, keep: Bool[np.ndarray, " n"]) -> Sample:
        """Return those of its particles that are to be kept."""
        return Sample(self.indices[keep], self.labels[keep], self.states)

    def words(self) -> str:
        """Return how many of what."""
        chosen = len(self.chosen)
        states = f"{chosen} of {self.states} states" if chosen < self.states else f"{chosen} states"
        return f"{len(self):,} images of {'1 state' if self.states == 1 else states}"


def draw_sample(labels: Int64[np.ndarray, " N"], images: int, least: int, seed: int) -> Sample:
    """Return a sample with about the same number of images of each of at most 24 states, evenly spread.

    Where states have fewer images than ``least``, as frames have, a twentieth of ``images`` is the most.

    Parameters
    ----------
    labels
        State of each particle, shape (N,).
    images
        How many in all, at most; at least one of each state that is chosen.
    least
        States with fewer particles are left out, unless fewer than two would remain.
    seed
        Of the draw within a state.
    """
    found, counts = np.unique(labels, return_counts=True)
    enough = found[counts >= least]
    candidates = found if len(enough) < 2 else enough
    most = MOST_STATES if len(enough) >= 2 else max(MOST_STATES, images // 20)
    count = min(len(candidates), most, max(2, images // least) if len(enough) >= 2 else images)
    chosen = candidates[np.arange(count) * len(candidates) // count]
    quota = max(1, images // count)
    drawn = []
    for state in chosen:
        members = np.flatnonzero(labels == state)
        if len(members) > quota:
            members = np.sort(stream(seed, "check-sample", int(state)).choice(members, quota, replace=False))
        drawn.append(members)
    return Sample(np.concatenate(drawn), np.repeat(chosen, [len(members) for members in drawn]), len(found))
