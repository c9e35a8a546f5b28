"""Results written and read back, older ones read, damaged ones refused; and put together."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cryobench.benchmark import ScoreStore, merge_results, read_results, score_run, write_results
from cryobench.benchmark.merging import comparisons
from cryobench.benchmark.run import run_methods, score_submissions
from cryobench.benchmark.settings import ScoreSettings
from cryobench.benchmark.volume_scores import resampled
from cryobench.benchmark.volumes import Curves, ScoredVolume, VolumeScores
from cryobench.core import Dataset, FormatError, InputError, Results, Submission
from cryobench.metrics import CONVENTIONS, bootstrap_mean, fsc_curve

MEASURES = ("neighborhood-similarity", "information-imbalance")
SETTINGS = ScoreSettings(measures=MEASURES)


@pytest.fixture(scope="module")
def submissions(small_dataset: Dataset) -> list[Submission]:
    return [s for s, _ in run_methods(small_dataset, ["oracle", "ppca", "consensus"], 1)]


@pytest.fixture(scope="module")
def results(small_dataset: Dataset, submissions: list[Submission]) -> Results:
    return score_run(small_dataset, submissions, 1, measures=MEASURES)


def assert_same(first: Results, second: Results) -> None:
    assert first.document == second.document
    for name in ("embeddings", "pictures", "surfaces", "items"):
        here, there = getattr(first, name), getattr(second, name)
        assert len(here) == len(there) > 0
        for one, other in zip(here, there, strict=True):
            for field, value in vars(one).items():
                np.testing.assert_array_equal(value, getattr(other, field), strict=isinstance(value, np.ndarray))


def test_written_and_read_back(results: Results, tmp_path: Path) -> None:
    write_results(results, tmp_path / "a")
    again = read_results(tmp_path / "a")
    assert_same(results, again)
    write_results(again, tmp_path / "b")
    for name in ("results.json", "results.npz", "items.csv", "embeddings.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert_same(read_results(tmp_path / "a/results.json"), again)


def test_each_score_of_volumes_is_the_mean_of_its_items(results: Results) -> None:
    scores = {
        (s.metric.name, s.method, s.protocol, s.convention, str(s.parameters)): s for s in results.document.scores
    }
    assert len(results.items) > 20
    for item in results.items:
        score = scores[item.metric.name, item.method, item.protocol, item.convention, str(item.parameters)]
        assert score.value == pytest.approx(item.values.mean(), abs=1e-12)
        assert score.n == len(item.values)


def test_what_one_method_scores_does_not_depend_on_the_others(
    small_dataset: Dataset, submissions: list[Submission], results: Results
) -> None:
    alone = score_submissions(small_dataset, submissions[1:2], SETTINGS)[0]
    own = [score for score in results.document.scores if score.method == "ppca"]
    assert sorted(map(repr, alone.document.scores)) == sorted(map(repr, own))


def test_comparisons_are_paired_differences(results: Results) -> None:
    of = {(item.metric.name, item.method, item.protocol, item.convention): item for item in results.items}
    found = [c for c in results.document.comparisons if (c.first, c.second) == ("ppca", "consensus")]
    assert {c.protocol for c in found} == {"per-conformation", "per-image"}
    for each in found:
        key = (each.metric.name, each.protocol, each.convention)
        first, second = (of[key[0], name, key[1], key[2]] for name in ("ppca", "consensus"))
        assert np.array_equal(first.particles, second.particles) or each.protocol == "per-conformation"
        difference = first.values - second.values
        assert each.difference == pytest.approx(difference.mean(), abs=1e-12)
        expected = bootstrap_mean(difference, "x", 1, first.groups)
        assert (each.interval.low, each.interval.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_items_that_one_method_lacks_are_left_out(results: Results) -> None:
    item = next(i for i in results.items if i.method == "ppca" and i.protocol == "per-image")
    kept = np.arange(len(item.values)) % 3 > 0
    fewer = replace(item, method="other", particles=item.particles[kept], states=item.states[kept],
                    values=item.values[kept] - 0.25, groups=None)  # fmt: skip
    (found,) = comparisons([item, fewer], 1)
    assert found.n == kept.sum()
    assert found.difference == pytest.approx(0.25, abs=1e-12)
    assert found.interval.low == pytest.approx(0.25, abs=1e-12)
    nothing = replace(fewer, particles=fewer.particles + 10_000)
    assert not list(comparisons([item, nothing], 1))


def test_one_image_of_each_state_is_not_without_error() -> None:
    """Within states of one image nothing varies: an interval of no width would call every difference real."""
    volume = np.random.default_rng(0).normal(size=(8, 8, 8)).astype(np.float32)
    curve = fsc_curve(volume, volume)
    curves: Curves = dict.fromkeys(CONVENTIONS, curve)
    one = VolumeScores("m", "per-image", [ScoredVolume(i, i, curves, None, 0.0) for i in range(30)])
    assert resampled(one) == ("particles", None)
    two = VolumeScores("m", "per-image", [ScoredVolume(i, i // 2, curves, None, 0.0) for i in range(30)])
    assert resampled(two)[0] == "particles within states"


def test_a_truth_surface_encloses_what_the_method_s_does(results: Results) -> None:
    def enclosed(method: str | None) -> float:
        surface = next(s for s in results.surfaces if s.method == method and s.state == 0)
        a, b, c = (surface.vertices[surface.faces[:, i]].astype(np.float64) for i in range(3))
        return float((a * np.cross(b, c)).sum() / 6)

    assert enclosed(None) > 0
    assert enclosed("oracle") == pytest.approx(enclosed(None), rel=0.1)


def test_two_of_one_name(small_dataset: Dataset, submissions: list[Submission], results: Results) -> None:
    with pytest.raises(InputError, match="two submissions are called 'ppca'"):
        score_submissions(small_dataset, [submissions[1], submissions[1]], SETTINGS)
    with pytest.raises(InputError, match="two results of a method called 'oracle'"):
        merge_results([results, results], 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(dataset=d["dataset"] | {"checksum": "0" * 64}), "results of two datasets"),
        (lambda d: d["provenance"].update(Seed="2"), r"made differently \(Seed: 1 and 2\)"),
    ],
)
def test_results_that_do_not_belong_together(
    results: Results, change: Callable[[dict[str, object]], None], message: str
) -> None:
    content = results.document.model_dump()
    change(content)
    other = replace(results, document=type(results.document).model_validate(content))
    with pytest.raises(InputError, match=message):
        merge_results([results, other], 1)


def test_the_first_schema_is_read(results: Results, tmp_path: Path) -> None:
    content = json.loads(results.document.model_dump_json())
    later = ("states", "runs", "matrices", "imbalance", "histograms")
    old = {name: value for name, value in content.items() if name not in later} | {"schema_version": 1}
    (tmp_path / "results.json").write_text(json.dumps(old))
    read = read_results(tmp_path)
    assert read.document.scores == results.document.scores
    assert read.document.states == ()
    assert read.items == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "no object"),
        ('{"schema_version": 3}', "'schema_version' is 3, expected 1 or 2: written by another version"),
        ('{"schema_version": true}', "'schema_version' is True, expected 1 or 2"),
        ('{"schema_version": 2.0}', "'schema_version' is 2.0, expected 1 or 2"),
        ('{"schema_version": 2, "dataset": 4}', "field 'dataset'"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_document_that_is_none(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(FormatError, match=message):
        read_results(tmp_path)


def test_a_field_that_is_not_known(results: Results, tmp_path: Path) -> None:
    content = json.loads(results.document.model_dump_json()) | {"verified": True}
    (tmp_path / "results.json").write_text(json.dumps(content))
    with pytest.raises(FormatError, match="field 'verified'"):
        read_results(tmp_path)


@pytest.mark.parametrize("part", ["scores", "runs", "comparisons", "curves"])
def test_a_method_that_is_not_described(results: Results, part: str, tmp_path: Path) -> None:
    content = json.loads(results.document.model_dump_json())
    content[part][0]["first" if part == "comparisons" else "method"] = "nobody"
    (tmp_path / "results.json").write_text(json.dumps(content))
    with pytest.raises(FormatError, match=rf"results\.json: '{part}' has a record of method 'nobody', which is"):
        read_results(tmp_path)


def _truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _of_objects(content: bytes) -> bytes:
    out = io.BytesIO()
    np.savez(out, index=np.array([{"a": 1}], dtype=object))
    return out.getvalue()


def _without_index(content: bytes) -> bytes:
    out = io.BytesIO()
    np.savez(out, other=np.zeros(3))
    return out.getvalue()


def _strange_index(content: bytes) -> bytes:
    out = io.BytesIO()
    text = json.dumps({"schema_version": 2, "metrics": {}, "embeddings": [{"arrays": ["points"]}]})
    np.savez(out, index=np.frombuffer(text.encode(), dtype=np.uint8))
    return out.getvalue()


@pytest.mark.parametrize("damage", [_truncated, _of_objects, _without_index, _strange_index])
def test_arrays_that_are_damaged(results: Results, damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    write_results(results, tmp_path)
    arrays = tmp_path / "results.npz"
    arrays.write_bytes(damage(arrays.read_bytes()))
    with pytest.raises(FormatError, match=r"results\.npz.*score again"):
        read_results(tmp_path)


def test_arrays_of_another_run_are_refused(results: Results, tmp_path: Path) -> None:
    other = Results(results.document, results.embeddings[:1], results.pictures, results.surfaces, results.items)
    for name, each in (("a", results), ("b", other)):
        write_results(each, tmp_path / name)
    (tmp_path / "a/results.npz").write_bytes((tmp_path / "b/results.npz").read_bytes())
    with pytest.raises(FormatError, match=r"results\.npz: not the arrays of .*results\.json, but of another run"):
        read_results(tmp_path / "a")
    assert_same(read_results(tmp_path / "b"), other)


def test_a_store(results: Results, tmp_path: Path) -> None:
    store = ScoreStore(tmp_path / "scores")
    assert store.find("a") is None
    store.keep("a", results)
    found = store.find("a")
    assert found is not None
    assert_same(found, results)
    (tmp_path / "scores/a/results.npz").write_bytes(b"damaged")
    assert store.find("a") is None
    store.keep("a", results)
    assert store.has("a")
    assert not ScoreStore(tmp_path / "scores", fresh=True).has("a")
    (tmp_path / "scores/a/results.npz").unlink()
    assert not store.has("a")
    none = ScoreStore(None)
    none.keep("a", results)
    assert none.find("a") is None
