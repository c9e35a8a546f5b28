"""Classes against states: agreement of two partitions of the particles, each measure beside its chance level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int32
from scipy.optimize import linear_sum_assignment

from cryobench.core import InputError, MetricCard, stream
from cryobench.core.checks import require_finite
from cryobench.metrics._registry import METRICS

ClassMeasure = Literal["accuracy", "adjusted_rand", "adjusted_mutual_information", "purity"]
CLASS_MEASURES: tuple[ClassMeasure, ...] = ("accuracy", "adjusted_rand", "adjusted_mutual_information", "purity")

CLASS_ACCURACY = METRICS.add(
    "class-accuracy",
    MetricCard(
        name="class-accuracy",
        label="Accuracy of classes",
        summary="Fraction of particles whose class is that of their state, under the one-to-one matching of classes "
        "and states that makes it largest. Chance is above 1/K: see the level given beside it.",
        reference="Kuhn, Naval Res. Logist. 2 (1955) 83",
        range=(0.0, 1.0),
        direction="higher",
        unit="",
    ),
)
ADJUSTED_RAND = METRICS.add(
    "adjusted-rand-index",
    MetricCard(
        name="adjusted-rand-index",
        label="Adjusted Rand index",
        summary="Agreement of classes and states on whether two particles belong together, adjusted so that chance is "
        "0 and a perfect match 1.",
        reference="Hubert & Arabie, J. Classif. 2 (1985) 193",
        range=(-0.5, 1.0),
        direction="higher",
        unit="",
    ),
)
ADJUSTED_MUTUAL_INFORMATION = METRICS.add(
    "adjusted-mutual-information",
    MetricCard(
        name="adjusted-mutual-information",
        label="Adjusted mutual information",
        summary="What a particle's class tells of its state, over the mean of the two entropies, adjusted so that "
        "chance is 0 and a perfect match 1.",
        reference="Vinh, Epps & Bailey, J. Mach. Learn. Res. 11 (2010) 2837",
        range=(None, 1.0),
        direction="higher",
        unit="",
    ),
)
CLASS_PURITY = METRICS.add(
    "class-purity",
    MetricCard(
        name="class-purity",
        label="Purity of classes",
        summary="Fraction of particles that belong to the most frequent state of their class. Many small classes are "
        "pure by chance: see the level given beside it.",
        reference="Manning, Raghavan & Schütze, Introduction to Information Retrieval (2008), 16.3",
        range=(0.0, 1.0),
        direction="higher",
        unit="",
    ),
)


@dataclass(frozen=True, eq=False)
class ClassificationScores:
    """Agreement of predicted classes with true states.

    Parameters
    ----------
    accuracy, adjusted_rand, adjusted_mutual_information, purity
        As their cards say.
    chance
        What each of them is for the same classes dealt out at random: 0 for the two adjusted ones, the mean over
        shuffles for the others.
    chance_spread
        Standard deviation over the shuffles, of all four.
    matching
        The state that each class is matched with, by its label; classes without one are left out.
    correct
        Whether each particle's class is matched with its state, shape (N,); the mean is the accuracy.
    pure
        Whether each particle's state is the most frequent of its class, shape (N,); the mean is the purity.
    """

    accuracy: float
    adjusted_rand: float
    adjusted_mutual_information: float
    purity: float
    chance: dict[ClassMeasure, float]
    chance_spread: dict[ClassMeasure, float]
    matching: dict[int, int]
    correct: Bool[np.ndarray, " N"]
    pure: Bool[np.ndarray, " N"]


@dataclass(frozen=True, eq=False)
class ClusteringScores:
    """Classification scores of several clusterings of the same latents.

    Parameters
    ----------
    mean, spread
        Mean and standard deviation over the clusterings, of each measure.
    chance
        Mean of their chance levels.
    runs
        The scores of each clustering.
    """

    mean: dict[ClassMeasure, float]
    spread: dict[ClassMeasure, float]
    chance: dict[ClassMeasure, float]
    runs: tuple[ClassificationScores, ...]


def classification_scores(
    true: Int[np.ndarray, " N"], predicted: Int[np.ndarray, " M"], seed: int = 0, shuffles: int = 20
) -> ClassificationScores:
    """Return how well predicted classes agree with true states, and what chance would give.

    Parameters
    ----------
    true, predicted
        State and class of the same N particles, any integers. Their numbers need not be the same: classes or states
        too many are matched with nothing.
    seed, shuffles
        Of the random permutations of ``predicted`` behind the chance levels.

    Returns
    -------
    Where there is one state and one class, or each particle is a state and a class of its own, the partitions are the
    same and all measures are 1.

    Raises
    ------
    InputError
        If lengths differ or there is no particle.
    """
    if len(true) != len(predicted) or not len(true):
        raise InputError(f"{len(true)} states and {len(predicted)} classes: give both of the same particles")
    if shuffles < 1:
        raise InputError(f"{shuffles} shuffles asked for: choose at least 1")
    states, state = np.unique(true, return_inverse=True)
    classes, group = np.unique(predicted, return_inverse=True)
    table = _contingency(state, group)
    # Margins stay as they are under a shuffle, and so does the mutual information to be expected.
    expected = _expected_information(table)
    generator = stream(seed, "shuffled classes")
    by_chance = np.array(
        [_measures(_contingency(state, generator.permutation(group)), expected) for _ in range(shuffles)]
    )
    chance = dict(zip(CLASS_MEASURES, by_chance.mean(axis=0).tolist(), strict=True))
    chance |= {"adjusted_rand": 0.0, "adjusted_mutual_information": 0.0}
    accuracy, rand, information, purity = _measures(table, expected).tolist()
    rows, columns = best_matching(table)
    matched = np.full(len(classes), -1)
    matched[columns] = rows
    return ClassificationScores(
        accuracy=accuracy,
        adjusted_rand=rand,
        adjusted_mutual_information=information,
        purity=purity,
        chance=chance,
        chance_spread=dict(zip(CLASS_MEASURES, by_chance.std(axis=0).tolist(), strict=True)),
        matching={int(classes[c]): int(states[r]) for r, c in zip(rows, columns, strict=True)},
        correct=matched[group] == state,
        pure=table.argmax(axis=0)[group] == state,
    )


def labels_of_posteriors(posteriors: Float[np.ndarray, "N K"]) -> Int32[np.ndarray, " N"]:
    """Return the most probable class of each particle, the first of equals, shape (N,).

    Raises
    ------
    InputError
        If a probability is not finite or below 0, or there is no class.
    """
    if not posteriors.shape[1]:
        raise InputError("posteriors of no class: expected a column for each class")
    require_finite("posteriors", posteriors)
    if posteriors.size and posteriors.min() < 0:
        raise InputError(f"posteriors hold {posteriors.min():g}: expected probabilities, 0 or above")
    return np.asarray(posteriors.argmax(axis=1), dtype=np.int32)


def cluster_latents(
    latents: Float[np.ndarray, "N d"], number: int, seeds: Sequence[int] = (0, 1, 2, 3, 4)
) -> Int32[np.ndarray, "S N"]:
    """Return k-means clusters of latents, a clustering for each seed, shape (S, N).

    Where there are no more distinct points than clusters, each distinct point is a cluster of its own.

    Parameters
    ----------
    latents
        Shape (N, d). Coordinates are taken as they are: k-means is not blind to the scale of one of them.
    number
        Number of clusters, at least 1: the true number of states.
    seeds
        Of the starting points.

    Raises
    ------
    InputError
        If there are more clusters than particles, no seeds, or a value is not finite.

    References
    ----------
    Arthur and Vassilvitskii, SODA 2007, 1027, for the starting points.
    """
    if not 1 <= number <= len(latents):
        raise InputError(f"{number} clusters of {len(latents)} particles: choose from 1 to their number")
    if not len(seeds):
        raise InputError("no seeds: give one for each clustering")
    require_finite("latents", latents)
    points = latents.astype(np.float64)
    distinct, group = np.unique(points, axis=0, return_inverse=True)
    if len(distinct) <= number:
        return np.tile(group.reshape(-1).astype(np.int32), (len(seeds), 1))

    from sklearn.cluster import KMeans  # noqa: PLC0415  (takes a second to import)
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    clusterings = np.empty((len(seeds), len(points)), dtype=np.int32)
    # Threads add up the members of a cluster in an order that differs from run to run.
    with threadpool_limits(limits=1):
        for row, seed in enumerate(seeds):
            start = int(stream(seed, "k-means").integers(2**31))
            clusterings[row] = KMeans(number, n_init=1, random_state=start).fit_predict(points)
    return clusterings


def clustering_scores(
    true: Int[np.ndarray, " N"], clusterings: Int[np.ndarray, "S M"], seed: int = 0, shuffles: int = 20
) -> ClusteringScores:
    """Return the mean classification scores of several clusterings, their spread and their chance level.

    Parameters
    ----------
    true
        State of each particle, shape (N,).
    clusterings
        Classes of the particles, one clustering a row, shape (S, N), as of :func:`cluster_latents`.
    seed, shuffles
        As for :func:`classification_scores`.
    """
    if not len(clusterings):
        raise InputError("no clustering: expected one a row")
    runs = tuple(classification_scores(true, classes, seed, shuffles) for classes in clusterings)
    table = np.array([[getattr(run, name) for name in CLASS_MEASURES] for run in runs])
    chance = np.array([[run.chance[name] for name in CLASS_MEASURES] for run in runs])
    return ClusteringScores(
        mean=dict(zip(CLASS_MEASURES, table.mean(axis=0).tolist(), strict=True)),
        spread=dict(zip(CLASS_MEASURES, table.std(axis=0).tolist(), strict=True)),
        chance=dict(zip(CLASS_MEASURES, chance.mean(axis=0).tolist(), strict=True)),
        runs=runs,
    )


def best_matching(table: Int[np.ndarray, "s c"]) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"]]:
    """Return the states and the classes that are matched where most particles lie in matched ones, shape (m,) each.

    A state and a class that share no particle are never matched.
    """
    rows, columns = linear_sum_assignment(table, maximize=True)
    shared = table[rows, columns] > 0
    return rows[shared], columns[shared]


def _contingency(state: Int[np.ndarray, " N"], group: Int[np.ndarray, " N"]) -> Int[np.ndarray, "s c"]:
    """Return how many particles each state has in each class."""
    states, classes = int(state.max()) + 1, int(group.max()) + 1
    return np.bincount(state * classes + group, minlength=states * classes).reshape(states, classes)


def _measures(table: Int[np.ndarray, "s c"], expected: float) -> Float64[np.ndarray, " 4"]:
    """Return the four measures in the order of their names, of a table of counts."""
    n = int(table.sum())
    accuracy = table[linear_sum_assignment(table, maximize=True)].sum() / n
    purity = table.max(axis=0).sum() / n

    def pairs(counts: Int[np.ndarray, ...]) -> float:
        values = counts.astype(np.float64)
        return float((values * (values - 1) / 2).sum())

    rows, columns, everything = pairs(table.sum(axis=1)), pairs(table.sum(axis=0)), n * (n - 1) / 2
    by_chance = rows * columns / everything if everything else 0.0
    largest = (rows + columns) / 2
    rand = (pairs(table) - by_chance) / (largest - by_chance) if largest != by_chance else 1.0

    information = _entropy(table.sum(axis=1)) + _entropy(table.sum(axis=0)) - _entropy(table)
    most = (_entropy(table.sum(axis=1)) + _entropy(table.sum(axis=0))) / 2
    # One class and one state, or one of each for each particle: nothing is left to tell, and the two are the same.
    mutual = (information - expected) / (most - expected) if most - expected > 1e-12 else 1.0
    return np.array([accuracy, rand, mutual, purity])


def _entropy(counts: Int[np.ndarray, ...]) -> float:
    """Return the entropy of a partition in nats."""
    fractions = counts[counts > 0] / counts.sum()
    return float(-(fractions * np.log(fractions)).sum())


def _expected_information(table: Int[np.ndarray, "s c"]) -> float:
    """Return the mean mutual information, in nats, of tables of the same margins."""
    from sklearn.metrics.cluster import expected_mutual_information  # noqa: PLC0415

    return float(expected_mutual_information(table, int(table.sum())))
