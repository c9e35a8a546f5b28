"""Several results of one dataset become one."""

from __future__ import annotations

import pytest

from cryobench.core import InputError, Results
from cryobench.report import merge_results, render_report


def part(results: Results, *names: str) -> Results:
    """Return what a run of some of the methods would have given."""
    document = results.document
    kept = {
        "methods": tuple(card for card in document.methods if card.name in names),
        "comparisons": tuple(c for c in document.comparisons if {c.first, c.second} <= set(names)),
        **{
            field: tuple(record for record in getattr(document, field) if record.method in names)
            for field in ("runs", "scores", "curves", "matrices", "imbalance", "histograms")
        },
    }
    return Results(
        document.model_copy(update=kept),
        tuple(each for each in results.embeddings if each.method in names),
        results.pictures,
        tuple(each for each in results.surfaces if each.method in {None, *names}),
        tuple(each for each in results.items if each.method in names),
    )


def test_methods_come_together_and_controls_stay_once(results: Results) -> None:
    (merged,) = merge_results([part(results, "oracle", "ppca"), part(results, "oracle", "shuffle")])
    whole = part(results, "oracle", "ppca", "shuffle")
    assert [card.name for card in merged.document.methods] == ["oracle", "ppca", "shuffle"]
    key = repr
    assert sorted(merged.document.scores, key=key) == sorted(whole.document.scores, key=key)
    assert len(merged.surfaces) == len(whole.surfaces)
    assert len(merged.embeddings) == len(whole.embeddings)
    assert len(merged.items) == len(whole.items)
    assert len(merged.pictures) == len(results.pictures)
    # Nobody compared ppca with shuffle, and nothing pretends so.
    pairs = {frozenset((c.first, c.second)) for c in merged.document.comparisons}
    assert pairs == {frozenset(("oracle", "ppca")), frozenset(("oracle", "shuffle"))}
    assert "Not every method was compared" not in render_report([whole])
    assert render_report([merged])


def test_what_differs_in_provenance_is_kept(results: Results) -> None:
    other = Results(results.document.model_copy(update={"provenance": {"software": "cryobench 0.2.0", "host": "a"}}))
    (merged,) = merge_results([results, other])
    assert merged.document.provenance["software"] == "cryobench 0.1.0; cryobench 0.2.0"
    assert merged.document.provenance["host"] == "a"


def test_other_datasets_stay_apart(results: Results) -> None:
    card = results.document.dataset.model_copy(update={"id": "other", "checksum": "sha256:1"})
    other = Results(results.document.model_copy(update={"dataset": card}))
    assert [each.document.dataset.id for each in merge_results([results, other])] == ["toy-ring", "other"]


def test_two_builds_are_refused(results: Results) -> None:
    card = results.document.dataset.model_copy(update={"checksum": "sha256:ffff"})
    other = Results(results.document.model_copy(update={"dataset": card}))
    with pytest.raises(InputError, match="two builds of dataset 'toy-ring': checksums 0123456789ab and ffff"):
        merge_results([results, other])


def test_two_claims_of_one_method_are_refused(results: Results) -> None:
    score = results.document.scores[1]
    scores = (results.document.scores[0], score.model_copy(update={"value": 0.1}), *results.document.scores[2:])
    other = Results(results.document.model_copy(update={"scores": scores}))
    with pytest.raises(InputError, match=f"different things of method '{score.method}'"):
        merge_results([results, other])
