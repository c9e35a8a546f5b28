"""How well a few numbers of an image tell its state."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64, Int

from cryobench.core import stream

_FOLDS = 5
_TREES = 50
_PERMUTATIONS = 1999
_CERTAIN = 1e-3
_MATERIAL = 0.05

LEAST = 2 * _FOLDS
"""Images that a state needs."""


class Guess(NamedTuple):
    """Accuracy of guessing the state, each state counting the same.

    Parameters
    ----------
    accuracy
        Mean over the states of the share of its images that were told.
    chance
        One over the number of states.
    limit
        What guesses that know nothing exceed once in 1,000 times.
    images, states
        How many.
    """

    accuracy: float
    chance: float
    limit: float
    images: int
    states: int

    @property
    def told(self) -> bool:
        """Return whether the state is told: beyond doubt, and by more than 5 % of the way from chance to certainty."""
        return self.accuracy > max(self.limit, self.chance + _MATERIAL * (1 - self.chance))

    def words(self) -> str:
        """Return the accuracy in words."""
        return f"accuracy {self.accuracy:.1%}, chance {self.chance:.1%} (by luck up to {self.limit:.1%})"


def guess_state(features: Float[np.ndarray, "n k"], labels: Int[np.ndarray, " n"], seed: int) -> Guess:
    """Return how well randomised trees tell the state of images that it was not trained on.

    Five folds, each with its share of every state. The limit comes from shuffled labels against the same guesses.

    Parameters
    ----------
    features
        Numbers of each of n images, shape (n, k).
    labels
        State of each, shape (n,); at least 10 images of each of two states.
    seed
        Of folds, trees and shuffles.
    """
    from sklearn.ensemble import ExtraTreesClassifier  # noqa: PLC0415 -- takes a second to import
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415

    states, coded = np.unique(labels, return_inverse=True)
    random = stream(seed, "check-guess")
    number = int(random.integers(2**31))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=number)
    guessed = np.empty_like(coded)
    for train, test in folds.split(features, coded):
        trees = ExtraTreesClassifier(_TREES, min_samples_leaf=3, class_weight="balanced", random_state=number)
        guessed[test] = trees.fit(features[train], coded[train]).predict(features[test])
    weights = 1 / (len(states) * np.bincount(coded))
    by_luck = np.sort([_accuracy(random.permutation(coded), guessed, weights) for _ in range(_PERMUTATIONS)])
    return Guess(
        accuracy=_accuracy(coded, guessed, weights),
        chance=1 / len(states),
        limit=float(by_luck[int(np.ceil((1 - _CERTAIN) * (_PERMUTATIONS + 1))) - 1]),
        images=len(labels),
        states=len(states),
    )


def _accuracy(
    coded: Int[np.ndarray, " n"], guessed: Int[np.ndarray, " n"], weights: Float64[np.ndarray, " S"]
) -> float:
    return float((weights[coded] * (coded == guessed)).sum())
