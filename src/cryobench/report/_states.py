"""Which state of the truth an item, a curve or a point belongs to, and what the states are called."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cryobench.core import Curve, ItemValues, Results


@dataclass(frozen=True)
class States:
    """The states that a report can select, by their index.

    ``values`` are their collective variables, ``None`` where they are not known.
    """

    names: tuple[str, ...]
    values: tuple[float | None, ...]

    def __len__(self) -> int:
        return len(self.names)

    def places(self, names: Sequence[str]) -> list[int]:
        """Return the states of these names, or the first ones where the names do not tell."""
        known = {name: state for state, name in enumerate(self.names)}
        if len(known) == len(self.names) and all(name in known for name in names):
            return [known[name] for name in names]
        return list(range(len(names)))


def known_states(results: Results) -> States:
    """Return the states that the records and arrays of a run speak of."""
    document = results.document
    names = {state.index: state.name for state in document.states}
    for matrix in document.matrices:
        for state, name in enumerate(matrix.names):
            names.setdefault(state, name)
    for curve in document.curves:
        if curve.protocol == "per-conformation":
            places = curve_states(curve, results) or ()
            for state, name in zip(places, curve.item_names, strict=False):
                names.setdefault(state, name)
    seen = [surface.state for surface in results.surfaces]
    seen += [int(items.states.max()) for items in results.items if len(items.states)]
    seen += [int(embedding.labels.max()) for embedding in results.embeddings if len(embedding.labels)]
    count = max([*names, *seen], default=-1) + 1
    key = document.coordinate.name
    values = {state.index: state.variables[key] for state in document.states if key in state.variables}
    for embedding in results.embeddings:
        found, first = np.unique(embedding.labels, return_index=True)
        for state, value in zip(found.tolist(), embedding.colours[first].tolist(), strict=True):
            values.setdefault(state, value)
    return States(
        tuple(names.get(state, f"state {state}") for state in range(count)),
        tuple(values[state] if math.isfinite(values.get(state, math.nan)) else None for state in range(count)),
    )


def curve_states(curve: Curve, results: Results) -> tuple[int, ...] | None:
    """Return the state of each item of a curve, or ``None`` where that is not known."""
    if not curve.items:
        return None
    # Names first: values of the same number may stand in another order than the curves.
    for names in ([state.name for state in results.document.states], *(m.names for m in results.document.matrices)):
        places = {name: state for state, name in enumerate(names)}
        if len(places) == len(names) > 0 and all(name in places for name in curve.item_names):
            return tuple(places[name] for name in curve.item_names)
    for items in results.items:
        if _same(items, curve) and len(items.states) == len(curve.items):
            return tuple(items.states.tolist())
    # One map for each state, in their order.
    return tuple(range(len(curve.items))) if curve.protocol == "per-conformation" else None


def _same(items: ItemValues, curve: Curve) -> bool:
    return (
        items.metric.name == curve.metric.name
        and items.method == curve.method
        and items.protocol == curve.protocol
        and items.convention == curve.convention
    )
