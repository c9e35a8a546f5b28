"""From the files that a method leaves to scores, through the command line: rows in another order, then damaged files.

The latents in the files are the truth's, in the order of a STAR that was shuffled. So a score of 1 shows that the order
was put right, and chance that it was not.
"""

from __future__ import annotations

import csv
import functools
import json
import re
from collections.abc import Callable
from pathlib import Path

import layouts
import numpy as np
import pytest
from typer.testing import CliRunner

from cryobench.cli.app import app
from cryobench.core import Dataset, Poses
from cryobench.io import write_star
from cryobench.methods import read_submission

DATA = Path(__file__).parents[2] / "data" / "cryodrgn"
N, BOX, PIXEL_SIZE = 60, 32, 12.0
ORDER = np.random.default_rng(6).permutation(N)
HALVES = [np.sort(ORDER[: N // 2]), np.sort(ORDER[N // 2 :])]
Writer = Callable[[Path, np.ndarray, Poses, str], None]


def cryodrgn(run: str, scale: float, folder: Path, z: np.ndarray, poses: Poses, images: str) -> None:
    """Write a run of cryoDRGN 4.3.1: its own settings, for other images; ``scale``: Å of a shift of 1 in the file."""
    folder.mkdir()
    text = (DATA / run / "config.yaml").read_text()
    text, count = re.subn(r"(?m)^(\s+particles:) .*", rf"\1 {images}", text)
    assert count
    (folder / "config.yaml").write_text(re.sub(r"(?m)^(\s+D:) 17$", rf"\1 {BOX + 1}", text))
    parts = (z, np.zeros_like(z)) if run in {"train_vae", "abinit_het_old"} else (z,)
    for number, shift in ((1, 1), (2, 0)):
        (folder / f"z.{number}.pkl").write_bytes(layouts.dumps(parts[0] + np.float32(shift), *parts[1:]))
        if run != "train_dec":
            (folder / f"pose.{number}.pkl").write_bytes(layouts.dumps((poses.rotations, poses.shifts / scale)))


def drgnai(folder: Path, z: np.ndarray, poses: Poses, images: str) -> None:
    layouts.drgnai(folder, z, (poses.rotations, poses.shifts / PIXEL_SIZE), images)


def opus_dsd(folder: Path, z: np.ndarray, _: Poses, images: str) -> None:
    layouts.opus_dsd(folder, z, None, images)


def recovar_of_halves(folder: Path, z: np.ndarray, _: Poses, images: str) -> None:
    halves = [half[half < len(z)] for half in HALVES]
    layouts.recovar(folder, {2: z, 4: np.hstack((z, z))}, images, None, halves)


def recovar(folder: Path, z: np.ndarray, _: Poses, images: str) -> None:
    layouts.recovar(folder, {2: z, 4: np.hstack((z, z))}, images, "1.0")


IN_LATTICES = (BOX + 1) * PIXEL_SIZE
WRITERS: dict[str, Writer] = {
    "cryodrgn": functools.partial(cryodrgn, "train_vae", IN_LATTICES),
    "cryodrgn-dec": functools.partial(cryodrgn, "train_dec", 1.0),
    "cryodrgn-abinit-het": functools.partial(cryodrgn, "abinit_het_old", IN_LATTICES),
    "cryodrgn-abinit": functools.partial(cryodrgn, "abinit", PIXEL_SIZE),
    "drgnai": drgnai,
    "opus-dsd": opus_dsd,
    "recovar-halves": recovar_of_halves,
    "recovar": recovar,
}
LATENTS = {"drgnai": "out/conf.3.pkl", "opus-dsd": "z.1.pkl", "recovar-halves": "model/embeddings.pkl",
           "recovar": "model/zdim_4/latent_coords.npy"}  # fmt: skip
WITH_POSES = ["cryodrgn", "cryodrgn-abinit-het", "cryodrgn-abinit", "drgnai"]


def cryobench(*arguments: object, status: int = 0) -> str:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(each) for each in arguments])
    assert done.exit_code == status, repr(done.exception) + done.output
    if not status:
        return done.stdout
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("cryobench: error: ")]
    return line


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


class Native:
    """Writes a method's output in a shuffled order, and reads it into a submission."""

    def __init__(self, folder: Path, dataset: Dataset, source: Path) -> None:
        truth = dataset.truth.latents
        assert truth is not None
        jitter = np.random.default_rng(7).normal(scale=1e-3, size=truth.shape)
        self.latents = (truth + jitter).astype(np.float32)
        self.poses, self.names = dataset.particles.poses, [name.lstrip("0") for name in star_names(dataset)]
        self.folder, self.source = folder, source

    def star(self, path: Path, count: int = N) -> Path:
        write_star(path, {"particles": {"rlnImageName": [self.names[i] for i in ORDER[:count]], "rlnB": ["0"] * count}})
        return path

    def write(self, name: str, images: str, count: int = N) -> Path:
        chosen = ORDER[:count]
        WRITERS[name](self.folder / "run", self.latents[chosen], self.poses[chosen], images)
        return self.folder / "run"

    def read(self, *more: object, out: str = "out", status: int = 0) -> str:
        call = ["submission", "read", self.folder / "run", "--dataset", self.source, "-o", self.folder / out]
        return cryobench(*call, "--no-volumes", *more, status=status)

    def similarity(self, out: str = "out") -> float:
        scores, wanted = self.folder / f"{out}-scores", "neighborhood-similarity"
        cryobench("latents", self.folder / out, "--dataset", self.source, "-o", scores, "--metrics", wanted)
        (row,) = rows(scores / "latent_scores.csv")
        return float(row["value"])


