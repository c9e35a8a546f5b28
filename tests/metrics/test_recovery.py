"""Recovery of the truth from latents, against scikit-learn and plain sums, and what must not change it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.linear_model import LinearRegression
from sklearn.manifold import trustworthiness as sklearn_trustworthiness
from sklearn.metrics import r2_score
from sklearn.neighbors import KNeighborsRegressor

from cryobench.core import InputError
from cryobench.metrics import (
    classification_scores,
    cluster_latents,
    continuity,
    distance_correlation,
    latent_regression,
    on_circle,
    trustworthiness,
    trustworthiness_chance,
)

SEEDS = st.integers(0, 10_000)


@given(seed=SEEDS, n=st.integers(8, 80), p=st.integers(1, 4), q=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_trustworthiness_is_that_of_scikit_learn(seed: int, n: int, p: int, q: int) -> None:
    rng = np.random.default_rng(seed)
    true, latents = rng.normal(size=(n, p)), rng.normal(size=(n, q))
    k = int(rng.integers(1, (n - 1) // 2 + 1))
    theirs = sklearn_trustworthiness(true, latents, n_neighbors=k)
    assert trustworthiness(true, latents, k).mean() == pytest.approx(theirs, abs=1e-12)
    theirs = sklearn_trustworthiness(latents, true, n_neighbors=k)
    assert continuity(true, latents, k).mean() == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("k", [1, 20, 300])
def test_trustworthiness_from_ceiling_to_floor(k: int) -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(1200, 3))
    assert trustworthiness(true, 3 * true, k).min() == 1.0
    for measure in (trustworthiness, continuity):
        means = [measure(true, rng.permutation(true), k).mean() for _ in range(12)]
        error = np.std(means) / np.sqrt(12)
        assert np.mean(means) == pytest.approx(trustworthiness_chance(1200, k), abs=4 * error)
        assert 0 <= measure(true, rng.permutation(true), k).min() <= 1


def test_a_torn_space_loses_continuity_and_a_folded_one_trust() -> None:
    angle = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    ring, line = np.column_stack((np.cos(angle), np.sin(angle))), angle[:, None]
    assert trustworthiness(ring, line, 10).mean() > continuity(ring, line, 10).mean()
    folded = np.abs(angle - np.pi)[:, None]
    assert trustworthiness(ring, folded, 10).mean() < continuity(ring, folded, 10).mean()


def test_duplicated_points_rank_by_index() -> None:
    constant, line = np.zeros((6, 2)), np.arange(6.0)[:, None]
    values = trustworthiness(line, constant, 2)  # of each point the neighbours are the first two others
    assert values[0] == 1.0
    # From 5 the ranks of 0 and 1 are 5 and 4: 1 - 2 (3 + 2) / (2 (12 - 6 - 1)).
    assert values[5] == pytest.approx(0.0)


@pytest.mark.parametrize("k", [0, 5])
def test_numbers_of_neighbours_that_fit(k: int) -> None:
    with pytest.raises(InputError, match="fewer than half"):
        trustworthiness(np.zeros((10, 1)), np.zeros((10, 1)), k)
    with pytest.raises(InputError, match="10 and 9 points"):
        continuity(np.zeros((9, 1)), np.zeros((10, 1)), 2)


def distance_correlation_by_matrices(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    n = len(x)
    a, b = cdist(x, x), cdist(y, y)

    def centred(m: np.ndarray) -> np.ndarray:
        return np.asarray(m - m.mean(axis=0) - m.mean(axis=1)[:, None] + m.mean())

    def u_centred(m: np.ndarray) -> np.ndarray:
        rows = m.sum(axis=0) / (n - 2)
        found = m - rows - rows[:, None] + m.sum() / ((n - 1) * (n - 2))
        np.fill_diagonal(found, 0)
        return np.asarray(found)

    plain, corrected = (
        (f(a) * f(b)).sum() / np.sqrt((f(a) ** 2).sum() * (f(b) ** 2).sum()) for f in (centred, u_centred)
    )
    return float(np.sqrt(max(plain, 0))), float(corrected)


@given(seed=SEEDS, n=st.integers(4, 60), mixed=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_distance_correlation_is_that_of_centred_matrices(seed: int, n: int, mixed: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    y = np.column_stack((mixed * x[:, 0] ** 2, (1 - mixed) * rng.normal(size=n), rng.normal(size=n)))
    found = distance_correlation(x, 1e4 + y)
    plain, corrected = distance_correlation_by_matrices(x, y)
    assert found.value == pytest.approx(plain, abs=1e-6)
    assert found.corrected_square == pytest.approx(corrected, abs=1e-6)


def test_distance_correlation_from_ceiling_to_floor() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(800, 2))
    assert distance_correlation(true, 7 * true).value == pytest.approx(1.0)
    bent = distance_correlation(true[:, :1], true[:, :1] ** 2)  # no linear correlation
    assert bent.value > 0.4
    free = [distance_correlation(true, rng.permutation(true)) for _ in range(30)]
    squares = np.array([found.corrected_square for found in free])
    assert abs(squares.mean()) < 4 * squares.std() / np.sqrt(30)
    assert max(found.value for found in free) < 0.15
    for constant in (np.full((800, 2), 0.1), np.full((800, 2), 1e9)):
        assert distance_correlation(true, constant).value == 0.0
        assert distance_correlation(constant, true).corrected_square == 0.0


def held_out_by_scikit_learn(
    latents: np.ndarray, targets: np.ndarray, fold: np.ndarray, model: str, k: int
) -> np.ndarray:
    found = np.empty_like(targets)
    for number in np.unique(fold):
        out = fold == number
        fitted = LinearRegression() if model == "linear" else KNeighborsRegressor(k)
        found[out] = fitted.fit(latents[~out], targets[~out]).predict(latents[out])
    return found


@given(seed=SEEDS, n=st.integers(20, 80), d=st.integers(1, 4), circular=st.booleans(), k=st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_regression_is_that_of_scikit_learn(seed: int, n: int, d: int, circular: bool, k: int) -> None:
    from cryobench.core import stream  # noqa: PLC0415

    rng = np.random.default_rng(seed)
    latents, variable = rng.normal(size=(n, d)), rng.uniform(-180, 900, n)
    variable[0], latents[:, 0] = 3.0, latents[:, 0] + np.sin(np.deg2rad(variable))
    fold = np.empty(n, int)
    fold[stream(seed, "regression folds").permutation(n)] = np.arange(n) % 4
    for model in ("linear", "neighbours"):
        found = latent_regression(
            latents, variable, 360.0 if circular else None, model, neighbours=k, folds=4, seed=seed
        )
        if circular:
            pair = np.column_stack((np.cos(np.deg2rad(variable)), np.sin(np.deg2rad(variable))))
            expected = held_out_by_scikit_learn(latents, pair, fold, model, k)
            angle = np.rad2deg(np.arctan2(expected[:, 1], expected[:, 0])) % 360
            apart = np.rad2deg(np.arccos(np.clip(np.cos(np.deg2rad(found.predicted - angle)), -1, 1)))
            np.testing.assert_allclose(apart, 0, atol=1e-5)
            wrong = np.rad2deg(np.arccos(np.clip(np.cos(np.deg2rad(angle - variable)), -1, 1)))
            np.testing.assert_allclose(found.absolute_errors, wrong, atol=1e-4)
            # In the plane the loss is the squared chord: R² of unit vectors about the mean direction.
            unit, mean = np.column_stack((np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle)))), pair.mean(axis=0)
            mean /= np.linalg.norm(mean)
            expected_r2 = 1 - ((unit - pair) ** 2).sum() / ((mean - pair) ** 2).sum()
        else:
            expected = held_out_by_scikit_learn(latents, variable, fold, model, k)
            np.testing.assert_allclose(found.predicted, expected, rtol=1e-7, atol=1e-6)
            expected_r2 = r2_score(variable, expected)
        assert found.r_squared == pytest.approx(expected_r2, abs=1e-7)
        assert found.mean_absolute_error == pytest.approx(found.absolute_errors.mean())


def test_regression_from_ceiling_to_floor() -> None:
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 360, 3000)
    ring = on_circle(angle, 360.0)
    for model in ("linear", "neighbours"):
        perfect = latent_regression(ring, angle, 360.0, model)
        assert perfect.r_squared > 0.999
        assert perfect.mean_absolute_error < 0.5
    shuffled = rng.permutation(ring)
    assert latent_regression(shuffled, angle, 360.0).r_squared == pytest.approx(0, abs=0.06)
    assert latent_regression(shuffled, angle, 360.0).mean_absolute_error == pytest.approx(90, abs=4)
    assert latent_regression(shuffled, angle).r_squared == pytest.approx(-0.1, abs=0.06)  # 1 / neighbours too noisy
    assert latent_regression(shuffled, angle, model="linear").r_squared == pytest.approx(0, abs=0.01)
    # As a line, the angle jumps: what is lost there is the circle's to keep.
    as_line = latent_regression(ring, angle, None, "linear")
    assert as_line.r_squared < 0.8


def test_regression_of_few_states_finds_others_of_the_fold() -> None:
    # All of a fold's neighbours in one place: far fewer than k of other folds are among the nearest.
    from cryobench.core import stream  # noqa: PLC0415

    n = 200
    order = stream(0, "regression folds").permutation(n)
    fold = np.empty(n, int)
    fold[order] = np.arange(n) % 2
    latents = 100.0 * fold[:, None] + np.random.default_rng(0).normal(size=(n, 1))
    variable = np.arange(n, dtype=float)
    found = latent_regression(latents, variable, neighbours=3, folds=2)
    expected = held_out_by_scikit_learn(latents, variable, fold, "neighbours", 3)
    np.testing.assert_allclose(found.predicted, expected)


def test_regression_on_a_constant_latent_knows_the_mean() -> None:
    variable = np.arange(50.0)
    for model in ("linear", "neighbours"):
        assert latent_regression(np.ones((50, 2)), variable, model=model).r_squared < 0.05
    constant_column = np.column_stack((variable, np.ones(50)))
    assert latent_regression(constant_column, variable, model="linear").r_squared == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"variable": np.full(20, 4.0)}, "is 4 for every particle"),
        ({"variable": np.arange(20) % 2 * 360.0, "period": 360.0}, "is 0 for every particle"),
        ({"variable": np.zeros(19)}, "20 latents and 19 values"),
        ({"folds": 1}, "from 2 to"),
        ({"neighbours": 17}, "choose from 1 to 16"),
        ({"latents": np.full((20, 1), np.nan)}, "not finite"),
        ({"period": -1.0}, "period -1"),
    ],
)
def test_what_cannot_be_regressed(change: dict[str, object], message: str) -> None:
    arguments = {"latents": np.arange(20.0)[:, None], "variable": np.arange(20.0)} | change
    with pytest.raises(InputError, match=message):
        latent_regression(**arguments)


Change = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
TURN = np.linalg.qr(np.random.default_rng(9).normal(size=(3, 3)))[0]
ORDER = np.random.default_rng(8).permutation(240)
UNCHANGED_BY: dict[str, Change] = {
    "rotation": lambda true, latents: (true, latents @ TURN),
    "shift": lambda true, latents: (true, latents + np.array([5.0, -3.0, 0.5])),
    "scale": lambda true, latents: (true, 12.5 * latents),
    "order": lambda true, latents: (true[ORDER], latents[ORDER]),
    "rotation of the truth": lambda true, latents: (true @ np.array([[0.6, -0.8], [0.8, 0.6]]), latents),
}
MEASURES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "trustworthiness": lambda true, latents: float(trustworthiness(true, latents, 12).mean()),
    "continuity": lambda true, latents: float(continuity(true, latents, 12).mean()),
    "distance correlation": lambda true, latents: distance_correlation(true, latents).value,
    "corrected distance correlation": lambda true, latents: distance_correlation(true, latents).corrected_square,
    # Leave one out: folds are dealt out by the order of the particles.
    "regression, neighbours": lambda true, latents: (
        latent_regression(latents, np.hypot(true[:, 0], true[:, 1]), folds=len(true)).r_squared
    ),
    "regression, linear": lambda true, latents: (
        latent_regression(latents, np.hypot(true[:, 0], true[:, 1]), model="linear", folds=len(true)).r_squared
    ),
    # Well apart, so that the starting points do not matter.
    "clusters": lambda true, latents: (
        classification_scores(
            (np.hypot(true[:, 0], true[:, 1]) > 3).astype(int), cluster_latents(latents, 2, [0])[0]
        ).adjusted_rand
    ),
}


@pytest.mark.parametrize("change", UNCHANGED_BY)
@pytest.mark.parametrize("measure", MEASURES)
def test_measures_are_unchanged_by(measure: str, change: str) -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(240, 2))
    true[120:] *= 8 / np.hypot(true[120:, 0], true[120:, 1])[:, None]
    true[:120] *= 1 / np.hypot(true[:120, 0], true[:120, 1])[:, None]
    true *= rng.uniform(0.9, 1.1, (240, 1))
    latents = np.column_stack((true[:, 0], true[:, 1], 3 * np.hypot(true[:, 0], true[:, 1])))
    latents += rng.normal(size=latents.shape)
    before = MEASURES[measure](true, latents)
    assert MEASURES[measure](*UNCHANGED_BY[change](true, latents)) == pytest.approx(before, abs=1e-9)
    assert before > 0.3
