"""A results file becomes entries, or an error says why not."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path
from typing import Any

import pytest
from made_up_leaderboard import FIRST_BUILD, NASTY_METHOD, SECOND_BUILD, results

from cryobench.benchmark import run_methods, score_run
from cryobench.benchmark.leaderboard import Commitment, HandedIn, HeldBack, Opening, propose_entries, read_handed_in
from cryobench.benchmark.leaderboard.known_scores import what_is_odd
from cryobench.benchmark.scoring import OTHER_BUILD
from cryobench.core import CryobenchError, Dataset, DatasetCard, FormatError, InputError
from cryobench.metrics import METRICS

TODAY = datetime.date(2026, 2, 3)


def handed_in(folder: Path, name: str = "results.json", **how: Any) -> HandedIn:
    path = folder / name
    path.write_text(results(**how), encoding="utf-8")
    return read_handed_in(path)


def test_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    given = handed_in(tmp_path, methods={"ppca": 0.6, NASTY_METHOD: 0.7})
    assert read_handed_in(tmp_path).checksum == given.checksum
    made = propose_entries(given, (), TODAY)
    assert [entry.method.name for entry in made] == ["ppca", NASTY_METHOD]
    ppca = made[0]
    assert ppca.id == "igg-1d.ppca.claimed.1"
    assert (ppca.status, ppca.added, ppca.supersedes) == ("claimed", TODAY, None)
    assert [(score.convention, score.value, score.n) for score in ppca.scores] == [
        ("published", pytest.approx(0.294), 24), ("standard", 0.6, 24),
    ]  # fmt: skip
    # The ceiling is what the oracle scored beside it; there is no control that is a floor, so the score's own stays.
    assert (ppca.scores[1].floor, ppca.scores[1].ceiling) == (0.3, 0.9)
    assert (ppca.method.kind, ppca.cost.seconds, ppca.cost.device) == ("fixed-pose", 12.5, "cpu")
    assert ppca.dataset.checksum == FIRST_BUILD
    assert ppca.evidence is not None
    assert ppca.evidence.results == hashlib.sha256(given.path.read_bytes()).hexdigest()
    assert ppca.evidence.submission == "a" * 64
    assert ppca.evidence.provenance["Seed"] == "7"


def test_controls_are_not_entered(tmp_path: Path) -> None:
    given = handed_in(tmp_path)
    with pytest.raises(InputError, match=r"'oracle' is a control: it is not entered, .* as their ceiling"):
        propose_entries(given, (), TODAY, methods=["oracle"])
    with pytest.raises(InputError, match="no method 'recovar': it has oracle, ppca"):
        propose_entries(given, (), TODAY, methods=["recovar"])


def spoil(path: str, value: Any) -> Any:
    def change(document: dict[str, Any]) -> None:
        place: Any = document
        *parts, last = path.split(".")
        for part in parts:
            place = place[int(part) if part.isdigit() else part]
        place[last] = value

    return change


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("schema_version", 3, "field 'schema_version' is 3"),
        ("praise", "high", "field 'praise'"),
        ("dataset.checksum", "demo", "expected the SHA-256 of dataset.json"),
        ("dataset.id", "igg-1d:standin", "does not say what stands in"),
        ("dataset.title", "", "dataset: field 'title'"),
        ("runs", [], "no entry of 'runs' is of method 'ppca'"),
        ("runs.1.checksum", "", "expected the SHA-256 of its submission"),
        ("scores.2.value", float("nan"), "finite"),
        ("scores.2.value", 1.7, "outside of"),
        ("scores.2.value", 0.9, "outside of its interval"),
        ("scores.2.interval.high", float("nan"), "finite"),
        ("scores.2.n", 0, "greater than or equal to 1"),
        ("scores.2.convention", "standard", "two such scores"),
        ("scores.2.metric.direction", "lower", "metric 'fsc-auc' has the direction lower, expected higher"),
        ("scores.2.metric.range", [None, 2.0], "metric 'fsc-auc' has the range"),
        ("scores.2.metric.name", "fsc-auk", "did you mean 'fsc-auc'"),
        ("scores.2.convention", "mine", "has the convention 'mine', expected 'published' or 'standard'"),
        ("scores.2.convention", "", "has the convention ''"),
        ("scores.2.protocol", "all particles", "has the protocol 'all particles', expected per-conformation"),
        ("scores.2.protocol", "easy ones", "has the protocol 'easy ones'"),
        ("scores.2.parameters", {"note": "best"}, "has a parameter 'note', expected mask, alignment, images"),
        ("scores.2.parameters", {"mask": "a good one"}, "cannot have the parameter mask = 'a good one'"),
        ("scores.2.parameters", {"alignment": "many"}, "cannot have the parameter alignment"),
        ("scores.2.parameters", {"images": 10}, "goes with the protocol per-image"),
        ("scores", [], "there are no scores of method 'ppca'"),
        ("runs.1.notes", [OTHER_BUILD], f"was {OTHER_BUILD}: submit"),
        ("scores.2.flags", [OTHER_BUILD], "score it without --any-dataset"),
        ("methods.0.name", "ppca", "two methods share a name"),
        ("methods.1.role", "floor", "holds controls alone"),
    ],
)
def test_what_cannot_be_is_refused(path: str, value: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(CryobenchError, match=message):
        propose_entries(handed_in(tmp_path, change=spoil(path, value)), (), TODAY)


def test_a_distance_has_the_unit_of_the_coordinate(tmp_path: Path) -> None:
    card = METRICS["population-wasserstein"].model_copy(update={"unit": "°"}).model_dump(mode="json")

    def change(document: dict[str, Any]) -> None:
        score = document["scores"][3]
        score |= {"metric": card, "protocol": "all particles", "convention": "", "parameters": {"classes": "claimed"}}

    (made,) = propose_entries(handed_in(tmp_path, change=change), (), TODAY)
    assert {metric.name: metric.unit for metric in made.metrics} == {"fsc-auc": "", "population-wasserstein": "°"}
    wrong = METRICS["fsc-resolution"].model_copy(update={"unit": "nm"}).model_dump(mode="json")
    with pytest.raises(FormatError, match="has the unit nm, expected Å"):
        propose_entries(handed_in(tmp_path, change=spoil("scores.3.metric", wrong)), (), TODAY)


def test_flags_and_what_was_chosen_are_entered(tmp_path: Path) -> None:
    chosen = {"alignment": "one", "images": 1000, "mask": "no mask"}

    def change(document: dict[str, Any]) -> None:
        for score in document["scores"][2:]:
            score |= {"protocol": "per-image", "parameters": chosen, "flags": ["the volumes are mirrored"]}

    (made,) = propose_entries(handed_in(tmp_path, change=change), (), TODAY)
    assert [score.flags for score in made.scores] == [("the volumes are mirrored",)] * 2
    assert [score.parameters for score in made.scores] == [chosen] * 2


def test_kinds_of_scores_that_runs_have_are_known(tmp_path: Path) -> None:
    dataset = "Spinning"
    document = read_handed_in(handed_in(tmp_path).path).document
    example = document.scores[2]
    for name, protocol, convention, parameters in (
        ("fsc-resolution", "per-conformation", "standard", {"threshold": 0.143}),
        ("fsc-auc-moving", "per-image", "standard", {}),
        ("real-space-correlation", "per-image", "", {"mask": "union of the true states"}),
        ("neighborhood-similarity", "5,000 particles drawn", "standard", {"k": 100}),
        ("information-imbalance", "all particles", "", {"k": 1, "from": "latent to true latent"}),
        ("nuisance-imbalance", "all particles", "", {"k": 1, "from": "CTF to latent"}),
        ("latent-regression", "all particles", "", {"of": dataset, "model": "linear"}),
        ("class-purity", "all particles", "", {"classes": "k-means to 16"}),
        ("rotation-error", "all particles", "", {"frame": "one", "part": "in plane"}),
        ("rotations-within", "all particles", "", {"frame": "per-state", "degrees": 5}),
        ("pose-entanglement", "all particles", "", {"frame": "one", "error": "shift"}),
    ):
        update: dict[str, Any] = {"metric": METRICS[name], "protocol": protocol, "convention": convention}
        update["parameters"] = parameters
        assert what_is_odd(example.model_copy(update=update), dataset) == ""
        assert what_is_odd(example.model_copy(update=update | {"protocol": "05 particles drawn"}), dataset)
    other = {"metric": METRICS["latent-regression"], "protocol": "all particles", "convention": ""}
    assert what_is_odd(example.model_copy(update=other | {"parameters": {"of": "my own"}}), dataset)


@pytest.mark.slow
def test_every_score_of_a_run_is_known(small_dataset: Dataset) -> None:
    submissions = [submission for submission, _ in run_methods(small_dataset, ["oracle", "kclasses"], 1)]
    document = score_run(small_dataset, submissions, 1).document
    assert {score.protocol for score in document.scores} >= {"per-conformation", "per-image", "all particles"}
    assert {what_is_odd(score, document.coordinate.name) for score in document.scores} == {""}


def test_no_results_at_all(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no such file"):
        read_handed_in(tmp_path)
    (tmp_path / "results.json").write_text("no JSON")
    with pytest.raises(FormatError, match="not JSON"):
        read_handed_in(tmp_path)


def test_duplicates(tmp_path: Path) -> None:
    first = handed_in(tmp_path)
    entries = propose_entries(first, (), TODAY)
    with pytest.raises(InputError, match=r"entered already, as igg-1d\.ppca\.claimed\.1"):
        propose_entries(first, entries, TODAY)
    better = handed_in(tmp_path, "b.json", methods={"ppca": 0.7})
    with pytest.raises(InputError, match=r"add --supersedes igg-1d\.ppca\.claimed\.1"):
        propose_entries(better, entries, TODAY)
    (second,) = propose_entries(better, entries, TODAY, supersedes=entries[0].id)
    assert (second.id, second.supersedes) == ("igg-1d.ppca.claimed.2", entries[0].id)
    later = handed_in(tmp_path, "c.json", version="2.0")
    (third,) = propose_entries(later, (*entries, second), TODAY)
    assert (third.id, third.supersedes) == ("igg-1d.ppca.claimed.3", None)
    several = handed_in(tmp_path, "d.json", methods={"ppca": 0.7, "recovar": 0.8})
    with pytest.raises(InputError, match="choose with --method"):
        propose_entries(several, entries, TODAY, supersedes=entries[0].id)


def test_rerun_needs_the_same_evidence_and_scores(tmp_path: Path) -> None:
    claim = handed_in(tmp_path)
    entries = propose_entries(claim, (), TODAY)
    mine = handed_in(tmp_path, "mine.json", methods={"ppca": 0.6 + 5e-7})
    (rerun,) = propose_entries(claim, entries, TODAY, verified=mine, supersedes=entries[0].id)
    assert (rerun.id, rerun.status) == ("igg-1d.ppca.rerun.1", "rerun")
    assert rerun.evidence is not None
    assert (rerun.evidence.results, rerun.evidence.claim) == (mine.checksum, claim.checksum)
    assert rerun.scores[1].value == 0.6 + 5e-7

    other_set = DatasetCard(id="igg-1d", title="", summary="", stand_in="", facts={}, checksum=SECOND_BUILD)
    for message, how in {
        r"fsc-auc, mean, per-conformation, published is 0\.29498 in": {"methods": {"ppca": 0.602}},
        "of another dataset": {"dataset": other_set},
        "the checksum of the submission is b": {"checksum": "b" * 64},
        "in version 1.0": {"version": "1.1"},
        "does not hold it": {"methods": {"recovar": 0.6}},
        "has no score 'fsc-auc, mean, per-conformation, published'": {
            "change": spoil("scores.2.protocol", "per-image")
        },
        "the kind of the submission is ab-initio": {"change": spoil("runs.1.kind", "ab-initio")},
    }.items():
        with pytest.raises(InputError, match=message):
            propose_entries(claim, (), TODAY, verified=handed_in(tmp_path, "bad.json", **how))


def test_a_dataset_that_is_held_back_stays_hidden(tmp_path: Path) -> None:
    given = handed_in(tmp_path)
    opening = Opening(nonce="1" * 64, checksum=FIRST_BUILD)
    held_back = HeldBack(Commitment(commitment=opening.commitment), opening)
    (made,) = propose_entries(given, (), TODAY, held_back=held_back)
    assert made.dataset.commitment == opening.commitment
    text = made.model_dump_json()
    assert FIRST_BUILD not in text
    assert "1" * 64 not in text
    assert made.evidence is not None
    assert made.evidence.provenance == {}
    with pytest.raises(InputError, match="entered already"):
        propose_entries(given, (made,), TODAY)
    (opened,) = propose_entries(given, (made,), TODAY, supersedes=made.id)
    assert (opened.dataset.checksum, opened.dataset.commitment) == (FIRST_BUILD, None)
    with pytest.raises(InputError, match="do not belong together"):
        propose_entries(given, (), TODAY, held_back=HeldBack(Commitment(commitment="0" * 64), opening))
    elsewhere = Opening(nonce="1" * 64, checksum=SECOND_BUILD)
    with pytest.raises(InputError, match="but the commitment is to"):
        propose_entries(given, (), TODAY, held_back=HeldBack(Commitment(commitment=elsewhere.commitment), elsewhere))
