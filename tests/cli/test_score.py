"""``cryobench score`` and ``compare``, as a user meets them."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from cryobench.benchmark import run_methods
from cryobench.cli.app import app
from cryobench.core import Dataset
from cryobench.datasets import build_dataset, load_dataset, prepare_inputs
from cryobench.methods import write_submission

STATES, EACH = 5, 40
N = STATES * EACH
ALL = ("results.json", "results.npz", "items.csv", "embeddings.csv")


def run(*arguments: object, scores: Path | None = None, columns: int = 140) -> Result:
    environment = {"COLUMNS": str(columns)} | ({} if scores is None else {"CRYOBENCH_SCORES": str(scores)})
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=environment)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset, and two submissions with volumes at every fourth particle."""
    folder = tmp_path_factory.mktemp("score")
    small = {"box": 32, "output_box": 32, "pixel_size": 12.0, "noise": {"snr": 2.0}}
    inputs = prepare_inputs(
        "igg-1d:standin", "demo", seed=3, states=STATES, images_per_state=EACH, resolution=24.0, imaging=small
    )
    build_dataset(inputs, folder / "dataset")
    dataset: Dataset = load_dataset(folder / "dataset")
    for submission, seconds in run_methods(dataset, ["ppca", "kclasses:5"], 1):
        write_submission(submission, dataset.card, folder / submission.method.name, range(0, N, 2), seconds)
    return folder


@pytest.fixture(scope="module")
def scored(folder: Path) -> Path:
    done = run("score", folder / "ppca", folder / "kclasses-5", "--dataset", folder / "dataset", "-o", folder / "out",
               scores=folder / "kept")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "STAND-IN DATA" in done.output
    assert "(ceiling)" in done.output
    return folder / "out"


def values(folder: Path) -> dict[tuple[str, str, str, str], float]:
    document = json.loads((folder / "results.json").read_text())
    return {
        (s["metric"]["name"], s["method"], s["protocol"], s["convention"]): s["value"]
        for s in document["scores"]
        if s["statistic"] != "median"
    }


def test_controls_bracket_methods(scored: Path) -> None:
    found = values(scored)
    for protocol in ("per-conformation", "per-image"):
        consensus, ppca, oracle = (
            found["fsc-auc", name, protocol, "published"] for name in ("consensus", "ppca", "oracle")
        )
        assert consensus < ppca < oracle
    assert found["adjusted-rand-index", "kclasses-5", "all particles", ""] > 0.3
    document = json.loads((scored / "results.json").read_text())
    runs = {each["method"]: each for each in document["runs"]}
    assert len(runs["ppca"]["checksum"]) == 64
    assert runs["ppca"]["seconds"] > 0
    assert runs["ppca"]["missing"]["classes"] == "needs labels or posteriors"
    assert runs["oracle"]["checksum"] == ""


def test_again_the_same_bytes_and_only_what_changed(folder: Path, scored: Path, tmp_path: Path) -> None:
    again = run("score", folder / "ppca", folder / "kclasses-5", "--dataset", folder / "dataset", "-o", tmp_path / "a",
                scores=folder / "kept")  # fmt: skip
    assert again.exit_code == 0, again.output
    assert again.output.count("unchanged, its scores are taken from before") == 5
    for name in ALL:
        assert (tmp_path / "a" / name).read_bytes() == (scored / name).read_bytes()

    changed = shutil.copytree(folder / "ppca", tmp_path / "ppca")
    latents = np.load(changed / "latents.npy")
    np.save(changed / "latents.npy", latents[::-1].copy())
    third = run("score", changed, folder / "kclasses-5", "--dataset", folder / "dataset", "-o", tmp_path / "b",
                scores=folder / "kept")  # fmt: skip
    assert third.exit_code == 0, third.output
    assert "ppca" in third.output.split("to be scored")[0]
    assert third.output.count("to be scored") == 1
    first, second = values(scored), values(tmp_path / "b")
    moved = {key[1] for key in first if first[key] != second[key]}
    assert moved == {"ppca"}


TIMES = re.compile(rb'"(seconds|scored_at|scoring_seconds)": [^,\n]+')