def star_names(dataset: Dataset) -> list[str]:
    names: list[str] = dataset.particles.images.names  # type: ignore[attr-defined]
    return [f"{name.partition('@')[0]}@/scratch/particles/{Path(name).name}" for name in names]


@pytest.fixture
def native(tmp_path: Path, stacked: Dataset, stacked_folder: Path) -> Native:
    return Native(tmp_path, stacked, stacked_folder)


@pytest.mark.parametrize("name", WRITERS)
def test_a_shuffled_order_is_put_right(native: Native, tmp_path: Path, name: str) -> None:
    star = native.star(tmp_path / "shuffled.star")
    native.write(name, str(star))
    line = native.read(status=2)
    assert f"the order of the rows is not known: the input of the run, {star}, lies neither in the dataset" in line
    assert "with --images FILE" in line
    assert "--in-order" in line
    assert not (tmp_path / "out").exists()

    told = native.read("--images", star)
    assert f"({name.removesuffix('-halves')}): " in told
    assert f"- order of the particles: matched by image names in {star}, the list that was given" in told
    assert native.similarity() == 1

    (tmp_path / "shuffled.star").unlink()  # so nothing speaks against the user's word, which is wrong
    told = native.read("--in-order", out="wrong")
    assert "as was said (--in-order)" in told
    assert native.similarity("wrong") < 0.45  # chance is 19 of 59

    native.star(tmp_path / "run" / "shuffled.star")
    assert "matched by image names in" in native.read(out="found")
    found, given = (np.load(tmp_path / out / "latents.npy") for out in ("found", "out"))
    np.testing.assert_array_equal(found, given)


@pytest.mark.parametrize("name", WITH_POSES)
def test_poses_follow_the_order(native: Native, tmp_path: Path, name: str) -> None:
    native.write(name, "/gone/a.star")
    native.read("--images", native.star(tmp_path / "a.star"))
    native.read("--in-order", out="wrong")
    right, wrong = (read_submission(tmp_path / out, N).poses for out in ("out", "wrong"))
    assert right is not None
    assert wrong is not None
    np.testing.assert_allclose(right.rotations, native.poses.rotations, atol=1e-6)
    np.testing.assert_allclose(right.shifts, native.poses.shifts, atol=1e-4)  # of up to 30 Å, in single precision
    np.testing.assert_allclose(wrong.shifts, native.poses.shifts[ORDER], atol=1e-4)


@pytest.mark.slow
def test_latents_and_poses_are_scored_together(native: Native, tmp_path: Path) -> None:
    native.write("cryodrgn-abinit", "/gone/a.star")
    native.read("--images", native.star(tmp_path / "a.star"))
    wanted = ("neighborhood-similarity", "rotation-error", "translation-error")
    cryobench("score", tmp_path / "out", "--dataset", native.source, "-o", tmp_path / "scores", "--controls", "none",
              "--metrics", ",".join(wanted), "--cache", tmp_path / "cache")  # fmt: skip
    scores = json.loads((tmp_path / "scores" / "results.json").read_text())["scores"]
    found = {each["metric"]["name"]: each["value"] for each in scores if each["statistic"] == "mean"}
    assert found["neighborhood-similarity"] == 1
    assert found["rotation-error"] < 0.01  # degrees
    assert found["translation-error"] < 0.001  # Å


@pytest.mark.parametrize("name", WRITERS)
def test_a_missing_particle_is_named(native: Native, tmp_path: Path, name: str) -> None:
    native.write(name, "/gone/a.star", N - 1)
    line = native.read("--images", native.star(tmp_path / "short.star", N - 1), status=2)
    gone = native.names[ORDER[-1]]
    number, _, stack = gone.partition("@")
    assert f"short.star: 1 of 60 particles are missing: {ORDER[-1]} ({int(number):06d}@{Path(stack).name})" in line
    line = native.read("--images", native.star(tmp_path / "whole.star"), status=2)
    assert "whole.star: 60 images, but the output in" in line
    assert "has 59 rows" in line
    assert "59 rows for 60 particles; particle 59 is missing" in native.read("--in-order", status=2)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("kept", [0.4, 0.98])
def test_a_truncated_file_is_named(native: Native, tmp_path: Path, name: str, kept: float) -> None:
    path = native.write(name, "/gone/a.star") / LATENTS.get(name, "z.2.pkl")
    raw = path.read_bytes()
    path.write_bytes(raw[: int(kept * len(raw))])
    assert re.search(rf"{path.name}: (not a|empty|cannot)", native.read("--in-order", status=2))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", WRITERS)
def test_a_wrong_dimension_is_named(native: Native, tmp_path: Path, name: str) -> None:
    folder = native.write(name, "/gone/a.star")
    wide = np.zeros((N, 3), np.float32)
    path = folder / LATENTS.get(name, "z.2.pkl")
    if name == "opus-dsd":
        path.write_bytes(layouts.torch_archive({"mu": wide, "multi_mu": None}, {}))
    elif name == "recovar":
        np.save(path, wide)
    elif name == "recovar-halves":
        path.write_bytes(layouts.dumps({"zs": {4: wide}}))
    else:
        path.write_bytes(layouts.dumps(wide))
    line = native.read("--in-order", status=2)
    assert f"{path.name}: 3 numbers in each row, but the settings" in line
    assert not (tmp_path / "out").exists()
