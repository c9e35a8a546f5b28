"""Whether the error of a pose depends on the state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int
from scipy.stats import rankdata

from cryobench.core import InputError, Interval, MetricCard, stream
from cryobench.core.checks import require_finite
from cryobench.metrics._registry import METRICS

POSE_ENTANGLEMENT = METRICS.add(
    "pose-entanglement",
    MetricCard(
        name="pose-entanglement",
        label="Entanglement of pose and state",
        summary="Fraction of the variance of pose errors (of their ranks) that the state explains. Where the error "
        "does not depend on the state it is (S - 1)/(N - 1) by chance.",
        reference="Fisher, Statistical Methods for Research Workers (1925); Kruskal & Wallis, JASA 47 (1952) 583",
        range=(0.0, 1.0),
        direction="lower",
        unit="",
    ),
)

LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Entanglement:
    """How much of the variance of errors the state explains.

    Parameters
    ----------
    explained
        Variance between states over total variance (eta squared), 0 to 1.
    chance
        Its expectation where states are shuffled, (S - 1)/(N - 1).
    null
        Interval that holds 95 % of the values of shuffled states.
    p_value
        Fraction of shuffles, the data themselves among them, that explain as much.
    state_means
        Mean error of each state, by its label.
    """

    explained: float
    chance: float
    null: Interval
    p_value: float
    state_means: dict[int, float]


def entanglement(
    errors: Float[np.ndarray, " N"],
    labels: Int[np.ndarray, " M"],
    seed: int = 0,
    shuffles: int = 999,
    ranks: bool = True,
) -> Entanglement:
    """Return how much of the variance of errors the state explains, and what chance would.

    Parameters
    ----------
    errors
        An error of each particle, shape (N,): an angle, a distance.
    labels
        State of each particle, shape (N,).
    seed, shuffles
        Of the permutations behind interval and p-value.
    ranks
        Whether the ranks of the errors are used in place of the errors, so that a few poses that are wrong altogether
        do not make up the variance. Equal errors share their mean rank.

    Returns
    -------
    Where all errors are equal nothing is to be explained: 0, with a p-value of 1.

    Raises
    ------
    InputError
        If lengths differ, there are fewer than two particles, or an error is not finite.
    """
    if len(errors) != len(labels) or len(errors) < 2:
        raise InputError(f"{len(errors)} errors and {len(labels)} labels: give one of each for two particles or more")
    if shuffles < 1:
        raise InputError(f"{shuffles} shuffles asked for: choose at least 1")
    require_finite("errors", errors)
    names, groups, counts = np.unique(labels, return_inverse=True, return_counts=True)
    values = np.asarray(rankdata(errors) if ranks else errors, dtype=np.float64)
    means = np.bincount(groups, weights=errors) / counts
    centred = values - values.mean()
    total = float((centred**2).sum())
    chance = (len(names) - 1) / (len(errors) - 1)

    def explained(shuffled: Float64[np.ndarray, " N"]) -> float:
        return float(np.sum(np.bincount(groups, weights=shuffled) ** 2 / counts)) / total

    if np.ptp(errors) == 0:
        found, drawn = 0.0, np.zeros(shuffles)
    else:
        generator = stream(seed, "entanglement")
        found = explained(centred)
        drawn = np.array([explained(generator.permutation(centred)) for _ in range(shuffles)])
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    # Rounding would otherwise tell apart values that are equal, as where there is one state.
    as_much = int((drawn >= found - 1e-12).sum())
    return Entanglement(
        explained=min(found, 1.0),
        chance=chance,
        null=Interval(low=float(low), high=float(high), kind=f"{LEVEL:.0%} of shuffled states".replace("%", " %")),
        p_value=(1 + as_much) / (1 + shuffles),
        state_means={int(name): float(mean) for name, mean in zip(names, means, strict=True)},
    )
