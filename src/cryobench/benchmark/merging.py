"""Results of several methods on one dataset, put together: comparisons, and controls that were beaten."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Int

from cryobench.benchmark.volumes import PER_CONFORMATION, PER_IMAGE
from cryobench.core import Comparison, InputError, ItemValues, Results, ResultsDocument, Score
from cryobench.metrics import bootstrap_means, interval_of_means

BEATEN = "not a ceiling here: too few images of each state, or too noisy"


def merge_results(parts: Sequence[Results], seed: int) -> Results:
    """Return the results of several runs on one dataset as one, methods in the order first met.

    Parameters
    ----------
    parts
        At least one. Particles and true volumes are taken of the first that shows them.
    seed
        Of the bootstrap of paired differences.

    Raises
    ------
    InputError
        If the datasets or what made the numbers differ, or two parts hold one method.
    """
    documents = [part.document for part in parts]
    first = documents[0]
    for document in documents[1:]:
        if document.dataset.checksum != first.dataset.checksum:
            raise InputError(
                f"results of two datasets, '{first.dataset.id}' ({first.dataset.checksum[:12]}) and "
                f"'{document.dataset.id}' ({document.dataset.checksum[:12]}): expected those of one"
            )
        for name in first.provenance.keys() | document.provenance.keys():
            here, there = first.provenance.get(name, "unknown"), document.provenance.get(name, "unknown")
            if here != there:
                raise InputError(
                    f"results that were made differently ({name}: {here} and {there}) cannot be set side by side: "
                    "score the submissions anew, together"
                )
    names = [card.name for document in documents for card in document.methods]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two results of a method called '{name}': give one of them another name")
    items = tuple(item for part in parts for item in part.items)
    scores = [score for document in documents for score in document.scores]
    document = first.model_copy(
        update={
            "methods": tuple(card for document in documents for card in document.methods),
            "runs": tuple(run for document in documents for run in document.runs),
            "scores": tuple(_by_kind(scores)),
            "comparisons": tuple(comparisons(items, seed)),
            "curves": tuple(curve for document in documents for curve in document.curves),
            "matrices": tuple(matrix for document in documents for matrix in document.matrices),
            "imbalance": tuple(point for document in documents for point in document.imbalance),
            "histograms": tuple(histogram for document in documents for histogram in document.histograms),
        }
    )
    document = flag_beaten(document)
    once = next((part for part in parts if any(p.group == "particles" for p in part.pictures)), parts[0])
    own = set(names)
    shared = tuple(p for p in once.pictures if p.group == "particles" or p.row not in own)
    return Results(
        document,
        tuple(embedding for part in parts for embedding in part.embeddings),
        (*shared, *(p for part in parts for p in part.pictures if p.group != "particles" and p.row in own)),
        (
            *(s for s in once.surfaces if s.method is None),
            *(s for part in parts for s in part.surfaces if s.method is not None),
        ),
        items,
    )


def comparisons(items: Sequence[ItemValues], seed: int) -> Iterator[Comparison]:
    """Yield the paired difference of every two methods that were scored on the same items.

    Volumes of states are paired by the state, all else by the particle. Items that one of the two lacks, such as the
    resolution of a volume that could not be scored, are left out, and ``n`` counts what is left.
    """
    means: dict[int, np.ndarray] = {}

    def drawn(place: int) -> np.ndarray:
        if place not in means:
            means[place] = bootstrap_means(items[place].values, seed, items[place].groups)
        return means[place]

    for (place, first), (other, second) in itertools.combinations(enumerate(items), 2):
        if first.key != second.key or first.method == second.method:
            continue
        here, there = _paired_by(first), _paired_by(second)
        if np.array_equal(here, there):
            differences, resampled = first.values - second.values, drawn(place) - drawn(other)
        else:
            _, one, two = np.intersect1d(here, there, return_indices=True)
            if not one.size:
                continue
            differences = first.values[one] - second.values[two]
            resampled = bootstrap_means(differences, seed)
        yield Comparison(
            metric=first.metric,
            protocol=first.protocol,
            convention=first.convention,
            first=first.method,
            second=second.method,
            difference=float(differences.mean()),
            interval=interval_of_means(resampled, f"{first.over}, paired"),
            n=len(differences),
            parameters=first.parameters,
        )


def _paired_by(items: ItemValues) -> Int[np.ndarray, " n"]:
    return items.states if items.protocol == PER_CONFORMATION else items.particles


def _key(score: Score) -> tuple[str, ...]:
    parameters = repr(sorted(score.parameters.items()))
    return (score.metric.name, score.protocol, score.convention, score.statistic, parameters)


def _by_kind(scores: Sequence[Score]) -> list[Score]:
    """Return scores of one kind together, kinds in the order first met."""
    kinds = list(dict.fromkeys(_key(score) for score in scores))
    return sorted(scores, key=lambda score: kinds.index(_key(score)))


def flag_beaten(document: ResultsDocument) -> ResultsDocument:
    """Return results in which means of volumes' scores are flagged where a ceiling is beaten, beyond doubt.

    With few or noisy images the map of one state, made of its own images alone, is worse than that of all images.
    """
    ceilings = {card.name for card in document.methods if card.role == "ceiling"}
    beaten = {
        (loser, _kind(comparison))
        for comparison in document.comparisons
        if comparison.protocol in {PER_CONFORMATION, PER_IMAGE} and (loser := _loser(comparison)) in ceilings
    }
    scores = tuple(
        score.model_copy(update={"flags": (*score.flags, BEATEN)})
        if score.statistic != "median" and (score.method, _kind(score)) in beaten and BEATEN not in score.flags
        else score
        for score in document.scores
    )
    return document.model_copy(update={"scores": scores})


def _kind(found: Score | Comparison) -> tuple[str, ...]:
    return found.metric.name, found.protocol, found.convention, repr(sorted(found.parameters.items()))


def _loser(comparison: Comparison) -> str:
    """Return the worse of two methods, empty where they cannot be told apart."""
    if not comparison.distinguishable:
        return ""
    first_better = (comparison.difference > 0) == (comparison.metric.direction == "higher")
    return comparison.second if first_better else comparison.first
