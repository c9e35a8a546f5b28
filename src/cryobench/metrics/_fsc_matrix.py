"""FSC of many maps with many: which states a method takes for which."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64

from cryobench.core import InputError, MapLike, MetricCard, Progress, silent
from cryobench.metrics._fsc import Convention, fsc_curves, transform_map
from cryobench.metrics._registry import METRICS

STATE_IDENTIFICATION = METRICS.add(
    "state-identification",
    MetricCard(
        name="state-identification",
        label="State identification",
        summary="Fraction of the states whose recovered map has a larger FSC AUC with its own true map than with that "
        "of any other state. Chance is one over the number of states.",
        reference="This package: the diagonal of the matrix of FSC AUC, recovered maps by true maps",
        range=(0.0, 1.0),
        direction="higher",
        unit="",
    ),
)


@runtime_checkable
class MapSource(Protocol):
    """Maps that are held, read or rendered when they are asked for."""

    def __len__(self) -> int:
        """Return their number."""
        ...

    def __getitem__(self, index: int) -> MapLike:
        """Return one of them."""
        ...


MEMORY = 256 * 2**20
"""Bytes of transforms of references that are held at a time."""

_TOGETHER = 4


def fsc_auc_matrix(
    volumes: MapSource,
    references: MapSource,
    mask: MapLike | None = None,
    convention: Convention = "standard",
    memory: int = MEMORY,
    progress: Progress = silent,
) -> Float64[np.ndarray, "a b"]:
    """Return the FSC AUC over its ceiling of each of a maps with each of b references, shape (a, b).

    Parameters
    ----------
    volumes, references
        Maps of one box and pixel size, asked for one by one. References are transformed once; volumes once for each
        block of references that fits in memory.
    mask
        Multiplies all of them before the transform.
    convention
        ``"published"`` or ``"standard"``.
    memory
        Bytes of transforms that may be held at a time; at least one of them is.
    progress
        Told of pairs.

    Raises
    ------
    InputError
        If a map has nothing to correlate, or the grids differ; maps are named by their index.
    """
    areas = np.empty((len(volumes), len(references)))
    advance = progress("FSC of all pairs", areas.size)
    start = 0
    while start < len(references):
        block = [transform_map(references[start], mask, f"reference {start}")]
        fits = max(1, memory // block[0].packed.nbytes)
        end = min(len(references), start + fits)
        block += [transform_map(references[j], mask, f"reference {j}") for j in range(start + 1, end)]
        for first in range(0, len(volumes), _TOGETHER):
            chosen = range(first, min(first + _TOGETHER, len(volumes)))
            claimed = tuple(transform_map(volumes[i], mask, f"volume {i}") for i in chosen)
            curves = fsc_curves(claimed, tuple(block), convention)
            areas[chosen, start:end] = [[curve.auc_over_ceiling for curve in row] for row in curves]
            advance(len(claimed) * len(block))
        start = end
    return areas


def identified_states(areas: Float64[np.ndarray, "S S"]) -> Float64[np.ndarray, " S"]:
    """Return 1 for each state whose map agrees best with its own truth, else 0, shape (S,).

    Parameters
    ----------
    areas
        As of :func:`fsc_auc_matrix`: recovered maps by true maps, both in the order of the states. A row that is not
        finite, of a map that could not be scored, counts as 0; so does a tie.
    """
    if areas.ndim != 2 or areas.shape[0] != areas.shape[1]:
        raise InputError(f"areas have shape {areas.shape}, expected a row and a column for each state")
    own = np.diag(areas)
    others = np.where(np.eye(len(areas), dtype=bool), -np.inf, areas).max(axis=1, initial=-np.inf)
    return np.where(np.isfinite(own), own > others, False).astype(np.float64)