def test_anew_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for name, threads in (("a", 1), ("b", 2)):
        done = run("score", folder / "ppca", "--dataset", folder / "dataset", "-o", tmp_path / name, "--cache",
                   tmp_path / f"kept-{name}", "--threads", threads, "--controls", "oracle", "--metrics",
                   "neighborhood-similarity")  # fmt: skip
        assert done.exit_code == 0, done.output
    for name in ALL:
        first, second = (TIMES.sub(b"", (tmp_path / each / name).read_bytes()) for each in "ab")
        assert first == second


def test_another_build_is_refused_whatever_was_kept(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder / "ppca", tmp_path / "ppca")
    manifest = json.loads((other / "submission.json").read_text())
    (other / "submission.json").write_text(json.dumps(manifest | {"dataset_checksum": "0" * 64}))
    call = ["score", other, "--dataset", folder / "dataset", "-o", tmp_path / "x", "--controls", "none",
            "--metrics", "neighborhood-similarity"]  # fmt: skip
    for expected in (2, 0, 2):
        done = run(*call, *([] if expected else ["--any-dataset"]), scores=folder / "kept")
        assert done.exit_code == expected, done.output
        assert ("another build" in done.output) or not expected
    document = json.loads((tmp_path / "x/results.json").read_text())
    assert "made of another dataset" in document["runs"][0]["notes"][0]
    volumes = [score for score in document["scores"] if score["metric"]["name"] == "fsc-auc"]
    assert all("made of another dataset" in " ".join(score["flags"]) for score in volumes)


