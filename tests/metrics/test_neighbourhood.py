"""Neighbourhood similarity against the published numbers, sets, and what it must be at its ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryobench.core import InputError
from cryobench.metrics import (
    PUBLISHED_NEIGHBOURS,
    nearest_neighbours,
    neighborhood_curve,
    neighborhood_similarity,
    published_neighborhood_similarity,
    shared_neighbours,
)


def test_each_point_is_as_published(published: Path) -> None:
    data = np.load(published / "d_neighborhood.npz")
    k = data["k"]
    hits = shared_neighbours(data["z_gt"], data["z_est"], k, convention="published") * k
    np.testing.assert_allclose(hits, data["hits_full"].T, rtol=1e-12)  # of whole numbers: they are equal
    expected = data["hits_full"].mean(axis=1) / k
    np.testing.assert_allclose(
        neighborhood_similarity(data["z_gt"], data["z_est"], k, "published"), expected, rtol=1e-14
    )


def test_every_fifth_is_as_published(published: Path) -> None:
    data = np.load(published / "d_neighborhood.npz")
    found = published_neighborhood_similarity(data["z_gt"], data["z_est"], data["k"].tolist())
    sums = data["hits_strided_mean_per_start"] * 200  # stored as means in single precision
    np.testing.assert_allclose(sums, np.rint(sums), atol=2e-3)
    np.testing.assert_allclose(found.hits * 200, np.rint(sums), rtol=1e-12)
    np.testing.assert_allclose(found.mean, found.hits.mean(axis=0) / data["k"], rtol=1e-14)
    assert (found.spread[:-1] > 0).all()
    assert found.spread[-1] == pytest.approx(0, abs=1e-15)  # 199 neighbours of 200 points are all of them


@given(seed=st.integers(0, 10_000), n=st.integers(3, 70), lattice=st.booleans())
@settings(max_examples=30, deadline=None)
def test_many_k_are_those_of_sets(seed: int, n: int, lattice: bool) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(n, 2)), rng.normal(size=(n, 3))
    if lattice:
        a, b = a.round(), b.round()
    k = rng.integers(1, n, size=6)  # in any order, some twice
    found = shared_neighbours(a, b, k)
    for c, one in enumerate(k.tolist()):
        lists = zip(nearest_neighbours(a, one).indices, nearest_neighbours(b, one).indices, strict=True)
        np.testing.assert_array_equal(found[:, c], [len(set(x) & set(y)) / one for x, y in lists])
    similarity = neighborhood_similarity(a, b, k)
    assert similarity.shape == (6,)
    np.testing.assert_allclose(similarity, found.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(neighborhood_similarity(a, b, k, "published"), similarity + 1 / k, rtol=1e-12)


@pytest.mark.parametrize("k", [1, 10, 99])
def test_ceiling_and_floor(k: int) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2000, 3)), rng.normal(size=(2000, 3))
    assert neighborhood_similarity(a, a, k) == [1.0]
    assert neighborhood_similarity(a, a, k, convention="published") == pytest.approx([(k + 1) / k])
    assert neighborhood_similarity(a, b, k)[0] == pytest.approx(k / 1999, abs=4 * np.sqrt(k / 1999 / k / 2000) + 1e-3)


def test_a_constant_space_is_scored_by_its_ties() -> None:
    points = np.random.default_rng(2).normal(size=(400, 2))
    constant = np.ones((400, 5))
    found = nearest_neighbours(points, 20).indices.tolist()
    first = [[j for j in range(21) if j != i][:20] for i in range(400)]
    expected = [len(set(row) & set(others)) / 20 for row, others in zip(found, first, strict=True)]
    np.testing.assert_array_equal(shared_neighbours(points, constant, 20)[:, 0], expected)


def test_neighbours_at_hand_are_taken() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(700, 2)), rng.normal(size=(700, 4))
    k = [5, 30]
    expected = neighborhood_similarity(a, b, k)
    held = nearest_neighbours(a, 40)
    np.testing.assert_array_equal(neighborhood_similarity(held, b, k), expected)
    np.testing.assert_array_equal(neighborhood_similarity(held, nearest_neighbours(b, 30), k), expected)
    with pytest.raises(InputError, match="41 neighbours asked for of 40"):
        neighborhood_similarity(held, b, 41)


def test_parts_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(900, 2)), rng.normal(size=(900, 3))
    whole = shared_neighbours(a, b, [3, 50])
    monkeypatch.setattr("cryobench.metrics._neighbourhood._HELD", 1)
    np.testing.assert_array_equal(shared_neighbours(a, b, [3, 50]), whole)


def test_a_curve_runs_over_the_radius() -> None:
    rng = np.random.default_rng(6)
    a = rng.normal(size=(500, 2))
    b = a + 0.3 * rng.normal(size=a.shape)
    curve = neighborhood_curve(a, b, [0.0, 0.05, 1.0, 10.0, 10.04])
    np.testing.assert_array_equal(curve.k, [5, 50])  # less than one neighbour is left out, 50 is drawn once
    np.testing.assert_allclose(curve.radius_percent, [1, 10])
    np.testing.assert_allclose(curve.matching_percent, 100 * neighborhood_similarity(a, b, [5, 50]))
    assert len(neighborhood_curve(a, b).k) == 20
    with pytest.raises(InputError, match="ask for larger"):
        neighborhood_curve(a, b, [0.01])


def test_the_published_protocol_needs_enough_points() -> None:
    assert PUBLISHED_NEIGHBOURS[0] == 200
    assert PUBLISHED_NEIGHBOURS[-1] == 4000
    space = np.random.default_rng(0).normal(size=(1000, 2))
    with pytest.raises(InputError, match="too few for 4000 neighbours"):
        published_neighborhood_similarity(space, space)


def test_spaces_must_hold_the_same_points() -> None:
    with pytest.raises(InputError, match="300 and 299 points"):
        neighborhood_similarity(np.zeros((300, 2)), np.zeros((299, 2)), 3)


@pytest.mark.parametrize("k", [0, 300, [5, 300]])
def test_k_out_of_range(k: int | list[int]) -> None:
    with pytest.raises(InputError, match="choose from 1 to 299"):
        neighborhood_similarity(np.zeros((300, 2)), np.zeros((300, 2)), k)


def test_k_is_named() -> None:
    with pytest.raises(InputError, match="whole number"):
        neighborhood_similarity(np.zeros((300, 2)), np.zeros((300, 2)), [])
