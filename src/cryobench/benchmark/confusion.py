"""Which states a method takes for which: its map of each state against the true map of every state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from cryobench.align import Transform, transform_volume
from cryobench.benchmark.tables import csv_text
from cryobench.benchmark.volumes import Task
from cryobench.core import CryobenchError, InputError, Progress, Score, Truth, Volume
from cryobench.core.maps import require_map
from cryobench.metrics import STATE_IDENTIFICATION, bootstrap_mean, fsc_auc_matrix, identified_states


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
    """The method's maps by state; what cannot be scored is told apart beforehand."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self.chosen = list(range(len(task.particles)))

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, place: int) -> Volume:
        volume = self._task.volumes.at(int(self._task.particles[self.chosen[place]]))
        return transform_volume(volume, self._task.gauge) if isinstance(self._task.gauge, Transform) else volume


def confusion(task: Task, truth: Truth, progress: Progress) -> Confusion:
    """Return the matrix of a task with one particle for each state, in the order of the states.

    Raises
    ------
    InputError
        If each map has a frame of its own: maps of all states could then be turned onto one.
    """
    if task.gauge == "each":
        raise InputError("a matrix of states needs one frame for all volumes: align with one transform, or not at all")
    claimed = _Claimed(task)
    usable = []
    for place in range(len(claimed)):
        try:
            require_map(claimed[place], "the volume", truth.volumes[place], "the true one")
        except CryobenchError:
            continue
        usable.append(place)
    areas = np.full((len(truth.states),) * 2, np.nan)
    if usable:
        claimed.chosen = usable
        areas[usable] = fsc_auc_matrix(claimed, truth.volumes, truth.mask, progress=progress)
    return Confusion(task.method, tuple(state.name for state in truth.states), areas)
