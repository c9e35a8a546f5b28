"""``cryobench submission decode``, as a user meets it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from cryobench.benchmark import ScoreSettings, score_submissions, wanted_particles
from cryobench.benchmark.run import run_methods
from cryobench.cli.app import app
from cryobench.core import Dataset, MethodCard, Submission
from cryobench.datasets import build_dataset, load_dataset, prepare_inputs
from cryobench.methods import FileVolumes, read_submission, write_submission

CARD = MethodCard(name="mine", version="1", role="method", summary="For a test.")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "140"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("decode")
    small = {"box": 32, "output_box": 32, "pixel_size": 12.0, "noise": {"snr": 4.0}}
    inputs = prepare_inputs(
        "igg-1d:standin", "demo", seed=3, states=4, images_per_state=60, resolution=24.0, imaging=small
    )
    build_dataset(inputs, folder / "dataset")
    return folder


@pytest.fixture(scope="module")
def dataset(folder: Path) -> Dataset:
    return load_dataset(folder / "dataset")


@pytest.mark.slow
def test_true_latents_are_near_the_oracle_and_shuffled_ones_are_not(
    folder: Path, dataset: Dataset, tmp_path: Path
) -> None:
    n = len(dataset.particles)
    order = np.random.default_rng(0).permutation(n)
    decoded = []
    for name, latents in (("true", dataset.truth.latents), ("shuffled", dataset.truth.latents[order])):
        write_submission(Submission(CARD, n, latents=latents), dataset.card, tmp_path / name, [], 1.0)
        done = run(
            "submission", "decode", tmp_path / name, "--dataset", folder / "dataset", "-o", tmp_path / f"{name}-n",
            "-n", 12, "--name", name,
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        submission = read_submission(tmp_path / f"{name}-n", n, dataset.card)
        np.testing.assert_array_equal(submission.latents, latents)
        assert isinstance(submission.volumes, FileVolumes)
        assert set(submission.volumes.particles) == set(wanted_particles(dataset.truth, latents, 12, 0))
        decoded.append(submission)
    controls = [s for s, _ in run_methods(dataset, ["oracle", "consensus"], 1)]
    found = score_submissions(dataset, [*decoded, *controls], ScoreSettings(images=12, measures=()))
    auc = {
        score.method: score.value
        for results in found
        for score in results.document.scores
        if (score.metric.name, score.protocol, score.convention) == ("fsc-auc", "per-image", "standard")
    }
    assert auc["consensus"] < auc["oracle"]
    assert auc["true"] > (auc["consensus"] + 3 * auc["oracle"]) / 4
    assert auc["shuffled"] < (3 * auc["consensus"] + auc["oracle"]) / 4


def test_classes_will_do(folder: Path, dataset: Dataset, tmp_path: Path) -> None:
    n = len(dataset.particles)
    write_submission(Submission(CARD, n, labels=dataset.truth.labels), dataset.card, tmp_path / "a", [], 1.0)
    done = run("submission", "decode", tmp_path / "a", "--dataset", folder / "dataset", "-o", tmp_path / "b", "-n", 4)
    assert done.exit_code == 0, done.output
    assert read_submission(tmp_path / "b", n, dataset.card).method.name == "mine-neutral"


def test_errors(folder: Path, dataset: Dataset, tmp_path: Path) -> None:
    n = len(dataset.particles)
    write_submission(Submission(CARD, n, poses=dataset.particles.poses), dataset.card, tmp_path / "a", [], 1.0)
    for output, message in (("b", "has neither latents nor labels"), ("a", "holds what is read")):
        done = run("submission", "decode", tmp_path / "a", "--dataset", folder / "dataset", "-o", tmp_path / output,
                   "--overwrite")  # fmt: skip
        assert done.exit_code == 2
        assert message in " ".join(done.output.split())
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
