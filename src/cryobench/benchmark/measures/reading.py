"""One number that a measure takes of a claim, and how far it would move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float64
from scipy.stats import norm
from scipy.stats import t as student

from cryobench.core import Interval, MetricCard
from cryobench.metrics import bootstrap_mean

LEVEL = 0.95

Parameters = dict[str, float | int | str]


@dataclass(frozen=True, eq=False)
class Reading:
    """A number taken of a claim.

    Parameters
    ----------
    metric
        What it is a number of.
    value
        The number.
    spread
        Standard deviation of what it is taken over.
    n
        How many items that is.
    protocol
        Over what it was taken.
    interval
        Makes the interval, which takes longer than the number.
    statistic, convention, parameters, flags
        As in :class:`cryobench.core.Score`.
    items
        The values that it is the mean of, shape (n,), where it is one: two methods are compared by them.
    """

    metric: MetricCard
    value: float
    spread: float
    n: int
    protocol: str
    interval: Callable[[], Interval]
    statistic: Literal["mean", "median", "value"] = "mean"
    convention: str = ""
    parameters: Parameters = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    items: Float64[np.ndarray, " n"] | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """What the readings of two claims must share to be set side by side."""
        return (self.metric.name, self.protocol, self.convention, self.statistic, repr(sorted(self.parameters.items())))


def over_particles(
    metric: MetricCard,
    items: Float64[np.ndarray, " n"],
    seed: int,
    protocol: str = "all particles",
    parameters: Parameters | None = None,
    convention: str = "",
) -> Reading:
    """Return a mean over particles; its interval is a bootstrap over them."""
    return Reading(
        metric,
        float(items.mean()),
        float(items.std()),
        len(items),
        protocol,
        lambda: bootstrap_mean(items, "particles", seed),
        convention=convention,
        parameters=parameters or {},
        items=items,
    )


def over_repeats(
    metric: MetricCard,
    values: Float64[np.ndarray, " r"],
    what: str,
    n: int,
    protocol: str = "all particles",
    parameters: Parameters | None = None,
) -> Reading:
    """Return the mean of a number over repeats, such as seeds; its interval is Student's over them.

    ``n`` counts the particles of one repeat.
    """
    mean = float(values.mean())

    def interval() -> Interval:
        error = float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 0.0
        half = float(student.ppf((1 + LEVEL) / 2, max(len(values) - 1, 1))) * error
        return Interval(low=mean - half, high=mean + half, kind=f"95 % t interval over {len(values)} {what}")

    return Reading(
        metric, mean, float(values.std()), n, protocol, interval, statistic="mean", parameters=parameters or {}
    )


def resampled(
    metric: MetricCard,
    value: float,
    draw: Callable[[], Float64[np.ndarray, " r"]],
    n: int,
    statistic: Literal["median", "value"] = "value",
    protocol: str = "all particles",
    parameters: Parameters | None = None,
    flags: tuple[str, ...] = (),
) -> Reading:
    """Return a number that is no mean; ``draw`` returns what it is in resamples of the particles.

    A resample holds particles twice, which moves such numbers to one side: the draws are moved back by their mean.
    """

    def interval() -> Interval:
        drawn = draw()
        moved = 0.0 if statistic == "median" else drawn.mean() - value
        limits = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) - moved
        low, high = np.clip(limits, *(-np.inf if metric.range[0] is None else metric.range[0],
                                      np.inf if metric.range[1] is None else metric.range[1]))  # fmt: skip
        kind = "95 % bootstrap over particles" + ("" if statistic == "median" else ", its bias removed")
        return Interval(low=float(low), high=float(high), kind=kind)

    return Reading(
        metric, value, 0.0, n, protocol, interval, statistic=statistic, parameters=parameters or {}, flags=flags
    )


def subsampled(
    metric: MetricCard, value: float, draw: Callable[[], Float64[np.ndarray, " r"]], size: int, n: int
) -> Reading:
    """Return a number of all n particles whose interval is made of subsamples; ``draw`` returns what it is in them.

    The variance of a subsample of ``size`` particles, times size/n, is that of all of them.
    """

    def interval() -> Interval:
        drawn = draw()
        half = float(norm.ppf((1 + LEVEL) / 2) * drawn.std(ddof=1) * (size / n) ** 0.5)
        kind = f"95 % by the spread of {len(drawn)} subsamples of {size:,} particles"
        return Interval(low=value - half, high=value + half, kind=kind)

    return Reading(metric, value, 0.0, n, "all particles", interval, statistic="value")
