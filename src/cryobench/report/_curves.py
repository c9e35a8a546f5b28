"""Curves put together by what they show, with the band of their items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from cryobench.core import Curve, MetricCard, ResultsDocument
from cryobench.report._style import known_method, protocol_text

SPATIAL_FREQUENCY = "1/Å"
"""The unit of x that makes a curve a Fourier shell correlation: thresholds and resolutions are drawn with it."""

THRESHOLDS = (0.143, 0.5)


@dataclass(frozen=True)
class CurveGroup:
    """Curves of one metric, protocol, convention and x axis, in the order of the methods: one plot."""

    metric: MetricCard
    protocol: str
    convention: str
    label: str
    x_label: str
    x_unit: str
    curves: tuple[Curve, ...]

    @property
    def title(self) -> str:
        """Return what the plot shows, in words."""
        return f"{self.label}: {protocol_text(self.protocol, self.convention)}".removesuffix(": ")

    @property
    def is_shell_correlation(self) -> bool:
        """Whether x is a spatial frequency in 1/Å."""
        return self.x_unit == SPATIAL_FREQUENCY


def group_curves(document: ResultsDocument) -> tuple[CurveGroup, ...]:
    """Return the groups in the order first met.

    Raises
    ------
    InputError
        If a curve belongs to a method that the document does not describe.
    """
    order = {card.name: place for place, card in enumerate(document.methods)}
    groups: dict[tuple[str, str, str, str, str, str], list[Curve]] = {}
    for curve in document.curves:
        known_method(curve.method, order)
        key = (curve.metric.name, curve.protocol, curve.convention, curve.label, curve.x_label, curve.x_unit)
        groups.setdefault(key, []).append(curve)
    return tuple(
        CurveGroup(curves[0].metric, *key[1:], tuple(sorted(curves, key=lambda curve: order[curve.method])))
        for key, curves in groups.items()
    )


def band(curve: Curve) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]] | None:
    """Return the 10th and the 90th percentile over the items at each x, or ``None`` where there are fewer than two."""
    if len(curve.items) < 2:
        return None
    items = np.asarray(curve.items, dtype=np.float64)
    if not np.isfinite(items).all():
        return None
    low, high = np.percentile(items, (10, 90), axis=0)
    return low, high


def item_means(curve: Curve) -> Float64[np.ndarray, " items"]:
    """Return the mean over x of each item's curve, NaN where a value of it is not finite."""
    return np.asarray(np.mean(np.asarray(curve.items, dtype=np.float64), axis=1))


def frequency_ticks(highest: float) -> tuple[list[float], list[str]]:
    """Return ticks for a spatial frequency axis, labelled with the frequency and below it the resolution in Å.

    Parameters
    ----------
    highest
        Largest spatial frequency in 1/Å.
    """
    if not highest > 0:
        return [], []
    power = 10.0 ** np.floor(np.log10(highest))
    step = next(power * factor for factor in (1.0, 0.5, 0.25, 0.2, 0.1) if highest / (power * factor) >= 4)
    ticks = [round(float(step) * i, 10) for i in range(int(highest / step + 1e-6) + 1)]
    return ticks, [f"{tick:g}\n1/{1 / tick:.3g}" if tick else "0" for tick in ticks]
