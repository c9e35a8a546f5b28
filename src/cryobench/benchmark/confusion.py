"""Which states a method takes for which: its map of each state against the true map of every state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from cryobench.benchmark.tables import csv_text
from cryobench.benchmark.volumes import UNUSABLE, Task, in_frame
from cryobench.core import InputError, Progress, Score, Truth, Volume
from cryobench.metrics import STATE_IDENTIFICATION, bootstrap_mean, fsc_auc_matrix, identified_states, transform_map


@dataclass(frozen=True, eq=False)
class Confusion:
    """FSC AUC of recovered maps (rows) with true maps (columns), shape (S, S), standard convention.

    Rows of maps that could not be scored hold NaN.
    """

    method: str
    names: tuple[str, ...]
    areas: Float64[np.ndarray, "S S"]

    def score(self, seed: int) -> Score:
        """Return the fraction of the states that are told apart from all others."""
        values = identified_states(self.areas)
        return Score(
            metric=STATE_IDENTIFICATION,
            method=self.method,
            protocol="per-conformation",
            convention="standard",
            statistic="mean",
            value=float(values.mean()),
            spread=float(values.std()),
            interval=bootstrap_mean(values, "states", seed),
            n=len(values),
            ceiling=1.0,
            floor=1 / len(values),
        )

    def text(self) -> str:
        """Return the matrix as comma-separated values: a row for each recovered map, a column for each true one."""
        rows = [[name, *map(repr, row)] for name, row in zip(self.names, self.areas.tolist(), strict=True)]
        return csv_text(("recovered", *self.names), rows)


class _Claimed:
    """The method's maps of some states, in the frame of the truth; ``like`` is a true map, for its grid."""

    def __init__(self, task: Task, like: Volume, places: list[int]) -> None:
        self._task, self._like, self._places = task, like, places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Volume:
        place = self._places[index]
        volume = self._task.volumes.at(int(self._task.particles[place]))
        return in_frame(volume, self._like, self._task.gauge, "the volume")


def confusion(task: Task, truth: Truth, progress: Progress) -> Confusion:
    """Return the matrix of a task with one particle for each state, in the order of the states.

    Raises
    ------
    InputError
        If each map has a frame of its own: maps of all states could then be turned onto one.
    """
    if task.gauge == "each":
        raise InputError("a matrix of states needs one frame for all volumes: align with one transform, or not at all")
    states = list(range(len(truth.states)))
    like = truth.volumes[0]
    usable = [place for place in states if _scorable(_Claimed(task, like, [place]), truth.mask)]
    areas = np.full((len(states),) * 2, np.nan)
    if usable:
        claimed = _Claimed(task, like, usable)
        areas[usable] = fsc_auc_matrix(claimed, truth.volumes, truth.mask, progress=progress)
    return Confusion(task.method, tuple(state.name for state in truth.states), areas)


def _scorable(claimed: _Claimed, mask: Volume | None) -> bool:
    try:
        transform_map(claimed[0], mask)
    except UNUSABLE:
        return False
    return True
