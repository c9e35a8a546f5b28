"""Measures of latents: neighbourhoods, what predicts what, and what is recovered of the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Float64

from cryobench.benchmark.measures.claim import Claim, Reference
from cryobench.benchmark.measures.reading import Parameters, Reading, over_particles, resampled, subsampled
from cryobench.benchmark.measures.registry import Measure, Read, add_measure
from cryobench.benchmark.measures.resampling import resamples
from cryobench.benchmark.measures.space import Space
from cryobench.core import InputError, MetricCard, stream
from cryobench.metrics import (
    CONTINUITY,
    DISTANCE_CORRELATION,
    INFORMATION_IMBALANCE,
    LATENT_REGRESSION,
    LATENT_REGRESSION_ERROR,
    NEIGHBOURHOOD_SIMILARITY,
    NUISANCE_IMBALANCE,
    REGRESSION_MODELS,
    TRUSTWORTHINESS,
    LatentRegression,
    RegressionModel,
    continuity,
    ctf_space,
    distance_correlation,
    imbalance_per_point,
    latent_regression,
    rotation_space,
    shared_neighbours,
    trustworthiness,
)

PART = 20_000
"""Particles of the measures whose cost grows too fast with their number."""

BOUNDS = 5_000
"""Particles of floors and ceilings of measures that search all pairs."""

MOST_PAIRS = 4e8
"""Neighbours of all particles together that are compared at most: 100,000 particles with 4,000 each."""

_SUBSAMPLES = 10


def latents_of(claim: Claim) -> Space:
    """Return the latents of a claim that has them."""
    if claim.latents is None:
        raise InputError("there are no latents")
    return claim.latents


def _neighbourhood(claim: Claim, reference: Reference, seed: int) -> Sequence[Reading]:
    counts = reference.counts
    if not counts:
        return []
    most = max(counts)
    shared = shared_neighbours(reference.space.near(most), latents_of(claim).near(most), counts)
    return [
        over_particles(NEIGHBOURHOOD_SIMILARITY, column, seed, parameters={"k": k}, convention="standard")
        for k, column in zip(counts, np.ascontiguousarray(shared.T), strict=True)
    ]


def comparable(reference: Reference) -> int:
    """Return how many particles may be scored with neighbourhoods of the same share of all.

    Where states are few and large, as in compositional mixtures, a neighbourhood of a state's size is a tenth of all.
    """
    share = max(reference.counts or (1,)) / len(reference)
    return max(BOUNDS, int((MOST_PAIRS / share) ** 0.5))


def _imbalance(claim: Claim, reference: Reference, seed: int) -> Sequence[Reading]:
    return _both_ways(INFORMATION_IMBALANCE, latents_of(claim), reference.truth.latents, "true latent", seed)


def _nuisance(claim: Claim, reference: Reference, seed: int) -> Sequence[Reading]:
    """Return whether the latent encodes what is no conformation: the pose, the CTF."""
    readings: list[Reading] = []
    if reference.poses is not None and len(reference) > 1:
        readings += _both_ways(
            NUISANCE_IMBALANCE, latents_of(claim), rotation_space(reference.poses.rotations), "pose", seed
        )
    if reference.ctf is not None and np.ptp(reference.ctf.table, axis=0).any():
        readings += _both_ways(NUISANCE_IMBALANCE, latents_of(claim), ctf_space(reference.ctf.table), "CTF", seed)
    return readings


def _both_ways(
    metric: MetricCard, latents: Space, known: Float[np.ndarray, "N p"], name: str, seed: int
) -> list[Reading]:
    predicts, predicted = imbalance_per_point(latents.points, known, 1)
    ways = {f"latent to {name}": predicts, f"{name} to latent": predicted}
    return [over_particles(metric, items, seed, parameters={"k": 1, "from": way}) for way, items in ways.items()]


def _trustworthiness(claim: Claim, reference: Reference, seed: int) -> Sequence[Reading]:
    if not reference.counts:
        return []
    k = reference.counts[0]
    true, points = reference.truth.latents, latents_of(claim).points
    return [
        over_particles(TRUSTWORTHINESS, trustworthiness(true, points, k), seed, parameters={"k": k}),
        over_particles(CONTINUITY, continuity(true, points, k), seed, parameters={"k": k}),
    ]


def _regression(claim: Claim, reference: Reference, seed: int) -> Sequence[Reading]:
    coordinate = reference.truth.coordinate
    values = reference.truth.values().astype(np.float64)
    if np.ptp(values) == 0:
        return []
    error_card = LATENT_REGRESSION_ERROR.model_copy(update={"unit": coordinate.unit})
    readings = []
    for model in REGRESSION_MODELS:
        found = regression_of(claim, reference, model, seed)
        parameters: Parameters = {"of": coordinate.name, "model": model}
        readings.append(_explained(values, found.absolute_errors, coordinate.period, seed, parameters))
        readings.append(over_particles(error_card, found.absolute_errors, seed, parameters=parameters))
    return readings


def regression_of(claim: Claim, reference: Reference, model: RegressionModel, seed: int) -> LatentRegression:
    """Return what a claim's latents foretell of the coordinate, computed once."""
    values, period = reference.truth.values().astype(np.float64), reference.truth.coordinate.period
    return claim.once(
        ("regression", id(reference), model, seed),
        lambda: latent_regression(latents_of(claim).points, values, period=period, model=model, seed=seed),
    )


