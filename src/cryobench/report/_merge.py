"""Several results of one dataset brought together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TypeVar

from cryobench.core import InputError, Results, ResultsDocument

T = TypeVar("T")


def merge_results(results: Sequence[Results]) -> tuple[Results, ...]:
    """Return one result for each dataset, datasets and methods in the order first met.

    A method may be in several results only where all say the same of it, as of controls made with one seed.

    Raises
    ------
    InputError
        If two results of one dataset were made of different builds of it, or say different things of one method.
    """
    groups: dict[str, list[Results]] = {}
    for each in results:
        groups.setdefault(each.document.dataset.id, []).append(each)
    return tuple(members[0] if len(members) == 1 else _merged(members) for members in groups.values())


def _merged(members: Sequence[Results]) -> Results:
    documents = [each.document for each in members]
    first = documents[0]
    for other in documents[1:]:
        if other.dataset.checksum != first.dataset.checksum:
            raise InputError(
                f"results of two builds of dataset '{first.dataset.id}': checksums {_short(first.dataset.checksum)} "
                f"and {_short(other.dataset.checksum)}: score both on one build, or make a report of each"
            )
        if other.coordinate != first.coordinate:
            raise InputError(f"results of dataset '{first.dataset.id}' name two coordinates that order its states")
    for i, document in enumerate(documents):
        for earlier in documents[:i]:
            _check_agreement(earlier, document)
    merged = ResultsDocument(
        dataset=first.dataset,
        coordinate=first.coordinate,
        methods=_once(chain.from_iterable(each.methods for each in documents)),
        runs=_first_of((run.method, run) for each in documents for run in each.runs),
        scores=_once(chain.from_iterable(each.scores for each in documents)),
        comparisons=_once(chain.from_iterable(each.comparisons for each in documents)),
        curves=_once(chain.from_iterable(each.curves for each in documents)),
        matrices=_once(chain.from_iterable(each.matrices for each in documents)),
        imbalance=_once(chain.from_iterable(each.imbalance for each in documents)),
        histograms=_once(chain.from_iterable(each.histograms for each in documents)),
        provenance=_provenance(documents),
    )
    return Results(
        merged,
        _first_of(((e.method, e.kind), e) for each in members for e in each.embeddings),
        _first_of(((p.group, p.row, p.column), p) for each in members for p in each.pictures),
        _first_of(((s.method, s.state), s) for each in members for s in each.surfaces),
        _first_of(((i.method, *i.key), i) for each in members for i in each.items),
    )


def _check_agreement(one: ResultsDocument, other: ResultsDocument) -> None:
    others = {card.name for card in other.methods}
    for name in (card.name for card in one.methods if card.name in others):
        same = all(_of(name, getattr(one, part)) == _of(name, getattr(other, part)) for part in ("methods", "scores"))
        if not same:
            raise InputError(
                f"two results of dataset '{one.dataset.id}' say different things of method '{name}': "
                "score both with one seed and version, or give one of the two another name"
            )


def _of(name: str, records: Iterable[object]) -> list[object]:
    return [record for record in records if name in {getattr(record, "method", None), getattr(record, "name", None)}]


def _once(records: Iterable[T]) -> tuple[T, ...]:
    """Return records without those that are there already; the records of a document cannot be hashed."""
    found: dict[str, T] = {}
    for record in records:
        found.setdefault(repr(record), record)
    return tuple(found.values())


def _first_of(pairs: Iterable[tuple[object, T]]) -> tuple[T, ...]:
    found: dict[object, T] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return tuple(found.values())


def _provenance(documents: Sequence[ResultsDocument]) -> dict[str, str]:
    """Return what is known of how the results came to be; where they differ, each of the values."""
    names = dict.fromkeys(name for document in documents for name in document.provenance)
    return {
        name: "; ".join(dict.fromkeys(each.provenance[name] for each in documents if name in each.provenance))
        for name in names
    }


def _short(checksum: str) -> str:
    return checksum.removeprefix("sha256:")[:12] or "none"
