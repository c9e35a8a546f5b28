"""Drawing CTF parameters: what particle i gets depends on the seed, i, and its place in its state alone."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from cryobench.core import CTF_COLUMNS, CTFParameters, InputError, Strict, stream, streams
from cryobench.imaging.ctf_presets import CTF_PRESETS, CTFPreset
from cryobench.imaging.ctf_sources import SUFFIXES


class CTFSpec(Strict):
    """Where the CTF parameters come from.

    ``source`` is the name of a preset, or the path of a table. Rows of a table are drawn with ``replacement``, or each
    is used once before any is used again: over the particles of the whole ``dataset``, or over those of each ``state``
    by itself; without ``shuffle`` they are taken in the order of the table, so that row i goes with pose i of the same
    file. Presets have no rows, and none of this changes them. ``phase_shift`` (degrees) is that of a phase
    plate and takes the place of the source's; None leaves the source's.
    """

    source: str = Field(default="parametric", min_length=1)
    replacement: bool = False
    scope: Literal["dataset", "state"] = "dataset"
    shuffle: bool = True
    phase_shift: float | None = Field(default=None, ge=0, le=180)

    @model_validator(mode="after")
    def _rows_are_drawn_or_taken_in_order(self) -> CTFSpec:
        if self.replacement and not self.shuffle:
            raise ValueError("rows are either drawn with replacement or taken in order: choose one of the two")
        if self.source == "none" and self.phase_shift is not None:
            raise ValueError(
                "without a CTF there is no phase shift: leave the phase shift out, or choose another source"
            )
        return self

    @property
    def is_file(self) -> bool:
        """Whether the source is the path of a table: it is no preset's name, and has a folder or a table's suffix."""
        path = PurePath(self.source)
        return self.source not in CTF_PRESETS and (len(path.parts) > 1 or path.suffix.lower() in SUFFIXES)


def draw_ctf(
    spec: CTFSpec,
    seed: int,
    indices: Int[np.ndarray, " n"],
    states: Int[np.ndarray, " n"],
    ranks: Int[np.ndarray, " n"],
    table: CTFParameters | None = None,
) -> CTFParameters:
    """Return the CTF parameters of some particles.

    Parameters
    ----------
    spec
        Where they come from.
    seed
        The dataset's seed.
    indices
        Particle indices, shape (n,).
    states, ranks
        The state of each particle, and how many particles of that state come before it (:func:`state_ranks`).
        Only the scope ``state`` looks at them.
    table
        The table in the file that the spec names, if it names one.

    Raises
    ------
    InputError
        If the spec names a file and there is no table or an empty one, or there is a table and no file.
    UnknownNameError
        If there is no preset of that name.
    """
    if not spec.is_file:
        preset = CTF_PRESETS[spec.source]
        if table is not None:
            raise InputError(f"a CTF table was given, but the source is the preset '{spec.source}': expected a file")
        drawn = _from_preset(preset, seed, indices)
    elif table is None or not len(table):
        raise InputError(f"CTF parameters are to come from '{spec.source}', but its table was not given or has no row")
    else:
        drawn = table[_rows(spec, seed, indices, states, ranks, len(table))]
    values = drawn.table.astype(np.float32)  # files hold single precision: what is simulated is what they say
    if spec.phase_shift is not None:
        values[:, CTF_COLUMNS.index("phase_shift_degrees")] = spec.phase_shift
    return CTFParameters(values.astype(np.float64))


def parametric_ctf(seed: int, indices: Int[np.ndarray, " n"]) -> CTFParameters:
    """Return CTF parameters of a typical 300 kV session, each particle's drawn for its own index.

    They are those of the preset ``parametric``, :class:`~cryobench.imaging.ctf_presets.TypicalSession`.
    """
    return _from_preset(CTF_PRESETS["parametric"], seed, indices)


def sample_ctf(table: CTFParameters, seed: int, indices: Int[np.ndarray, " n"]) -> CTFParameters:
    """Return rows of a table drawn without replacement until it is used up, then again in the same order.

    The row of a particle depends on the seed and its own index alone.
    """
    return table[_permuted(len(table), seed, 0, indices)]


def state_ranks(states: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Return how many particles of its own state come before each particle, shape (n,).

    Parameters
    ----------
    states
        State of every particle of the dataset, in order, shape (n,).
    """
    ranks = np.empty(len(states), dtype=np.int64)
    order = np.argsort(states, kind="stable")
    _, starts, counts = np.unique(states[order], return_index=True, return_counts=True)
    ranks[order] = np.arange(len(states)) - np.repeat(starts, counts)
    return ranks


def _from_preset(preset: CTFPreset, seed: int, indices: Int[np.ndarray, " n"]) -> CTFParameters:
    rows = [preset.draw(generator) for generator in streams(seed, "ctf", indices)]
    return CTFParameters(np.array(rows, dtype=np.float32).reshape(-1, len(CTF_COLUMNS)).astype(np.float64))


def _rows(
    spec: CTFSpec,
    seed: int,
    indices: Int[np.ndarray, " n"],
    states: Int[np.ndarray, " n"],
    ranks: Int[np.ndarray, " n"],
    size: int,
) -> Int[np.ndarray, " n"]:
    if not spec.shuffle:
        return (indices if spec.scope == "dataset" else ranks) % size
    if spec.replacement:
        drawn = [generator.integers(size) for generator in streams(seed, "ctf row", indices)]
        return np.array(drawn, dtype=np.int64)
    if spec.scope == "dataset":
        return _permuted(size, seed, 0, indices)
    rows = np.empty(len(indices), dtype=np.int64)
    for state in np.unique(states).tolist():
        mine = states == state
        rows[mine] = _permuted(size, seed, 1 + state, ranks[mine])
    return rows


def _permuted(size: int, seed: int, which: int, places: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Return rows at some places of a permutation that repeats, number 0 the dataset's and 1 + s that of state s."""
    return np.asarray(stream(seed, "ctf table", which).permutation(size)[places % size])
