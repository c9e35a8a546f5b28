"""Intervals by resampling."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from cryobench.core import Interval, stream

RESAMPLES = 2000
LEVEL = 0.95


def bootstrap_mean(values: Float64[np.ndarray, " n"], over: str, seed: int = 0) -> Interval:
    """Return the percentile bootstrap interval of a mean at 95 %.

    Parameters
    ----------
    values
        One value an item, shape (n,); one item alone gives an interval of no width.
    over
        What the items are, in the plural, for the interval's description.
    seed
        Seed of the resampling. The same seed draws the same items for all methods, so differences are paired.
    """
    means = np.empty(RESAMPLES)
    generator = stream(seed, f"bootstrap {len(values)}")
    for i in range(RESAMPLES):
        means[i] = values[generator.integers(len(values), size=len(values))].mean()
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(low=float(low), high=float(high), kind=f"{LEVEL:.0%} bootstrap over {over}".replace("%", " %"))