def test_a_damaged_map_is_named(folder: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(folder / "ppca", tmp_path / "ppca")
    content = (damaged / "volumes/003.mrc").read_bytes()
    (damaged / "volumes/003.mrc").write_bytes(content[: len(content) // 2])
    done = run("score", damaged, "--dataset", folder / "dataset", "-o", tmp_path / "x", "--controls", "none",
               "--metrics", "neighborhood-similarity", scores=folder / "kept")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "could not be scored and count as 0" in " ".join(done.output.split())
    assert "003.mrc" in done.output
    assert "003.mrc" in (tmp_path / "x/results.json").read_text()


def test_stray_files_and_fresh(folder: Path, scored: Path, tmp_path: Path) -> None:
    with_log = shutil.copytree(folder / "ppca", tmp_path / "ppca")
    (with_log / "run.log").write_text("of the program")
    call = ["score", with_log, "--dataset", folder / "dataset", "-o", tmp_path / "x", "--dry-run"]
    assert run(*call, scores=folder / "kept").output.count("unchanged") == 4
    assert run(*call, "--fresh", scores=folder / "kept").output.count("to be scored") == 4


def test_names_and_no_controls(folder: Path, tmp_path: Path) -> None:
    done = run("score", folder / "ppca", f"other={folder / 'ppca'}", "--dataset", folder / "dataset", "-o", tmp_path,
               "--controls", "none", "--metrics", "neighborhood-similarity", scores=folder / "kept")  # fmt: skip
    assert done.exit_code == 0, done.output
    document = json.loads((tmp_path / "results.json").read_text())
    assert [card["name"] for card in document["methods"]] == ["ppca", "other"]
    for each in document["comparisons"]:
        assert each["difference"] == 0
    compared = run("compare", tmp_path)
    assert "not distinguishable" in compared.output
    assert "is better" not in compared.output


def test_dry_run_writes_nothing(folder: Path, tmp_path: Path) -> None:
    done = run("score", folder / "ppca", "--dataset", folder / "dataset", "-o", tmp_path / "x", "--dry-run",
               scores=tmp_path / "kept")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "ppca" in done.output
    assert "nothing was scored" in done.output
    assert not list(tmp_path.iterdir())


def folder_of(folder: Path, tmp_path: Path) -> Path:
    """Return results of another run, with the same controls."""
    done = run("score", f"third={folder / 'ppca'}", "--dataset", folder / "dataset", "-o", tmp_path / "third",
               scores=folder / "kept")  # fmt: skip
    assert done.exit_code == 0, done.output
    return tmp_path / "third"


def test_compare(folder: Path, scored: Path, tmp_path: Path) -> None:
    done = run("compare", scored, "--metric", "fsc-auc", "--first", "kclasses-5", "-o", tmp_path / "d.csv")
    assert done.exit_code == 0, done.output
    with (tmp_path / "d.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {(row["first"], row["second"]) for row in rows} == {("kclasses-5", "ppca")}
    found = values(scored)
    for row in rows:
        key = ("fsc-auc", row["protocol"], row["convention"])
        difference = found[key[0], "kclasses-5", key[1], key[2]] - found[key[0], "ppca", key[1], key[2]]
        assert float(row["difference"]) == pytest.approx(difference, abs=1e-12)
        assert float(row["low"]) <= difference <= float(row["high"])
        assert (row["distinguishable"] == "true") == (float(row["low"]) > 0 or float(row["high"]) < 0)
    alone = run("compare", scored, folder_of(folder, tmp_path), "--metric", "fsc-auc")
    assert "third" in alone.output, alone.output
    everything = run("compare", scored, "--controls", "--metric", "fsc-auc")
    assert "oracle is better" in everything.output
    narrow = run("compare", scored, "--controls", columns=80)
    assert "not distinguishable" in narrow.output
    assert "…" not in narrow.output
    assert max(map(len, narrow.output.splitlines())) <= 80


def test_results_of_others_are_not_lost(folder: Path, scored: Path, tmp_path: Path) -> None:
    shutil.copytree(scored, tmp_path / "x")
    call = ["score", folder / "ppca", "--dataset", folder / "dataset", "-o", tmp_path / "x", "--controls", "none"]
    before = (tmp_path / "x/results.json").read_bytes()
    done = run(*call, scores=folder / "kept")
    assert done.exit_code == 2
    assert "holds results of kclasses-5 too, which would be lost: add --overwrite" in " ".join(done.output.split())
    assert (tmp_path / "x/results.json").read_bytes() == before
    (tmp_path / "x/results.json").write_text("notes of mine")
    assert "holds results that cannot be read" in " ".join(run(*call, scores=folder / "kept").output.split())
    assert run(*call, "--overwrite", scores=folder / "kept").exit_code == 0
    again = [*call[:1], folder / "kclasses-5", *call[1:]]
    assert run(*again, scores=folder / "kept").exit_code == 0, "with more methods nothing is lost"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["score", "{f}/nothing", "--dataset", "{f}/dataset", "-o", "{t}/x"], "no submission.json there"),
        (["score", "{f}", "--dataset", "{f}/dataset", "-o", "{t}/x"], "kclasses-5, {f}/ppca have one"),
        (["score", "{f}/ppca", "--dataset", "{f}/nothing", "-o", "{t}/x"], "nothing: no dataset.json there"),
        (["score", "{f}/ppca", "--dataset", "{f}", "-o", "{t}/x"], "expected the folder of a dataset; {f}/dataset has"),
        (["score", "{f}/ppca", "{f}/ppca", "--dataset", "{f}/dataset", "-o", "{t}/x"], "two submissions are called"),
        (["score", "{f}/ppca", "--dataset", "{f}/dataset", "-o", "{t}/x", "--metrics", "x"], "unknown measure 'x'"),
        (["score", "{f}/ppca", "--dataset", "{f}/dataset", "-o", "{t}/x", "--controls", "orakel"], "'oracle'?"),
        (["score", "{f}/ppca", "--dataset", "{f}/dataset", "-o", "{f}/dataset"], "not empty and holds no results"),
        (["score", "truth={f}/ppca", "--dataset", "{f}/dataset", "-o", "{t}/x"], "as the true maps are in results"),
        (
            ["score", "../../x\x1b[31m={f}/ppca", "--dataset", "{f}/dataset", "-o", "{t}/x"],
            "with U+001B",
        ),
        (["score", "   ={f}/ppca", "--dataset", "{f}/dataset", "-o", "{t}/x"], "without spaces at its ends"),
        (["score", "=", "--dataset", "{f}/dataset", "-o", "{t}/x"], "expected a submission folder, or NAME=FOLDER"),
        (["compare", "{t}/none"], "no such file"),
        (["compare", "{f}/out", "--first", "nobody"], "no method 'nobody' in these results"),
        (["compare", "{f}/out", "--metric", "beauty"], "no comparison by 'beauty'"),
    ],
)
def test_errors(folder: Path, scored: Path, tmp_path: Path, arguments: list[str], message: str) -> None:
    done = run(*(each.format(f=folder, t=tmp_path) for each in arguments), scores=folder / "kept")
    assert done.exit_code == 2, done.output
    assert message.format(f=folder) in " ".join(done.output.split())
    assert "Traceback" not in done.output
    assert not list(tmp_path.iterdir())
