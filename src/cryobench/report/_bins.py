"""Neighbouring states put together, where there are more than a reader, or a page, can take one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cryobench.report._states import States

MOST_COLUMNS = 500
"""Of states that a heat map shows one by one."""

MOST_LINES = 150
"""Of states whose curves are kept one by one."""

_NAMED = 12


@dataclass(frozen=True)
class Bins:
    """Runs of states in their order: the first and the last state of each, and of how many states there is something.

    Where ``count`` is that of the bins, each is a single state.
    """

    first: tuple[int, ...]
    last: tuple[int, ...]
    count: int

    def __len__(self) -> int:
        return len(self.first)

    @property
    def single(self) -> bool:
        """Whether each bin is one state."""
        return self.count == len(self.first)

    @property
    def note(self) -> str:
        """What a reader has to know of the bins, empty where each is a single state."""
        if self.single:
            return ""
        each = self.count / len(self.first)
        return f"{self.count:,} states in {len(self):,} groups: each is the mean over about {each:.0f} neighbours."

    def names(self, states: Sequence[str] | States) -> list[str]:
        """Return what the bins are called."""
        known = states.names if isinstance(states, States) else states
        return [
            known[low] if low == high else f"{known[low]} to {known[high]}"
            for low, high in zip(self.first, self.last, strict=True)
        ]


def binned(
    values: Float[np.ndarray, "m S"], states: Int[np.ndarray, " S"], most: int
) -> tuple[Float[np.ndarray, "m B"], Bins]:
    """Return the means of runs of neighbouring columns, NaN where a run has no number, and what the runs are.

    Parameters
    ----------
    values
        Shape (m, S), NaN where there is none.
    states
        Of the columns, shape (S,), ascending.
    most
        How many columns there may be; so many or fewer are returned as they are.
    """
    count = len(states)
    if count <= most:
        single = tuple(states.tolist())
        return values, Bins(single, single, count)
    starts = np.unique(np.linspace(0, count, most + 1).round().astype(np.int64)[:-1])
    known = np.isfinite(values)
    sums = np.add.reduceat(np.where(known, values, 0.0), starts, axis=1)
    counts = np.add.reduceat(known.astype(np.int64), starts, axis=1)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    ends = np.append(starts[1:], count) - 1
    return means, Bins(tuple(states[starts].tolist()), tuple(states[ends].tolist()), count)


def state_means(
    states: Int[np.ndarray, " n"], values: Float[np.ndarray, "n ..."]
) -> tuple[Int[np.ndarray, " S"], Float[np.ndarray, "S ..."]]:
    """Return the states that there are, ascending, and the mean of the values of each, shape (S, ...)."""
    found, place = np.unique(states, return_inverse=True)
    counts = np.bincount(place, minlength=len(found))
    flat = values.reshape(len(states), -1).astype(np.float64)
    sums = np.stack([np.bincount(place, column, minlength=len(found)) for column in flat.T], axis=1)
    return found.astype(np.int64), (sums / counts[:, None]).reshape(len(found), *values.shape[1:])


def named_places(count: int) -> list[int]:
    """Return which of some places on an axis have a name, at even distances."""
    return list(range(0, count, math.ceil(count / _NAMED)))
