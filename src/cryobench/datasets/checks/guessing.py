"""How well a few numbers of an image tell its state."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64, Int
from scipy.spatial import cKDTree

from cryobench.core import stream

_FOLDS = 5
_NEIGHBOURS = 15
_PERMUTATIONS = 1999
_CERTAIN = 1e-3
_MATERIAL = 0.05
_OF_CHANCE = 1.5

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
        """Return whether the state is told: beyond doubt, and enough to matter.

        That is half as often again as by chance, or 5 % of the way from chance to certainty.
        """
        material = min(_OF_CHANCE * self.chance, self.chance + _MATERIAL * (1 - self.chance))
        return self.accuracy > max(self.limit, material)

    def words(self) -> str:
        """Return the accuracy in words."""
        return f"accuracy {self.accuracy:.1%}, chance {self.chance:.1%} (by luck up to {self.limit:.1%})"


def guess_state(features: Float[np.ndarray, "n k"], labels: Int[np.ndarray, " n"], seed: int) -> Guess:
    """Return how well the nearest neighbours of images tell their states.

    Each number is replaced by its rank, so that neither scale nor shape of its distribution matters. An image of one of
    five folds gets the state that is most frequent among its 15 nearest neighbours in the other four, relative to the
    number of images that the state has there. The limit comes from shuffled labels against the same guesses.

    Parameters
    ----------
    features
        Numbers of each of n images, shape (n, k).
    labels
        State of each, shape (n,); at least 10 images of each of two states.
    seed
        Of folds and shuffles.
    """
    from scipy.stats import rankdata  # noqa: PLC0415 -- slow to import

    states, coded = np.unique(labels, return_inverse=True)
    random = stream(seed, "check-guess")
    ranks = rankdata(features, axis=0)
    fold = _folds(coded, random)
    guessed = np.empty_like(coded)
    for i in range(_FOLDS):
        known = fold != i
        counts = np.bincount(coded[known], minlength=len(states))
        k = int(min(_NEIGHBOURS, counts.min()))
        nearest = cKDTree(ranks[known]).query(ranks[~known], k)[1].reshape(-1, k)
        votes = (coded[known][nearest][:, :, None] == np.arange(len(states))).sum(axis=1) / counts
        votes += 1e-9 * random.random(votes.shape)  # equal votes are decided by lot
        guessed[~known] = votes.argmax(axis=1)
    weights = 1 / (len(states) * np.bincount(coded))
    by_luck = np.sort([_accuracy(random.permutation(coded), guessed, weights) for _ in range(_PERMUTATIONS)])
    return Guess(
        accuracy=_accuracy(coded, guessed, weights),
        chance=1 / len(states),
        limit=float(by_luck[int(np.ceil((1 - _CERTAIN) * (_PERMUTATIONS + 1))) - 1]),
        images=len(labels),
        states=len(states),
    )


def _folds(coded: Int[np.ndarray, " n"], random: np.random.Generator) -> Int[np.ndarray, " n"]:
    """Return the fold of each image: of every state about as many in each, by lot."""
    order = np.lexsort((random.random(len(coded)), coded))
    folds = np.empty_like(coded)
    folds[order] = np.arange(len(coded)) % _FOLDS
    return folds


def _accuracy(
    coded: Int[np.ndarray, " n"], guessed: Int[np.ndarray, " n"], weights: Float64[np.ndarray, " S"]
) -> float:
    return float((weights[coded] * (coded == guessed)).sum())
