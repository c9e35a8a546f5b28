"""Bootstrap intervals of a mean, against what is known of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryobench.metrics import bootstrap_mean


def width(values: np.ndarray, groups: np.ndarray | None = None) -> float:
    interval = bootstrap_mean(values, "items", 1, groups)
    return interval.high - interval.low


def test_the_interval_is_that_of_the_standard_error() -> None:
    """The distribution of a mean of 400 draws is normal, with the standard deviation of the values over 20."""
    values = np.random.default_rng(0).normal(3, 2, 400)
    interval = bootstrap_mean(values, "items")
    assert interval.kind == "95 % bootstrap over items"
    reach = 1.96 * values.std() / 20
    assert interval.low == pytest.approx(values.mean() - reach, abs=0.1 * reach)
    assert interval.high == pytest.approx(values.mean() + reach, abs=0.1 * reach)


def test_within_groups_only_what_varies_within_them_counts() -> None:
    """Var(mean) = sum over groups of (n_g / N)^2 var_g / n_g."""
    generator = np.random.default_rng(0)
    groups = np.repeat([0, 1, 2], [100, 200, 100])
    values = 10.0 * groups + generator.normal(0, 1 + groups)
    parts = [values[groups == group] for group in range(3)]
    variance = sum(len(part) * part.var() for part in parts) / len(values) ** 2
    assert width(values, groups) == pytest.approx(2 * 1.96 * np.sqrt(variance), rel=0.1)
    assert width(values) > 3 * width(values, groups)


@given(seed=st.integers(0, 99), levels=st.lists(st.floats(-5, 5), min_size=1, max_size=5), count=st.integers(1, 6))
@settings(max_examples=15, deadline=None)
def test_groups_without_spread_give_no_width(seed: int, levels: list[float], count: int) -> None:
    values = np.repeat(np.array(levels), count)
    groups = np.repeat(np.arange(len(levels)), count)
    interval = bootstrap_mean(values, "items", seed, groups)
    assert interval.low == pytest.approx(values.mean(), abs=1e-9)
    assert interval.high == pytest.approx(values.mean(), abs=1e-9)


@given(seed=st.integers(0, 99), shift=st.floats(-10, 10))
@settings(max_examples=10, deadline=None)
def test_the_same_items_are_drawn_for_every_method(seed: int, shift: float) -> None:
    """So that a constant gap between two methods has no width, which is what makes comparisons paired."""
    values = np.random.default_rng(seed).normal(size=30)
    groups = np.arange(30) % 4
    one, other = (bootstrap_mean(each, "items", seed, groups) for each in (values, values + shift))
    assert other.low - one.low == pytest.approx(shift, abs=1e-9)
    assert other.high - one.high == pytest.approx(shift, abs=1e-9)
    assert bootstrap_mean(values, "items", seed, groups) == one
