"""What must not change a score of latents, declared as data: every change for every metric."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cryobench.metrics import (
    imbalance_per_point,
    information_imbalance,
    neighborhood_curve,
    neighborhood_similarity,
    published_neighborhood_similarity,
    shared_neighbours,
)

Metric = Callable[[np.ndarray, np.ndarray], object]
Change = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

_TURN = np.linalg.qr(np.random.default_rng(10).normal(size=(4, 4)))[0]
_MIRROR = np.diag([1.0, 1.0, 1.0, -1.0])
_ORDER = np.random.default_rng(11).permutation(300)

LATENT_METRICS: dict[str, Metric] = {
    "neighborhood similarity": lambda truth, latent: neighborhood_similarity(truth, latent, [1, 20, 100]),
    "neighborhood similarity, published": lambda t, z: neighborhood_similarity(t, z, [1, 20, 100], "published"),
    "neighborhood curve": lambda truth, latent: neighborhood_curve(truth, latent).matching_percent,
    "information imbalance": information_imbalance,
    "information imbalance, k = 20": lambda truth, latent: information_imbalance(truth, latent, 20),
}
"""Metrics of a true and a claimed latent."""

ORDERED_METRICS: dict[str, Metric] = {
    "published protocol": lambda t, z: published_neighborhood_similarity(t, z, [1, 20]).similarity,
    "shared neighbours of each point": lambda truth, latent: shared_neighbours(truth, latent, [1, 20]),
    "information imbalance of each point": imbalance_per_point,
}
"""Those that a joint permutation does change: it changes which points meet, or the order of what comes out."""

GAUGE_CHANGES: dict[str, Change] = {
    "rotation": lambda truth, latent: (truth, latent @ _TURN),
    "reflection": lambda truth, latent: (truth, latent @ _MIRROR),
    "shift": lambda truth, latent: (truth, latent + 3.7),
    "scale": lambda truth, latent: (truth, 7.5 * latent),
    "tiny scale": lambda truth, latent: (truth, 1e-30 * latent),
    "scale and shift of the truth": lambda truth, latent: (0.01 * truth - 2, latent),
    "a constant column": lambda truth, latent: (truth, np.column_stack((latent, np.full(len(latent), 5.0)))),
}
PERMUTATIONS: dict[str, Change] = {"joint permutation": lambda truth, latent: (truth[_ORDER], latent[_ORDER])}

CASES = [
    *((metric, change) for metric in LATENT_METRICS for change in GAUGE_CHANGES | PERMUTATIONS),
    *((metric, change) for metric in ORDERED_METRICS for change in GAUGE_CHANGES),
]


@pytest.fixture(scope="module")
def spaces() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(300, 2))
    return truth, np.column_stack((truth, truth)) + 0.4 * rng.normal(size=(300, 4))


@pytest.mark.parametrize(("metric", "change"), CASES)
def test_unchanged(metric: str, change: str, spaces: tuple[np.ndarray, np.ndarray]) -> None:
    score = (LATENT_METRICS | ORDERED_METRICS)[metric]
    changed = (GAUGE_CHANGES | PERMUTATIONS)[change](*spaces)
    np.testing.assert_allclose(score(*changed), score(*spaces), rtol=1e-12)


@pytest.mark.parametrize("metric", LATENT_METRICS | ORDERED_METRICS)
def test_changed_by_what_it_measures(metric: str, spaces: tuple[np.ndarray, np.ndarray]) -> None:
    score = (LATENT_METRICS | ORDERED_METRICS)[metric]
    truth, latent = spaces
    assert not np.allclose(score(truth, latent[_ORDER]), score(truth, latent), rtol=0.05)
    assert not np.allclose(score(truth, latent * [1, 1, 1, 20]), score(truth, latent), rtol=0.02)
