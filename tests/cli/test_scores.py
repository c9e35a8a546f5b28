"""``cryobench latents``, ``poses`` and ``umap``, as a user meets them."""

from __future__ import annotations

import csv
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from typer.testing import CliRunner, Result

from cryobench.cli.app import app
from cryobench.core import Dataset, MethodCard, Poses, ResultsDocument, Submission
from cryobench.datasets import build_dataset, load_dataset, prepare_inputs
from cryobench.io import write_array, write_cs
from cryobench.methods import write_submission

STATES, EACH = 5, 30
N = STATES * EACH


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "140"})


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scores") / "dataset"
    small = {"box": 32, "output_box": 32, "pixel_size": 12.0}
    inputs = prepare_inputs(
        "igg-1d:standin", "demo", seed=3, states=STATES, images_per_state=EACH, resolution=24.0, imaging=small
    )
    build_dataset(inputs, folder)
    return folder


@pytest.fixture(scope="module")
def truth(dataset: Path) -> Dataset:
    return load_dataset(dataset)


def written(folder: Path, truth: Dataset, **parts: object) -> Path:
    card = MethodCard(name="mine", version="1", role="method", summary="For a test.")
    submission = Submission(method=card, particles=len(truth.particles), **parts)  # type: ignore[arg-type]
    write_submission(submission, truth.card, folder, [], 1.0)
    return folder


