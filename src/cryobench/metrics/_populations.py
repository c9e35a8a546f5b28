"""Recovered against true populations of the states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int

from cryobench.core import InputError, MetricCard
from cryobench.core.checks import require_finite
from cryobench.metrics._classes import best_matching
from cryobench.metrics._registry import METRICS

POPULATION_TOTAL_VARIATION = METRICS.add(
    "population-total-variation",
    MetricCard(
        name="population-total-variation",
        label="Total variation of populations",
        summary="Share of the particles that would have to change their state to turn the recovered populations into "
        "the true ones.",
        reference="Levin & Peres, Markov Chains and Mixing Times (2017), 4.1",
        range=(0.0, 1.0),
        direction="lower",
        unit="",
    ),
)
POPULATION_JENSEN_SHANNON = METRICS.add(
    "population-jensen-shannon",
    MetricCard(
        name="population-jensen-shannon",
        label="Jensen-Shannon distance of populations",
        summary="Square root of the Jensen-Shannon divergence, in base 2, of recovered and true populations.",
        reference="Lin, IEEE Trans. Inf. Theory 37 (1991) 145; Endres & Schindelin, 49 (2003) 1858",
        range=(0.0, 1.0),
        direction="lower",
        unit="",
    ),
)
POPULATION_WASSERSTEIN = METRICS.add(
    "population-wasserstein",
    MetricCard(
        name="population-wasserstein",
        label="Wasserstein distance of populations",
        summary="Least mean distance between states over which particles have to be moved to turn the recovered "
        "populations into the true ones: first order, in the unit of the distances between states.",
        reference="Peyré & Cuturi, Found. Trends Mach. Learn. 11 (2019) 355; Flamary et al., POT, JMLR 22 (2021) 78",
        range=(0.0, None),
        direction="lower",
        unit="of the states' distances",
    ),
)

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class PopulationError:
    """Distances between recovered and true populations.

    Parameters
    ----------
    total_variation
        Half the sum of the absolute differences, 0 to 1.
    jensen_shannon
        The Jensen-Shannon distance (not divergence) in base 2, 0 to 1.
    wasserstein
        First-order Wasserstein distance in the unit of the cost; None without a cost.
    """

    total_variation: float
    jensen_shannon: float
    wasserstein: float | None


def population_error(
    recovered: Float[np.ndarray, " K"], true: Float[np.ndarray, " L"], cost: Float[np.ndarray, ...] | None = None
) -> PopulationError:
    """Return the distances between recovered and true populations of K states.

    Parameters
    ----------
    recovered, true
        Populations or counts of the same K states in the same order, shape (K,). They are divided by their sums.
    cost
        Distance between every two states, shape (K, K): of their volumes, or of the collective variable, as
        :func:`coordinate_distances` gives it.

    Raises
    ------
    InputError
        If shapes differ, a population is negative or not finite, all are zero, or the cost is not a distance:
        symmetric, 0 from a state to itself and nowhere below.

    References
    ----------
    Flamary et al., POT: Python Optimal Transport, J. Mach. Learn. Res. 22 (2021) 78, for the exact transport.
    """
    p, q = _normalised("recovered populations", recovered), _normalised("true populations", true)
    if len(p) != len(q):
        raise InputError(f"populations of {len(p)} recovered and {len(q)} true states: give those of the same states")
    middle = (p + q) / 2
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    return PopulationError(
        total_variation=float(np.abs(p - q).sum() / 2),
        jensen_shannon=float(np.sqrt(np.clip(divergence, 0.0, 1.0))),
        wasserstein=None if cost is None else _transport(p, q, cost),
    )


def coordinate_distances(values: Float[np.ndarray, " K"], period: float | None = None) -> Float64[np.ndarray, "K K"]:
    """Return the distances between states along a collective variable, in its unit, shape (K, K).

    Parameters
    ----------
    values
        Collective variable of each state, shape (K,).
    period
        Of a circular variable, in its unit: the shorter way round counts.

    Raises
    ------
    InputError
        If a value is not finite or the period not above 0.
    """
    require_finite("collective variable", values)
    apart = np.abs(values[:, None].astype(np.float64) - values[None].astype(np.float64))
    if period is None:
        return apart
    if not (np.isfinite(period) and period > 0):
        raise InputError(f"period {period}: expected a number above 0, such as 360 for degrees")
    apart %= period
    return np.minimum(apart, period - apart)


def matched_populations(
    true: Int[np.ndarray, " N"], predicted: Int[np.ndarray, " M"], states: int
) -> Float64[np.ndarray, " K"]:
    """Return the share of the particles that each state gets by predicted classes, shape (states,).

    A class has no name, so it is given that of a state: by the one-to-one matching that makes the accuracy largest.
    Classes that this leaves out go to the state that most of their particles have. A state that no class goes to has 0.

    Parameters
    ----------
    true
        State of each particle, 0 to states - 1, shape (N,).
    predicted
        Class of each particle, any integers, shape (N,).
    states
        Number of states.

    Raises
    ------
    InputError
        If lengths differ, there is no particle, or a state is out of range.
    """
    if len(true) != len(predicted) or not len(true):
        raise InputError(f"{len(true)} states and {len(predicted)} classes: give both of the same particles")
    if not 0 <= true.min() <= true.max() < states:
        raise InputError(f"states run from {true.min()} to {true.max()}: expected 0 to {states - 1}")
    classes, group = np.unique(predicted, return_inverse=True)
    table = np.bincount(true.astype(np.int64) * len(classes) + group, minlength=states * len(classes))
    table = table.reshape(states, len(classes))
    given = table.argmax(axis=0)
    rows, columns = best_matching(table)
    given[columns] = rows
    return np.bincount(given, weights=table.sum(axis=0), minlength=states) / len(true)


def _normalised(name: str, populations: Float[np.ndarray, " K"]) -> Float64[np.ndarray, " K"]:
    require_finite(name, populations)
    if not len(populations) or populations.min() < 0 or populations.max() == 0:
        raise InputError(f"{name} have to be 0 or above, and above 0 for one state at least")
    values = populations.astype(np.float64)
    return np.asarray(values / values.sum())


def _relative_entropy(p: Float64[np.ndarray, " K"], q: Float64[np.ndarray, " K"]) -> float:
    """Return the relative entropy of p to q in bits."""
    there = p > 0
    return float((p[there] * np.log2(p[there] / q[there])).sum())


def _transport(p: Float64[np.ndarray, " K"], q: Float64[np.ndarray, " K"], cost: Float[np.ndarray, ...]) -> float:
    if cost.shape != (len(p), len(p)):
        raise InputError(f"cost has shape {cost.shape}, expected ({len(p)}, {len(p)}): a distance between every two")
    require_finite("cost", cost)
    distances = np.ascontiguousarray(cost, dtype=np.float64)
    slack = _TOLERANCE + 1e-6 * distances.max()
    if distances.min() < 0 or np.abs(np.diag(distances)).max() > slack or np.abs(distances - distances.T).max() > slack:
        raise InputError("cost is not a distance: expected a symmetric matrix, 0 on its diagonal and nowhere below")

    import ot  # noqa: PLC0415  (takes a second to import)

    return max(0.0, float(ot.emd2(p, q, distances, numItermax=1_000_000)))
