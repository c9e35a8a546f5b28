"""Classes and populations against scikit-learn, scipy and linear programming."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from cryobench.core import InputError
from cryobench.metrics import (
    CLASS_MEASURES,
    classification_scores,
    cluster_latents,
    clustering_scores,
    coordinate_distances,
    labels_of_posteriors,
    matched_populations,
    population_error,
)

SEEDS = st.integers(0, 10_000)


@given(seed=SEEDS, n=st.integers(8, 80), states=st.integers(1, 4), classes=st.integers(1, 4), same=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_scores_agree_with_scikit_learn(seed: int, n: int, states: int, classes: int, same: float) -> None:
    rng = np.random.default_rng(seed)
    true = rng.integers(states, size=n)
    predicted = np.where(rng.random(n) < same, true, rng.integers(classes, size=n)) * 10 - 7
    found = classification_scores(true, predicted, shuffles=1)
    assert found.adjusted_rand == pytest.approx(adjusted_rand_score(true, predicted), abs=1e-10)
    assert found.adjusted_mutual_information == pytest.approx(adjusted_mutual_info_score(true, predicted), abs=1e-8)


@given(seed=SEEDS, states=st.integers(1, 4), classes=st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_accuracy_is_that_of_the_best_of_all_matchings(seed: int, states: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    true, predicted = rng.integers(states, size=40), rng.integers(classes, size=40)
    found = classification_scores(true, predicted, shuffles=1)
    names = list(range(states)) + [-1] * classes
    best = max(np.mean(np.array(given)[predicted] == true) for given in itertools.permutations(names, classes))
    assert found.accuracy == pytest.approx(best)
    assert found.correct.mean() == pytest.approx(found.accuracy)
    matched = np.array([found.matching.get(int(c), -1) for c in predicted])
    np.testing.assert_array_equal(matched == true, found.correct)
    purity = sum(np.bincount(true[predicted == c]).max() for c in np.unique(predicted)) / 40
    assert found.purity == pytest.approx(purity)
    assert found.pure.mean() == pytest.approx(purity)


def test_classes_from_ceiling_to_floor() -> None:
    rng = np.random.default_rng(0)
    true = np.repeat(np.arange(5), 200)
    perfect = classification_scores(true, 4 - true)
    assert [getattr(perfect, name) for name in CLASS_MEASURES] == pytest.approx([1, 1, 1, 1])
    assert perfect.matching == {c: 4 - c for c in range(5)}
    random = [classification_scores(true, rng.permutation(true), seed) for seed in range(20)]
    for name in CLASS_MEASURES:
        values = np.array([getattr(found, name) for found in random])
        error = values.std() / np.sqrt(20) + random[0].chance_spread[name] / np.sqrt(20)
        assert values.mean() == pytest.approx(random[0].chance[name], abs=4 * error)
    # Both are above 1/5: the matching and the majority are chosen after the fact.
    assert random[0].chance["accuracy"] > 0.21
    assert random[0].chance["purity"] > 0.21


def test_many_small_classes_are_pure_by_chance() -> None:
    true = np.arange(400) % 2
    found = classification_scores(true, np.arange(400) // 2)
    assert found.purity == 0.5
    assert found.chance["purity"] == pytest.approx(0.75, abs=0.03)
    assert found.chance["adjusted_rand"] == found.chance["adjusted_mutual_information"] == 0


def test_classes_unbalanced() -> None:
    true = np.array([0] * 95 + [1] * 5)
    everything_one = classification_scores(true, np.zeros(100, int))
    assert everything_one.accuracy == everything_one.purity == 0.95
    assert everything_one.chance["purity"] == pytest.approx(0.95)
    assert everything_one.adjusted_rand == pytest.approx(0)
    assert everything_one.adjusted_mutual_information == pytest.approx(0)


def test_classes_at_the_edges() -> None:
    for labels in (np.zeros(1, int), np.zeros(7, int), np.arange(7)):
        found = classification_scores(labels, labels)
        assert [getattr(found, name) for name in CLASS_MEASURES] == pytest.approx([1, 1, 1, 1])
    with pytest.raises(InputError, match="3 states and 2 classes"):
        classification_scores(np.zeros(3, int), np.zeros(2, int))
    with pytest.raises(InputError, match="0 states"):
        classification_scores(np.zeros(0, int), np.zeros(0, int))
    order = np.random.default_rng(0).permutation(60)
    true, predicted = np.arange(60) % 3, np.arange(60) // 7 % 3
    first, second = classification_scores(true, predicted), classification_scores(true[order], predicted[order])
    assert [getattr(first, n) for n in CLASS_MEASURES] == pytest.approx([getattr(second, n) for n in CLASS_MEASURES])


def test_counts_of_many_particles_do_not_overflow() -> None:
    true = np.repeat(np.arange(2), 200_000)
    found = classification_scores(true, true // 1, shuffles=1)
    assert found.adjusted_rand == pytest.approx(1.0)
    assert found.adjusted_mutual_information == pytest.approx(1.0)


def test_clusters_of_blobs() -> None:
    rng = np.random.default_rng(0)
    true = np.repeat(np.arange(3), 100)
    latents = (np.array([[0, 0], [20, 0], [0, 20.0]])[true] + rng.normal(size=(300, 2))).astype(np.float32)
    clusterings = cluster_latents(latents, 3, seeds=range(4))
    assert clusterings.shape == (4, 300)
    np.testing.assert_array_equal(clusterings, cluster_latents(latents, 3, seeds=range(4)))
    scores = clustering_scores(true, clusterings)
    assert scores.mean["adjusted_rand"] == pytest.approx(1.0)
    assert scores.spread["adjusted_rand"] == pytest.approx(0.0)
    assert len(scores.runs) == 4
    noise = clustering_scores(true, cluster_latents(rng.normal(size=(300, 2)), 3))
    for name in CLASS_MEASURES:
        assert noise.mean[name] == pytest.approx(noise.chance[name], abs=0.05)


def test_fewer_points_than_clusters() -> None:
    latents = np.array([[1.0, 2], [0, 0], [1, 2], [0, 0], [5, 5]])
    np.testing.assert_array_equal(cluster_latents(latents, 4, [0, 1]), [[1, 0, 1, 0, 2]] * 2)
    assert not cluster_latents(np.ones((9, 2)), 3, [0]).any()
    with pytest.raises(InputError, match="6 clusters of 5 particles"):
        cluster_latents(latents, 6)
    with pytest.raises(InputError, match="no seeds"):
        cluster_latents(latents, 2, [])
    with pytest.raises(InputError, match="no clustering"):
        clustering_scores(np.zeros(5, int), np.zeros((0, 5), np.int32))


def test_posteriors_become_labels() -> None:
    posteriors = np.array([[0.2, 0.8], [0.5, 0.5], [1, 0]], np.float32)
    np.testing.assert_array_equal(labels_of_posteriors(posteriors), [1, 0, 0])
    with pytest.raises(InputError, match="0 or above"):
        labels_of_posteriors(-posteriors)
    with pytest.raises(InputError, match="no class"):
        labels_of_posteriors(np.zeros((3, 0)))


def transport_by_linear_programming(p: np.ndarray, q: np.ndarray, cost: np.ndarray) -> float:
    k = len(p)
    rows = np.kron(np.eye(k), np.ones(k))
    columns = np.kron(np.ones(k), np.eye(k))
    result = linprog(cost.ravel(), A_eq=np.concatenate((rows, columns)), b_eq=np.concatenate((p, q)), method="highs")
    return float(result.fun)


@given(seed=SEEDS, k=st.integers(1, 8), zeros=st.booleans())
@settings(max_examples=40, deadline=None)
def test_populations_agree_with_scipy(seed: int, k: int, zeros: bool) -> None:
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k))
    if zeros and k > 1:
        p[0] = 0
    values = rng.normal(size=k)
    points = rng.normal(size=(k, 3))
    found = population_error(100 * p, q, coordinate_distances(values))
    p = p / p.sum()
    assert found.total_variation == pytest.approx(np.abs(p - q).sum() / 2)
    assert found.jensen_shannon == pytest.approx(jensenshannon(p, q, base=2), abs=1e-7)
    assert found.wasserstein == pytest.approx(wasserstein_distance(values, values, p, q), abs=1e-9)
    cost = np.linalg.norm(points[:, None] - points, axis=2)
    assert population_error(p, q, cost).wasserstein == pytest.approx(
        transport_by_linear_programming(p, q, cost), abs=1e-7
    )


def test_populations_from_ceiling_to_floor() -> None:
    values = np.arange(0.0, 360.0, 60.0)
    circle = coordinate_distances(values, 360.0)
    assert circle.max() == 180.0
    assert coordinate_distances(np.array([0.0, 725.0]), 360.0)[0, 1] == 5.0
    here, there = np.eye(6)[0], np.eye(6)[5]
    found = population_error(here, there, circle)
    assert (found.total_variation, found.jensen_shannon, found.wasserstein) == pytest.approx((1, 1, 60))
    assert population_error(here, there, coordinate_distances(values)).wasserstein == pytest.approx(300)
    same = population_error(here, here, circle)
    assert (same.total_variation, same.jensen_shannon, same.wasserstein) == (0, 0, 0)
    assert population_error(here, there).wasserstein is None
    order = np.array([3, 1, 0, 5, 2, 4])
    p, q = np.random.default_rng(0).dirichlet(np.ones(6), 2)
    first, second = population_error(p, q, circle), population_error(p[order], q[order], circle[np.ix_(order, order)])
    assert second.wasserstein == pytest.approx(first.wasserstein)
    assert second.jensen_shannon == pytest.approx(first.jensen_shannon)


@pytest.mark.parametrize(
    ("p", "q", "cost", "message"),
    [
        (np.ones(3), np.ones(2), None, "3 recovered and 2 true"),
        (np.array([1, -1.0]), np.ones(2), None, "recovered populations have to be 0 or above"),
        (np.ones(2), np.zeros(2), None, "true populations have to be"),
        (np.array([np.nan, 1]), np.ones(2), None, "not finite"),
        (np.ones(2), np.ones(2), np.zeros((3, 3)), r"expected \(2, 2\)"),
        (np.ones(2), np.ones(2), np.ones((2, 2)), "not a distance"),
        (np.ones(2), np.ones(2), np.array([[0, 1.0], [2, 0]]), "not a distance"),
        (np.ones(2), np.ones(2), np.array([[0, -1.0], [-1, 0]]), "not a distance"),
    ],
)
def test_what_are_not_populations(p: np.ndarray, q: np.ndarray, cost: np.ndarray | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        population_error(p, q, cost)


def test_populations_of_classes() -> None:
    true = np.array([0] * 6 + [1] * 3 + [3] * 1)
    np.testing.assert_allclose(matched_populations(true, 9 - true, 4), [0.6, 0.3, 0, 0.1])
    # State 2 is empty. State 0 is split into classes 5 and 6: the smaller one has no state of its own left.
    split = np.array([5, 5, 5, 5, 6, 6, 7, 7, 7, 8])
    np.testing.assert_allclose(matched_populations(true, split, 4), [0.6, 0.3, 0, 0.1])
    merged = np.zeros(10, int)
    np.testing.assert_allclose(matched_populations(true, merged, 4), [1, 0, 0, 0])
    with pytest.raises(InputError, match="expected 0 to 2"):
        matched_populations(true, merged, 3)
    with pytest.raises(InputError, match="10 states and 9 classes"):
        matched_populations(true, merged[:9], 4)
