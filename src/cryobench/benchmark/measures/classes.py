"""Measures of classes and of populations: those claimed, and those that k-means makes of latents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float64, Int32

from cryobench.benchmark.measures.claim import Claim, Reference
from cryobench.benchmark.measures.latents import latents_of
from cryobench.benchmark.measures.reading import Parameters, Reading, over_particles, over_repeats, resampled
from cryobench.benchmark.measures.registry import Measure, add_measure
from cryobench.benchmark.measures.resampling import resamples
from cryobench.core import InputError, MetricCard
from cryobench.metrics import (
    ADJUSTED_MUTUAL_INFORMATION,
    ADJUSTED_RAND,
    CLASS_ACCURACY,
    CLASS_PURITY,
    POPULATION_JENSEN_SHANNON,
    POPULATION_TOTAL_VARIATION,
    POPULATION_WASSERSTEIN,
    classification_scores,
    coordinate_distances,
    matched_populations,
    population_error,
)

_SHUFFLES = 20
_ROUNDING = 1e-7  # of equal populations, whose distance is the root of a rounding
_RESAMPLES = 50
_CLASSES = (CLASS_ACCURACY, CLASS_PURITY, ADJUSTED_RAND, ADJUSTED_MUTUAL_INFORMATION)
_POPULATIONS = (POPULATION_TOTAL_VARIATION, POPULATION_JENSEN_SHANNON, POPULATION_WASSERSTEIN)


def _classes_of(claim: Claim) -> Int32[np.ndarray, " N"]:
    if claim.classes is None:
        raise InputError("there are no classes")
    return claim.classes


def _agreement(true: Int32[np.ndarray, " N"], classes: Int32[np.ndarray, " N"]) -> Float64[np.ndarray, " 4"]:
    """Return accuracy, purity, adjusted Rand index and adjusted mutual information."""
    found = classification_scores(true, classes, shuffles=1)
    return np.array([found.accuracy, found.purity, found.adjusted_rand, found.adjusted_mutual_information])


def _claimed_classes(claim: Claim, reference: Reference, seed: int) -> Sequence[Reading]:
    true, classes = reference.truth.labels, _classes_of(claim)
    found = classification_scores(true, classes, shuffles=1)
    parameters: Parameters = {"classes": "claimed"}
    draws = _once(
        lambda: np.array([_agreement(true[rows], classes[rows]) for rows in resamples(len(true), seed, _RESAMPLES)])
    )
    return [
        over_particles(CLASS_ACCURACY, found.correct.astype(np.float64), seed, parameters=parameters),
        over_particles(CLASS_PURITY, found.pure.astype(np.float64), seed, parameters=parameters),
        resampled(ADJUSTED_RAND, found.adjusted_rand, lambda: draws()[:, 2], len(true), parameters=parameters),
        resampled(
            ADJUSTED_MUTUAL_INFORMATION,
            found.adjusted_mutual_information,
            lambda: draws()[:, 3],
            len(true),
            parameters=parameters,
        ),
    ]


def _clustered_classes(claim: Claim, reference: Reference, seed: int) -> Sequence[Reading]:
    true = reference.truth.labels
    table = np.array([_agreement(true, classes) for classes in _clusterings(claim, reference, seed)])
    return _repeated(_CLASSES, table, len(true), reference)


def _clusterings(claim: Claim, reference: Reference, seed: int) -> list[Int32[np.ndarray, " N"]]:
    """Return the k-means clusters of latents at the true number of states, for several seeds."""
    return list(latents_of(claim).clusterings(len(reference.truth.states), seed))


def _populations(
    reference: Reference, true: Int32[np.ndarray, " N"], classes: Int32[np.ndarray, " N"]
) -> Float64[np.ndarray, " 3"]:
    """Return total variation, Jensen-Shannon and Wasserstein distance of the populations that classes give."""
    truth = reference.truth
    values = np.array([state.variables[truth.coordinate.name] for state in truth.states], dtype=np.float64)
    recovered = matched_populations(true, classes, len(truth.states))
    error = population_error(
        recovered,
        np.bincount(true, minlength=len(truth.states)).astype(np.float64),
        coordinate_distances(values, truth.coordinate.period),
    )
    distances = np.array([error.total_variation, error.jensen_shannon, error.wasserstein], dtype=np.float64)
    return np.where(distances < _ROUNDING, 0.0, distances)


def _cards(reference: Reference) -> tuple[MetricCard, ...]:
    """Return the cards of populations; the distance between states is that of the coordinate."""
    unit = reference.truth.coordinate.unit
    return (*_POPULATIONS[:2], POPULATION_WASSERSTEIN.model_copy(update={"unit": unit}))


def _claimed_populations(claim: Claim, reference: Reference, seed: int) -> Sequence[Reading]:
    true, classes = reference.truth.labels, _classes_of(claim)
    found = _populations(reference, true, classes)
    draws = _once(
        lambda: np.array(
            [_populations(reference, true[rows], classes[rows]) for rows in resamples(len(true), seed, _RESAMPLES)]
        )
    )

    def reading(card: MetricCard, column: int) -> Reading:
        parameters: Parameters = {"classes": "claimed"}
        return resampled(card, float(found[column]), lambda: draws()[:, column], len(true), parameters=parameters)

    return [reading(card, column) for column, card in enumerate(_cards(reference))]


def _clustered_populations(claim: Claim, reference: Reference, seed: int) -> Sequence[Reading]:
    true = reference.truth.labels
    table = np.array([_populations(reference, true, classes) for classes in _clusterings(claim, reference, seed)])
    return _repeated(_cards(reference), table, len(true), reference)


def _repeated(
    cards: Sequence[MetricCard], table: Float64[np.ndarray, "seeds m"], n: int, reference: Reference
) -> list[Reading]:
    parameters: Parameters = {"classes": f"k-means to {len(reference.truth.states)}"}
    return [
        over_repeats(card, np.ascontiguousarray(column), "seeds of k-means", n, parameters=parameters)
        for card, column in zip(cards, table.T, strict=True)
    ]


def _once(make: Callable[[], np.ndarray]) -> Callable[[], np.ndarray]:
    """Return a function that makes an array when it is first called."""
    kept: list[np.ndarray] = []

    def get() -> np.ndarray:
        if not kept:
            kept.append(make())
        return kept[0]

    return get


add_measure(Measure("classes", "latents", "labels or posteriors", _CLASSES, _claimed_classes, shuffles=_SHUFFLES))
add_measure(Measure("k-means-classes", "latents", "latents", _CLASSES, _clustered_classes, shuffles=_SHUFFLES))
add_measure(
    Measure("populations", "latents", "labels or posteriors", _POPULATIONS, _claimed_populations, shuffles=_SHUFFLES)
)
add_measure(
    Measure("k-means-populations", "latents", "latents", _POPULATIONS, _clustered_populations, shuffles=_SHUFFLES)
)
