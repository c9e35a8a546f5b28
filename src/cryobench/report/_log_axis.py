"""Edges of bins that grow by a factor, and the axis on which such bins are equally wide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class BinAxis:
    """Where the edges of bins are drawn; ``note`` says what a reader cannot see, empty where that is nothing."""

    edges: tuple[float, ...]
    logarithmic: bool
    note: str


def bin_axis(edges: Sequence[float], unit: str) -> BinAxis:
    """Return an axis on which bins are equally wide, so that the height of one is what lies in it.

    Parameters
    ----------
    edges
        Ascending. Where they grow by steps the axis is linear, else logarithmic; a first edge of zero, which a
        logarithmic axis has no place for, is drawn one step below the second.
    unit
        Of the edges.
    """
    values = np.asarray(edges, dtype=np.float64)
    widths = np.diff(values)
    if len(values) < 4 or np.allclose(widths, widths[0]) or values[0] < 0 or values[1] <= 0:
        return BinAxis(tuple(values.tolist()), logarithmic=False, note="")
    drawn = values.copy()
    low, high = (f"{end:g}{unit}" if unit == "°" else f"{end:g} {unit}".strip() for end in (values[1], values[-1]))
    note = f"Logarithmic axis, bins of equal width on it; the last one holds what is above {high} too"
    if values[0] == 0:
        drawn[0] = values[1] ** 2 / values[2]
        note += f", the first one all below {low}"
    return BinAxis(tuple(drawn.tolist()), logarithmic=True, note=f"{note}.")


def decades(low: float, high: float) -> list[float]:
    """Return the powers of ten between two positive numbers."""
    first, last = int(np.ceil(np.log10(low) - 1e-9)), int(np.floor(np.log10(high) + 1e-9))
    return [10.0**power for power in range(first, last + 1)]