@pytest.fixture(scope="module")
def whole(truth: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The truth with noise, in another frame."""
    generator = np.random.default_rng(0)
    latents = truth.truth.latents + generator.normal(scale=0.1, size=(N, 2))
    poses = truth.particles.poses
    turns = Rotation.from_rotvec(np.radians(generator.normal(scale=2, size=(N, 3)))).as_matrix()
    frame = Rotation.from_euler("ZYZ", [10, 50, 70], degrees=True).as_matrix()
    return written(
        tmp_path_factory.mktemp("submission") / "mine",
        truth,
        latents=latents.astype(np.float32),
        labels=truth.truth.labels,
        poses=Poses((turns @ poses.rotations @ frame).astype(np.float32), poses.shifts),
    )


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_latents_prints_writes_and_draws(dataset: Path, whole: Path, tmp_path: Path) -> None:
    done = run("latents", whole, "--dataset", dataset, "-o", tmp_path / "s", "--plot", tmp_path / "p/latents.png")
    assert done.exit_code == 0, done.output
    assert "(STAND-IN DATA)" in done.stdout.splitlines()[0]
    assert "Neighborhood similarity" in done.stdout
    assert "Accuracy of classes" in done.stdout
    assert "Not scored" not in done.stdout
    table = rows(tmp_path / "s/latent_scores.csv")
    document = ResultsDocument.model_validate_json((tmp_path / "s/latent_scores.json").read_text(encoding="utf-8"))
    assert [float(row["value"]) for row in table] == [score.value for score in document.scores]
    assert [float(row["floor"]) for row in table] == [score.floor for score in document.scores]
    assert [float(row["ceiling"]) for row in table] == [score.ceiling for score in document.scores]
    assert {row["metric"] for row in table} >= {"neighborhood-similarity", "class-accuracy", "population-wasserstein"}
    assert document.curves[0].method == "mine"
    assert (tmp_path / "p/latents.png").read_bytes().startswith(b"\x89PNG")
    assert not list(tmp_path.rglob("*.tmp"))


def test_the_same_seed_gives_the_same_files(dataset: Path, whole: Path, tmp_path: Path) -> None:
    few = ["--metrics", "neighborhood-similarity,k-means-classes", "--seed", "4"]
    for name in ("a", "b"):
        done = run(
            "latents", whole, "--dataset", dataset, "-o", tmp_path / name, "--plot", tmp_path / f"{name}.png", *few
        )
        assert done.exit_code == 0, done.output
    for name in ("latent_scores.csv", "latent_scores.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_partial_submission_gets_what_it_allows(dataset: Path, truth: Dataset, tmp_path: Path) -> None:
    folder = written(tmp_path / "mine", truth, labels=truth.truth.labels)
    done = run("latents", folder, "--dataset", dataset, "-o", tmp_path / "s")
    assert done.exit_code == 0, done.output
    assert "Not scored: neighborhood-similarity, information-imbalance" in done.stdout
    assert ": needs latents." in done.stdout
    assert {row["metric"] for row in rows(tmp_path / "s/latent_scores.csv")} == {
        "class-accuracy", "class-purity", "adjusted-rand-index", "adjusted-mutual-information",
        "population-total-variation", "population-jensen-shannon", "population-wasserstein",
    }  # fmt: skip


@pytest.mark.parametrize("frame", ["one", "per-state"])
def test_poses_prints_writes_and_draws(dataset: Path, whole: Path, tmp_path: Path, frame: str) -> None:
    out = tmp_path / "s"
    done = run("poses", whole, "--dataset", dataset, "-o", out, "--frame", frame, "--plot", tmp_path / "poses.png")
    assert done.exit_code == 0, done.output
    assert f"frame: {frame}" in done.stdout
    particles, states = rows(out / "poses_per_particle.csv"), rows(out / "poses_per_state.csv")
    assert (len(particles), len(states)) == (N, STATES)
    # Three angles of 2° each: the mean of their length is 2° sqrt(8/pi). The frame is off by much more.
    angles = np.array([float(row["rotation_degrees"]) for row in particles])
    assert angles.mean() == pytest.approx(2 * np.sqrt(8 / np.pi), rel=0.2)
    scores = {(row["metric"], row["statistic"], row["parameters"]): row for row in rows(out / "pose_scores.csv")}
    assert float(scores["rotation-error", "mean", f"frame={frame}"]["value"]) == pytest.approx(angles.mean(), rel=1e-5)
    within = scores["rotations-within", "mean", f"frame={frame}; degrees=5"]
    assert float(within["value"]) == pytest.approx((angles < 5).mean())
    assert (tmp_path / "poses.png").read_bytes().startswith(b"\x89PNG")


def test_the_other_hand_is_found_and_may_be_ruled_out(dataset: Path, truth: Dataset, tmp_path: Path) -> None:
    mirror = np.diag([1.0, 1.0, -1.0]).astype(np.float32)
    poses = truth.particles.poses
    folder = written(tmp_path / "mine", truth, poses=Poses(mirror @ poses.rotations @ mirror, poses.shifts))
    done = run("poses", folder, "--dataset", dataset, "-o", tmp_path / "a")
    assert "the poses are those of the mirrored map" in done.stdout
    assert float(rows(tmp_path / "a/pose_scores.csv")[0]["value"]) == pytest.approx(0, abs=1e-3)
    done = run("poses", folder, "--dataset", dataset, "-o", tmp_path / "b", "--no-handedness")
    assert "mirrored" not in done.stdout
    assert float(rows(tmp_path / "b/pose_scores.csv")[0]["value"]) > 60


def test_umap_of_a_submission(dataset: Path, whole: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        done = run("umap", whole, "--dataset", dataset, "-o", tmp_path / name, "--max-points", 60)
        assert done.exit_code == 0, done.output
    table = rows(tmp_path / "a/embeddings.csv")
    assert [row["kind"] for row in table].count("UMAP") == [row["kind"] for row in table].count("PCA") == 60
    assert {row["state"] for row in table} <= {"0°", "72°", "144°", "216°", "288°"}
    assert (tmp_path / "a/umap.png").read_bytes().startswith(b"\x89PNG")
    for name in ("embeddings.csv", "umap.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def results(folder: Path) -> Path:
    """Two pickles in a row, as cryoDRGN writes its latents."""
    latents = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    (folder / "results/cryodrgn").mkdir(parents=True)
    content = pickle.dumps(latents) + pickle.dumps(latents)
    (folder / "results/cryodrgn/z.19.pkl").write_bytes(content)
    return folder / "results"


@pytest.mark.parametrize("flags", [("--num-imgs", "--num-vols"), ("--num_imgs", "--num_vols")])
def test_umap_by_the_published_flags(tmp_path: Path, flags: tuple[str, str]) -> None:
    call = [
        "--method",
        "cryodrgn",
        "-o",
        tmp_path / "out",
        "--result-path",
        results(tmp_path),
        flags[0],
        10,
        flags[1],
        4,
    ]
    done = run("umap", *call)
    assert done.exit_code == 0, done.output
    table = rows(tmp_path / "out/cryodrgn/embeddings.csv")
    states = [row["state"] for row in table if row["kind"] == "PCA"]
    assert states == np.repeat(["0", "1", "2", "3"], 10).tolist()
    assert (tmp_path / "out/cryodrgn/umap.png").is_file()


def test_umap_of_a_cryosparc_job(tmp_path: Path) -> None:
    table = np.zeros(40, dtype=[("components_mode_0/value", "<f4"), ("components_mode_1/value", "<f4")])
    table["components_mode_0/value"] = np.arange(40)
    table["components_mode_1/value"] = np.arange(40) % 7
    (tmp_path / "CS/J60").mkdir(parents=True)
    write_cs(tmp_path / "CS/J60/J60_particles.cs", table)
    call = ["--method", "3dva", "-o", tmp_path / "out", "--is_cryosparc", "--cryosparc_path", tmp_path / "CS"]
    done = run("umap", *call, "--cryosparc_job_num", "J60", "--num-imgs", "10,30", "--num-vols", 2)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out/3dva/umap.png").is_file()


class Malicious:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (Path("touched"),)


def test_a_malicious_pickle_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = results(tmp_path)
    (folder / "cryodrgn/z.19.pkl").write_bytes(pickle.dumps(Malicious()))
    done = run("umap", "--method", "cryodrgn", "-o", "out", "--result-path", folder, "--num-imgs", 10, "--num-vols", 4)
    assert done.exit_code == 2
    assert "not a pickle of arrays (it names" in done.stderr
    assert not (tmp_path / "touched").exists()
    assert not (tmp_path / "out").exists()


ERRORS = {
    "no submission": (["latents", "nowhere", "--dataset", "DATASET"], "nowhere: no submission.json there"),
    "no dataset": (["latents", "WHOLE", "--dataset", "nowhere"], "nowhere: no dataset.json there"),
    "an unknown measure": (
        ["latents", "WHOLE", "--dataset", "DATASET", "--metrics", "trustworthines"],
        "unknown measure 'trustworthines': did you mean 'trustworthiness'?",
    ),
    "a measure of poses": (
        ["latents", "WHOLE", "--dataset", "DATASET", "--metrics", "rotation-error"],
        "'rotation-error' is no measure of latents",
    ),
    "no measure": (["latents", "WHOLE", "--dataset", "DATASET", "--metrics", ","], "no measure to take"),
    "no poses": (["poses", "LATENTS", "--dataset", "DATASET"], "no poses.npz there"),
    "a picture of no latents": (["latents", "LABELS", "--dataset", "DATASET", "--plot", "p.png"], "nothing to draw"),
    "threads": (["poses", "WHOLE", "--dataset", "DATASET", "--threads", "4096"], "4096 threads asked for"),
    "umap without a dataset": (["umap", "WHOLE", "-o", "out"], "Give the dataset folder with --dataset"),
    "umap of nothing": (["umap", "-o", "out"], "nothing to draw: give a submission folder, or --method"),
    "umap of two": (["umap", "WHOLE", "--method", "x", "-o", "out"], "give one of the two"),
    "umap without results": (["umap", "--method", "x", "-o", "out"], "--result-path is missing"),
    "umap of no folder": (["umap", "--method", "x", "-o", "out", "--result-path", "."], "x: no such folder"),
    "umap without latents": (["umap", "LABELS", "--dataset", "DATASET", "-o", "out"], "no latents.npy there"),
    "umap of no job": (["umap", "--method", "3dva", "--is-cryosparc", "-o", "out"], "--is-cryosparc needs"),
    "umap of another number": (
        [
            "umap",
            "--method",
            "cryodrgn",
            "-o",
            "out",
            "--result-path",
            "RESULTS",
            "--num-imgs",
            "10",
            "--num-vols",
            "5",
        ],
        "z.19.pkl: 40 rows, but --num-imgs and --num-vols make 50 particles",
    ),
    "umap without numbers": (
        ["umap", "--method", "cryodrgn", "-o", "out", "--result-path", "RESULTS"],
        "the true volume of each particle is not known: give --num-imgs",
    ),
    "umap of words": (
        ["umap", "--method", "cryodrgn", "-o", "out", "--result-path", "RESULTS", "--num-imgs", "x", "--num-vols", "5"],
        "--num-imgs x --num-vols 5: give --num-imgs",
    ),
    "umap of few points": (
        ["umap", "WHOLE", "--dataset", "DATASET", "-o", "out", "--max-points", "3"],
        "UMAP needs at least 16",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_one_line_that_says_what_to_do(
    dataset: Path, truth: Dataset, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, message = ERRORS[name]
    places = {
        "DATASET": lambda: dataset,
        "WHOLE": lambda: whole,
        "LATENTS": lambda: written(tmp_path / "latents", truth, latents=truth.truth.latents),
        "LABELS": lambda: written(tmp_path / "labels", truth, labels=truth.truth.labels),
        "RESULTS": lambda: results(tmp_path),
    }
    done = run(*(places[word]() if word in places else word for word in arguments))
    assert done.exit_code == 2
    assert message in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("cryobench: error:")]) == 1
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "p.png").exists()


def test_another_build_is_refused_unless_it_is_allowed(dataset: Path, whole: Path, tmp_path: Path) -> None:
    copied = tmp_path / "mine"
    copied.mkdir()
    manifest = json.loads((whole / "submission.json").read_text()) | {"dataset_checksum": "0" * 64}
    (copied / "submission.json").write_text(json.dumps(manifest))
    write_array(copied / "labels.npy", np.load(whole / "labels.npy"))
    refused = run("latents", copied, "--dataset", dataset)
    assert refused.exit_code == 2
    assert "made of another build of 'igg-1d:standin'" in refused.stderr
    assert run("latents", copied, "--dataset", dataset, "--any-dataset").exit_code == 0


@pytest.mark.parametrize("command", ["latents", "poses", "umap"])
def test_help_has_an_example(command: str) -> None:
    assert f"cryobench {command} " in run(command, "--help").stdout
