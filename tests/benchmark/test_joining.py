"""Several results of one dataset become one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cryobench.benchmark import join_results
from cryobench.core import InputError, Results

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))  # a folder of tests is no package

from made_up import make_results


@pytest.fixture(scope="module")
def results() -> Results:
    return make_results()


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
        tuple(each for each in results.pictures if each.row in {"clean", "noisy", "truth", *names}),
        tuple(each for each in results.surfaces if each.method in {None, *names}),
        tuple(each for each in results.items if each.method in names),
    )


def test_methods_come_together_and_controls_stay_once(results: Results) -> None:
    (merged,) = join_results([part(results, "oracle", "ppca"), part(results, "oracle", "shuffle")])
    whole = part(results, "oracle", "ppca", "shuffle")
    assert [card.name for card in merged.document.methods] == ["oracle", "ppca", "shuffle"]
    assert sorted(merged.document.scores, key=repr) == sorted(whole.document.scores, key=repr)
    assert len(merged.surfaces) == len(whole.surfaces)
    assert len(merged.embeddings) == len(whole.embeddings)
    assert len(merged.items) == len(whole.items)
    assert len(merged.pictures) == len(whole.pictures)


def test_methods_of_different_results_are_compared(results: Results) -> None:
    (merged,) = join_results([part(results, "oracle", "ppca"), part(results, "oracle", "shuffle")])
    values = {items.method: items.values for items in results.items if items.convention == "standard"}
    found = [c for c in merged.document.comparisons if (c.first, c.second) == ("ppca", "shuffle")]
    (standard,) = (c for c in found if c.convention == "standard")
    assert standard.difference == pytest.approx((values["ppca"] - values["shuffle"]).mean())
    assert standard.interval.low < standard.difference < standard.interval.high


def test_without_values_recorded_comparisons_stay_and_none_is_made_up(results: Results) -> None:
    bare = [
        Results(part(results, "oracle", "ppca").document),
        Results(part(results, "oracle", "shuffle").document),
    ]
    (merged,) = join_results(bare)
    pairs = {frozenset((c.first, c.second)) for c in merged.document.comparisons}
    assert pairs == {frozenset(("oracle", "ppca")), frozenset(("oracle", "shuffle"))}


def test_other_datasets_stay_apart(results: Results) -> None:
    card = results.document.dataset.model_copy(update={"id": "other", "checksum": "sha256:1"})
    other = Results(results.document.model_copy(update={"dataset": card}))
    assert [each.document.dataset.id for each in join_results([results, other])] == ["toy-ring", "other"]


def test_two_builds_are_refused(results: Results) -> None:
    card = results.document.dataset.model_copy(update={"checksum": "sha256:ffff"})
    other = Results(results.document.model_copy(update={"dataset": card}))
    with pytest.raises(InputError, match=r"two builds of dataset 'toy-ring' \(checksums 0123456789ab and ffff\)"):
        join_results([results, other])


def test_two_claims_of_one_method_are_refused(results: Results) -> None:
    score = results.document.scores[1]
    scores = (results.document.scores[0], score.model_copy(update={"value": 0.1}), *results.document.scores[2:])
    other = Results(results.document.model_copy(update={"scores": scores}))
    with pytest.raises(InputError, match=f"different things of method '{score.method}'"):
        join_results([results, other])
