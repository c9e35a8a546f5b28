"""Intervals by resampling."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int

from cryobench.core import Interval, stream

RESAMPLES = 2000
LEVEL = 0.95


def bootstrap_mean(
    values: Float64[np.ndarray, " n"], over: str, seed: int = 0, groups: Int[np.ndarray, " n"] | None = None
) -> Interval:
    """Return the percentile bootstrap interval of a mean at 95 %.

    Parameters
    ----------
    values
        One value an item, shape (n,); one item alone gives an interval of no width.
    over
        What the items are, in the plural, for the interval's description.
    seed
        Seed of the resampling. The same seed draws the same items for all methods, so differences are paired.
    groups
        Group of each item, shape (n,). Where they are given, items are drawn within their group, so that each group
        keeps its size: the interval is that of the items, for these groups.
    """
    return interval_of_means(bootstrap_means(values, seed, groups), over)


def bootstrap_means(
    values: Float64[np.ndarray, " n"], seed: int = 0, groups: Int[np.ndarray, " n"] | None = None
) -> Float64[np.ndarray, " r"]:
    """Return the means of resamples of some values.

    The same seed draws the same items whatever the values, so the means of paired differences are the differences of
    the means.

    Parameters
    ----------
    values, seed, groups
        As for :func:`bootstrap_mean`.
    """
    parts = [values] if groups is None else [values[groups == group] for group in np.unique(groups)]
    sums = np.zeros(RESAMPLES)
    for i, part in enumerate(parts):
        generator = stream(seed, f"bootstrap {len(values)}", i)
        for j in range(RESAMPLES):
            sums[j] += part[generator.integers(len(part), size=len(part))].sum()
    return sums / len(values)


def interval_of_means(means: Float64[np.ndarray, " r"], over: str) -> Interval:
    """Return the interval that holds the middle 95 % of the means of resamples; ``over`` says what was drawn."""
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(low=float(low), high=float(high), kind=f"{LEVEL:.0%} bootstrap over {over}".replace("%", " %"))