def _explained(
    values: Float64[np.ndarray, " N"],
    errors: Float64[np.ndarray, " N"],
    period: float | None,
    seed: int,
    parameters: Parameters,
) -> Reading:
    """Return the share of the variance that is explained; of a circular variable, of the circular variance."""
    if period is None:
        losses, baseline = errors**2, (values - values.mean()) ** 2
    else:
        turn = 2 * np.pi / period
        mean = np.angle(np.exp(1j * turn * values).mean())
        losses, baseline = 1 - np.cos(turn * errors), 1 - np.cos(turn * values - mean)

    def draw() -> Float64[np.ndarray, " r"]:
        return np.array([1 - losses[rows].sum() / baseline[rows].sum() for rows in resamples(len(values), seed)])

    value = float(1 - losses.sum() / baseline.sum())
    return resampled(LATENT_REGRESSION, value, draw, len(values), parameters=parameters)


def _distance_correlation(claim: Claim, reference: Reference, seed: int) -> Sequence[Reading]:
    points, true = latents_of(claim).points, reference.truth.latents
    size = min(len(true) // 2, 2000)
    if size < 4:
        return []

    def draw() -> Float64[np.ndarray, " r"]:
        generator = stream(seed, "subsamples")
        parts = [generator.choice(len(true), size, replace=False) for _ in range(_SUBSAMPLES)]
        return np.array([distance_correlation(true[rows], points[rows]).value for rows in parts])

    value = distance_correlation(true, points).value
    return [subsampled(DISTANCE_CORRELATION, value, draw, size, len(true))]


def _add(
    name: str, metrics: tuple[MetricCard, ...], read: Read, most: int | Callable[[Reference], int] | None = None
) -> None:
    add_measure(Measure(name, "latents", "latents", metrics, read, most=most, most_bounds=BOUNDS))


_add("neighborhood-similarity", (NEIGHBOURHOOD_SIMILARITY,), _neighbourhood, comparable)
_add("information-imbalance", (INFORMATION_IMBALANCE,), _imbalance)
_add("nuisance-imbalance", (NUISANCE_IMBALANCE,), _nuisance, PART)
_add("latent-regression", (LATENT_REGRESSION, LATENT_REGRESSION_ERROR), _regression)
_add("trustworthiness", (TRUSTWORTHINESS, CONTINUITY), _trustworthiness, PART)
_add("distance-correlation", (DISTANCE_CORRELATION,), _distance_correlation, PART)
