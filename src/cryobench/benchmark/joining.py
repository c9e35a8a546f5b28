"""Results of several runs, some of them on one dataset, as one for each dataset."""

from __future__ import annotations

from collections.abc import Sequence

from cryobench.benchmark.merging import BEATEN, flag_beaten, merge_results
from cryobench.core import Comparison, InputError, Results, Score


def join_results(found: Sequence[Results]) -> tuple[Results, ...]:
    """Return one result for each dataset, datasets and methods in the order first met.

    A method may be in several results of a dataset where all say the same of it, as of controls of one seed: it is
    taken once, from those that say the most. Methods of different results are compared where the values behind their
    scores came with them.

    Raises
    ------
    InputError
        If two results of one dataset were made of different builds of it, or differently, or say different things of
        one method.
    """
    groups: dict[str, list[Results]] = {}
    for each in found:
        groups.setdefault(each.document.dataset.id, []).append(each)
    return tuple(members[0] if len(members) == 1 else _joined(members) for members in groups.values())


def _joined(members: Sequence[Results]) -> Results:
    card = members[0].document.dataset
    for other in members[1:]:
        checksum = other.document.dataset.checksum
        if checksum != card.checksum:
            raise InputError(
                f"results of two builds of dataset '{card.id}' (checksums {_short(card.checksum)} and "
                f"{_short(checksum)}): score the submissions on one of them, or make a page of each"
            )
    richest: dict[str, tuple[dict[str, Score], Results]] = {}
    for each in members:
        for method in each.document.methods:
            scores = _of(method.name, each)
            known, _ = richest.get(method.name, (scores, each))
            if any(scores[name] != known[name] for name in scores.keys() & known.keys()):
                raise InputError(
                    f"two results of dataset '{card.id}' say different things of method '{method.name}': score both "
                    "submissions in one run, or give one of them another name, as in other-name=FOLDER"
                )
            if method.name not in richest or len(scores) > len(known):
                richest[method.name] = (scores, each)
    chosen = [(each, {name for name, (_, best) in richest.items() if best is each}) for each in members]
    parts = [_part(each, names) for each, names in chosen if names]
    seed = members[0].document.provenance.get("Seed", "")
    merged = merge_results(parts, int(seed) if seed.isdecimal() else 1)
    return _with_comparisons(merged, [c for each in members for c in each.document.comparisons])


def _of(name: str, results: Results) -> dict[str, Score]:
    """Return the scores of a method by what they are of, but for what depends on the others in the results."""
    found = {}
    for score in results.document.scores:
        if score.method == name:
            of = (
                score.metric.name,
                score.protocol,
                score.convention,
                score.statistic,
                sorted(score.parameters.items()),
            )
            found[repr(of)] = _alone(score)
    return found


def _alone(score: Score) -> Score:
    return score.model_copy(update={"flags": tuple(flag for flag in score.flags if flag != BEATEN)})


def _part(results: Results, names: set[str]) -> Results:
    """Return what results hold of some of their methods; what is of the dataset stays."""
    document = results.document
    others = {card.name for card in document.methods} - names
    fields = ("runs", "scores", "curves", "matrices", "imbalance", "histograms")
    kept = {
        field: tuple(
            _alone(record) if isinstance(record, Score) else record
            for record in getattr(document, field)
            if record.method in names
        )
        for field in fields
    }
    methods = tuple(card for card in document.methods if card.name in names)
    return Results(
        document.model_copy(update={"methods": methods, "comparisons": (), **kept}),
        tuple(each for each in results.embeddings if each.method in names),
        tuple(each for each in results.pictures if each.group == "particles" or each.row not in others),
        tuple(each for each in results.surfaces if each.method not in others),
        tuple(each for each in results.items if each.method in names),
    )


def _with_comparisons(merged: Results, recorded: Sequence[Comparison]) -> Results:
    """Return results with the comparisons that were recorded too, where their values did not come with the results."""
    found = {_pair(comparison): comparison for comparison in merged.document.comparisons}
    for comparison in recorded:
        found.setdefault(_pair(comparison), comparison)
    document = flag_beaten(merged.document.model_copy(update={"comparisons": tuple(found.values())}))
    return Results(document, merged.embeddings, merged.pictures, merged.surfaces, merged.items)


def _pair(comparison: Comparison) -> tuple[object, ...]:
    return (
        comparison.metric.name,
        comparison.protocol,
        comparison.convention,
        repr(sorted(comparison.parameters.items())),
        frozenset((comparison.first, comparison.second)),
    )


def _short(checksum: str) -> str:
    return checksum.removeprefix("sha256:")[:12] or "none"
