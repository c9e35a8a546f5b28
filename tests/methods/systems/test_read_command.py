"""``cryobench submission read``: from a method's folder to scores."""

from __future__ import annotations

import csv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cryosparc_layout as layout
import numpy as np
import pytest
import relion_layout
from jaxtyping import Float32
from typer.testing import CliRunner, Result

from cryobench.benchmark import PER_IMAGE, Task, read_queries, score_tasks, wanted_particles
from cryobench.cli.app import app
from cryobench.core import Dataset, FormatError, InputError, Particles, ProgramError, Submission, silent
from cryobench.methods import SYSTEMS, Choice, FileVolumes, Found, System, SystemCard, made_volumes, read_submission
from cryobench.methods.volume_makers import VolumeMaker
from cryobench.ops.fft import crop_volume


def cryobench(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(each) for each in arguments])


def ran(*arguments: object) -> str:
    done = cryobench(*arguments)
    assert done.exit_code == 0, repr(done.exception) + done.output
    return done.stdout


def refused(*arguments: object) -> str:
    done = cryobench(*arguments)
    assert done.exit_code == 2, done.output
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("cryobench: error: ")]
    return line


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def true_maps(dataset: Dataset) -> list[np.ndarray]:
    return [dataset.truth.volumes[state].data for state in range(len(dataset.truth.states))]


def scores(folder: Path, dataset: Path, protocol: str, output: Path, *more: object) -> list[float]:
    """Return the area under the standard curve of each volume."""
    ran("fsc", protocol, folder, "--dataset", dataset, "-o", output, *more)
    with (output / "fsc_per_item.csv").open() as file:
        return [float(row["auc"]) for row in csv.DictReader(file) if row["convention"] == "standard"]


@pytest.fixture
def variability(tmp_path: Path, stacked: Dataset) -> Path:
    maps = true_maps(stacked)
    mean = np.mean(maps, axis=0)
    latents = np.eye(3, dtype=np.float32)[stacked.truth.labels]
    layout.variability(tmp_path / "J7", stacked, latents, [mean, *(each - mean for each in maps)])
    return tmp_path / "J7"


def test_variability_to_scores(variability: Path, stacked: Dataset, stacked_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = ran("submission", "read", variability, "--dataset", stacked_folder, "-o", out)
    assert "(cryosparc-3dva): J7_particles.cs has components_mode_0/value, and J7_component_0.mrc is there." in told
    assert "Read: 60 particles, fixed-pose; latents of 3 dimensions; of 5 files." in told
    assert "- Volumes are the map plus the components." in told
    assert f"Next: cryobench fsc per-image {out} --dataset {stacked_folder}" in told
    submission = read_submission(out, 60, stacked.card)
    assert submission.method.name == "cryosparc-3dva"
    assert isinstance(submission.volumes, FileVolumes)
    np.testing.assert_array_equal(submission.volumes.particles, np.arange(60))
    assert len(list((out / "volumes").glob("*.mrc"))) == 3
    aucs = scores(out, stacked_folder, "per-image", tmp_path / "scores", "-n", 6)
    assert len(aucs) == 6
    assert min(aucs) > 0.999
    assert min(scores(out, stacked_folder, "per-conformation", tmp_path / "scores")) > 0.999


def test_wrong_rows_would_be_seen(variability: Path, stacked: Dataset, stacked_folder: Path, tmp_path: Path) -> None:
    """The same files, but for the names of the images in the wrong rows: the scores fall."""
    columns = {"uid": layout.uids(60)} | layout.blob_columns(stacked)
    columns |= {name: columns[name][::-1] for name in ("blob/path", "blob/idx")}
    layout.save(variability / "J7_passthrough_particles.cs", columns)
    ran("submission", "read", variability, "--dataset", stacked_folder, "-o", tmp_path / "out", "-n", 6)
    assert min(scores(tmp_path / "out", stacked_folder, "per-image", tmp_path / "scores", "-n", 6)) < 0.99


def test_classes_to_scores_in_python(stacked: Dataset, stacked_folder: Path, tmp_path: Path) -> None:
    relion_layout.class3d(tmp_path / "job", stacked, stacked.truth.labels, dict(enumerate(true_maps(stacked))))
    told = ran("submission", "read", tmp_path / "job", "--dataset", stacked_folder, "-o", tmp_path / "out", "-n", 7)
    assert "per-image" in told
    assert "-n 7" in told
    submission = read_submission(tmp_path / "out", 60, stacked.card)
    assert isinstance(submission.volumes, FileVolumes)
    particles = submission.volumes.particles
    np.testing.assert_array_equal(particles, np.union1d(np.arange(0, 60, 8), [0, 20, 40]))
    task = Task("relion", PER_IMAGE, submission.volumes, particles)
    (scored,) = score_tasks([task], stacked.truth, silent)
    assert scored.aucs("standard").min() > 0.999


def test_a_dry_run_writes_nothing(variability: Path, stacked_folder: Path, tmp_path: Path) -> None:
    before = files(tmp_path)
    told = ran("submission", "read", variability, "--dataset", stacked_folder, "-o", tmp_path / "out", "--dry-run")
    assert "Found: cryoSPARC 3D Variability Analysis" in told
    assert "Volumes of 60 particles." in told
    assert f"Would be written: {tmp_path / 'out'} (--dry-run: nothing was)" in told
    assert files(tmp_path) == before


def test_without_volumes(variability: Path, stacked_folder: Path, tmp_path: Path) -> None:
    told = ran("submission", "read", variability, "--dataset", stacked_folder, "-o", tmp_path / "out", "--no-volumes")
    assert files(tmp_path / "out") == {"submission.json", "latents.npy"}
    assert f"Next: cryobench latents {tmp_path / 'out'} --dataset {stacked_folder}" in told


def test_flexible_refinement_gets_its_volumes_from_an_archive(
    stacked: Dataset, stacked_folder: Path, tmp_path: Path
) -> None:
    latents = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    layout.flexible(tmp_path / "J7", stacked, latents)
    call = ["submission", "read", tmp_path / "J7", "--dataset", stacked_folder, "-o", tmp_path / "out", "-n", 6]
    told = ran(*call)
    assert "! No volumes:" in told
    assert "--volumes" in told
    assert files(tmp_path / "out") == {"submission.json", "latents.npy"}

    wanted = wanted_particles(stacked.truth, latents, 6, 0)
    maps = true_maps(stacked)
    archive = tmp_path / "J18_series_000.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for number, particle in enumerate(wanted.tolist()):
            made = tmp_path / "map.mrc"
            layout.write_map(made, maps[stacked.truth.labels[particle]], stacked.particles.pixel_size)
            file.write(made, f"J18_series_000/J18_series_000_frame_{number:03d}.mrc")
    assert "--overwrite" in refused(*call, "--volumes", archive)
    told = ran(*call, "--volumes", archive, "--overwrite")
    assert f"- Volumes are the maps of {archive}, in the order of the queries." in told
    assert min(scores(tmp_path / "out", stacked_folder, "per-image", tmp_path / "scores", "-n", 6)) > 0.999
    assert min(scores(tmp_path / "out", stacked_folder, "per-conformation", tmp_path / "scores")) > 0.999


def test_queries_of_a_file(variability: Path, stacked: Dataset, stacked_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "queries.csv").write_text("particle,state\n59,2\n3,0\n")
    call = ["submission", "read", variability, "--dataset", stacked_folder, "-o", tmp_path / "out"]
    told = ran(*call, "--queries", tmp_path / "queries.csv")
    assert told.rstrip().endswith("--available")
    volumes = read_submission(tmp_path / "out", 60, stacked.card).volumes
    assert isinstance(volumes, FileVolumes)
    assert volumes.particles.tolist() == [3, 59]
    assert "give one" in refused(*call, "--queries", tmp_path / "queries.csv", "-n", 3)
    assert "--no-volumes goes without -n" in refused(*call, "--no-volumes", "-n", 3)


@pytest.mark.parametrize(
    "text",
    ["# particles\n5\n\n3\n", "particle\n5\n3\n", "state, particle\n0, 5\n0, 3\n", 'image,particle\n"a,b",5\nc,3\n'],
)
def test_forms_of_queries(tmp_path: Path, text: str) -> None:
    (tmp_path / "q").write_text(text)
    assert read_queries(tmp_path / "q", 6).tolist() == [5, 3]


@pytest.mark.parametrize(
    ("text", "words"),
    [("5\n6\n", "line 2: particle is '6', expected a whole number from 0 to 5"), ("1\n-2\n", "line 2"),
     ("", "no particle"), ("1\n2\n1\n", "line 3: particle 1 is on line 1 too"),
     ("state,particle\n1\n", "line 2: particle is ''"), ("1\n" + "9" * 200_000, "line 2: field larger")],
)  # fmt: skip
def test_wrong_queries(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "q").write_text(text)
    with pytest.raises(FormatError, match=words):
        read_queries(tmp_path / "q", 6)


def test_wanted_are_those_of_both_protocols(stacked: Dataset) -> None:
    latents = np.arange(60, dtype=np.float32)[:, None]
    got = wanted_particles(stacked.truth, latents, 4, 0)
    assert got.tolist() == [0, 9, 15, 29, 30, 45, 49]  # a state's middle, and each 15th
    assert wanted_particles(stacked.truth, latents, 1000, 0).tolist() == list(range(60))
    with pytest.raises(InputError, match="0 particles"):
        wanted_particles(stacked.truth, latents, 0, 0)


def test_classes_of_cryosparc_to_scores(stacked: Dataset, stacked_folder: Path, tmp_path: Path) -> None:
    """3D Classification, whose poses are given."""
    layout.classification(tmp_path / "J7", stacked, stacked.truth.labels, dict(enumerate(true_maps(stacked))))
    out = tmp_path / "out"
    ran("submission", "read", tmp_path / "J7", "--dataset", stacked_folder, "-o", out, "-n", 6)
    assert min(scores(out, stacked_folder, "per-image", tmp_path / "scores", "-n", 6)) > 0.999
    assert class_accuracy(out, stacked_folder, tmp_path / "classes") == 1.0


def test_ab_initio_to_scores(stacked: Dataset, stacked_folder: Path, tmp_path: Path) -> None:
    """Of three classes, with the true poses; every tenth particle goes to a wrong class."""
    labels = stacked.truth.labels.copy()
    labels[::10] = (labels[::10] + 1) % 3
    posteriors = np.eye(3, dtype=np.float32)[labels]
    poses = [stacked.particles.poses] * 3
    layout.ab_initio(tmp_path / "J7", stacked, posteriors, poses, true_maps(stacked))
    out = tmp_path / "out"
    ran("submission", "read", tmp_path / "J7", "--dataset", stacked_folder, "-o", out, "-n", 6)
    assert class_accuracy(out, stacked_folder, tmp_path / "classes") == pytest.approx(0.9)
    ran("poses", out, "--dataset", stacked_folder, "-o", tmp_path / "poses")
    with (tmp_path / "poses/pose_scores.csv").open() as file:
        errors = {row["metric"]: float(row["value"]) for row in csv.DictReader(file) if row["statistic"] == "mean"}
    assert errors["rotation-error"] < 0.1
    assert errors["translation-error"] < 0.1


def class_accuracy(folder: Path, dataset: Path, output: Path) -> float:
    ran("latents", folder, "--dataset", dataset, "-o", output, "--metrics", "classes")
    with (output / "latent_scores.csv").open() as file:
        (value,) = (float(row["value"]) for row in csv.DictReader(file) if row["metric"] == "class-accuracy")
    return value


# What is refused leaves nothing behind.


def test_an_error_leaves_nothing(variability: Path, stacked_folder: Path, tmp_path: Path) -> None:
    (variability / "J7_component_1.mrc").unlink()
    before = files(tmp_path)
    line = refused("submission", "read", variability, "--dataset", stacked_folder, "-o", tmp_path / "out")
    assert "J7: no J*_component_1.mrc" in line
    assert files(tmp_path) == before


def test_an_error_while_volumes_are_written_leaves_the_old_submission(
    variability: Path, stacked_folder: Path, tmp_path: Path
) -> None:
    call = ["submission", "read", variability, "--dataset", stacked_folder, "-o", tmp_path / "out", "-n", 2]
    ran(*call)
    archive = tmp_path / "maps.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(4):
            file.writestr(f"{number}.mrc", b"no map")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*")}
    line = refused(*call, "--overwrite", "--volumes", archive)
    assert "maps.zip: member '0.mrc': not a readable MRC" in line
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*")} == before
    assert not list(tmp_path.glob(".cryobench-*"))


def test_the_output_is_none_of_what_is_read(variability: Path, stacked_folder: Path, tmp_path: Path) -> None:
    for output in (variability, tmp_path, stacked_folder):
        line = refused("submission", "read", variability, "--dataset", stacked_folder, "-o", output, "--overwrite")
        assert "holds what is read" in line
    (tmp_path / "other").mkdir()
    (tmp_path / "other/thesis.txt").touch()
    line = refused(
        "submission", "read", variability, "--dataset", stacked_folder, "-o", tmp_path / "other", "--overwrite"
    )
    assert "no submission to replace" in line
    assert files(tmp_path / "other") == {"thesis.txt"}


def test_overwriting_leaves_nothing_of_before(
    variability: Path, stacked: Dataset, stacked_folder: Path, tmp_path: Path
) -> None:
    call = ["submission", "read", variability, "--dataset", stacked_folder, "-o", tmp_path / "out"]
    ran(*call)
    relion_layout.class3d(tmp_path / "job", stacked, stacked.truth.labels, dict(enumerate(true_maps(stacked))))
    call[2] = tmp_path / "job"
    ran(*call, "--overwrite")
    assert "latents.npy" not in files(tmp_path / "out")
    assert "labels.npy" in files(tmp_path / "out")


def test_what_may_be_of_several_is_asked(variability: Path, stacked_folder: Path, tmp_path: Path) -> None:
    for path in variability.glob("*.mrc"):
        path.unlink()
    call = ["submission", "read", variability, "--dataset", stacked_folder, "-o", tmp_path / "out"]
    line = refused(*call)
    assert "cryosparc-3dva (" in line
    assert "cryosparc-3dflex (" in line
    assert "say which with --system NAME" in line
    assert "cryosparc-3dflex" in ran(*call, "--system", "cryosparc-3dflex")


# A system whose volumes its own program makes.


@dataclass(frozen=True)
class StandInMaker:
    """Makes the true map of state round(z), and counts; ``small`` makes a smaller box, with a wrong pixel size."""

    maps: list[np.ndarray]
    command: tuple[str, ...]
    pixel_size: float
    calls: list[int]
    model: tuple[Path, ...] = ()

    def check(self) -> None:
        if self.command == ("missing",):
            raise InputError("'missing' is not on the path: give the command with --command")

    def make(self, latents: Float32[np.ndarray, "n d"], folder: Path) -> list[Path]:
        if self.command == ("fails",):
            raise ProgramError("'fails' failed with status 1: no GPU")
        if self.command == ("fails", "once") and len(self.calls) == 1:
            self.calls.append(0)
            raise ProgramError("'fails once' failed with status 1: no GPU")
        self.calls.append(len(latents))
        paths = [folder / f"{i}.mrc" for i in range(len(latents))]
        for path, z in zip(paths, latents, strict=True):
            data = self.maps[round(float(z[0]))]
            layout.write_map(path, crop_volume(data, 24) if self.command == ("small",) else data, 1.0)
        return paths


class StandIn(System):
    card = SystemCard(name="stand-in", title="A stand-in", known_by="z.txt", reads="latents")

    def __init__(self, maps: list[np.ndarray]) -> None:
        self.maps, self.calls = maps, list[int]()

    def detect(self, folder: Path) -> str | None:
        return "z.txt is there" if (folder / "z.txt").is_file() else None

    def read(self, folder: Path, particles: Particles, choice: Choice) -> Found:
        latents = np.loadtxt(folder / "z.txt", dtype=np.float32, ndmin=2)
        maps = {int(path.stem): path for path in folder.glob("*.mrc")}
        volumes = FileVolumes(maps, str(folder), 16.0) if maps else None
        submission = Submission(self.method(), len(particles), latents=latents, volumes=volumes)
        return Found(submission, (folder / "z.txt",))

    def maker(self, folder: Path, choice: Choice, command: tuple[str, ...], pixel_size: float) -> VolumeMaker | None:
        return StandInMaker(self.maps, command, pixel_size, self.calls)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, stacked: Dataset, tmp_path: Path) -> StandIn:
    system = StandIn(true_maps(stacked))
    monkeypatch.setitem(SYSTEMS._entries, "stand-in", system)
    (tmp_path / "run").mkdir()
    np.savetxt(tmp_path / "run/z.txt", stacked.truth.labels[:, None])
    return system


def test_volumes_are_made_by_the_program(stand_in: StandIn, stacked_folder: Path, tmp_path: Path) -> None:
    call = ["submission", "read", tmp_path / "run", "--dataset", stacked_folder, "-o", tmp_path / "out", "-n", 6]
    told = ran(*call, "--command", "conda run 'my env'")
    assert "- Volumes are made by the program of stand-in." in told
    assert stand_in.calls == [3], "particles of one latent have one volume"
    assert min(scores(tmp_path / "out", stacked_folder, "per-image", tmp_path / "scores", "-n", 6)) > 0.999
    assert ran(*call, "--dry-run", "--overwrite")
    assert stand_in.calls == [3], "particles of one latent have one volume"


def test_volumes_that_were_made_before_a_failure_are_not_made_again(
    stand_in: StandIn, stacked_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made_volumes, "BATCH", 4)
    # Each latent is another: no two volumes are one.
    labels = np.loadtxt(tmp_path / "run/z.txt")
    np.savetxt(tmp_path / "run/z.txt", labels + np.linspace(0, 0.1, len(labels)))
    call = ["submission", "read", tmp_path / "run", "--dataset", stacked_folder, "-o", tmp_path / "out", "-n", 6]
    call += ["--command", "fails once"]
    done = cryobench(*call)
    assert done.exit_code == 2
    assert "'fails once' failed" in done.stderr
    assert "4 volumes that were made; the same command goes on with them" in done.stderr
    assert len(list((tmp_path / ".out.made/volumes").glob("*.mrc"))) == 4
    assert not (tmp_path / "out").exists()
    # What else is done in between leaves them alone.
    ran(*call, "--dry-run")
    without = [each for each in call if each not in ("-n", 6, "--command", "fails once")]
    ran(*without, "--no-volumes")
    assert len(list((tmp_path / ".out.made/volumes").glob("*.mrc"))) == 4
    ran(*call, "--overwrite")
    made = len(read_submission(tmp_path / "out", 60, any_dataset=True).volumes.particles)  # type: ignore[union-attr]
    assert stand_in.calls == [4, 0, *[4] * (made // 4 - 1), *([made % 4] if made % 4 else [])]
    assert not (tmp_path / ".out.made").exists()


def test_the_number_of_dimensions_is_checked(stand_in: StandIn, stacked_folder: Path, tmp_path: Path) -> None:
    call = ["submission", "read", tmp_path / "run", "--dataset", stacked_folder, "-o", tmp_path / "out"]
    assert "latents of 1 dimension, but --zdim 7 was asked for" in refused(*call, "--zdim", 7)
    assert "latents of 1 dimension;" in ran(*call, "--zdim", 1, "--no-volumes")


def test_a_command_that_would_make_nothing_is_refused(
    variability: Path, stacked_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRYOBENCH_ENVIRONMENTS", str(tmp_path / "environments"))
    call = ["submission", "read", variability, "--dataset", stacked_folder, "-o", tmp_path / "out"]
    assert "no program makes volumes of this output of cryosparc-3dva" in refused(*call, "--command", "cryosparcm")


def test_a_model_of_smaller_images_makes_smaller_volumes(
    stand_in: StandIn, stacked: Dataset, stacked_folder: Path, tmp_path: Path
) -> None:
    call = ["submission", "read", tmp_path / "run", "--dataset", stacked_folder, "-o", tmp_path / "out", "-n", 6]
    ran(*call, "--command", "small")
    volumes = read_submission(tmp_path / "out", 60, stacked.card).volumes
    assert volumes is not None
    for particle in (0, 50):
        truth = stacked.truth.volumes[int(stacked.truth.labels[particle])].data
        got = volumes.at(particle)
        np.testing.assert_allclose(crop_volume(got.data, 24), crop_volume(truth, 24), atol=1e-5 * truth.max())
        assert (got.box, got.pixel_size) == (32, pytest.approx(12.0))


def test_the_few_volumes_that_are_there_come_last(
    stand_in: StandIn, stacked: Dataset, stacked_folder: Path, tmp_path: Path
) -> None:
    """As those that a program's analysis made at some particles: a quarter smaller, of the same edge."""
    for particle in (11, 47):
        truth = stacked.truth.volumes[int(stacked.truth.labels[particle])].data
        layout.write_map(tmp_path / f"run/{particle}.mrc", crop_volume(truth, 20), 1.0)
    call = ["submission", "read", tmp_path / "run", "--dataset", stacked_folder, "-o", tmp_path / "out", "-n", 6]
    line = refused(*call, "--command", "missing")
    assert "the volume of particle 11: a box of 20 voxels and a pixel size of 16 Å, an edge of 320 Å" in line
    for particle in (11, 47):
        truth = stacked.truth.volumes[int(stacked.truth.labels[particle])].data
        layout.write_map(tmp_path / f"run/{particle}.mrc", crop_volume(truth, 24), 1.0)
    told = ran(*call, "--command", "missing")
    assert "- Volumes are those that are there, of 2 particles, not the ones wanted." in told
    assert "! No volumes" not in told
    assert told.rstrip().endswith("--available")
    assert len(scores(tmp_path / "out", stacked_folder, "per-image", tmp_path / "scores", "--available")) == 2
    assert "Volumes are made" in ran(*call, "--overwrite")


def test_a_missing_program_is_said_and_the_rest_is_read(
    stand_in: StandIn, stacked_folder: Path, tmp_path: Path
) -> None:
    call = ["submission", "read", tmp_path / "run", "--dataset", stacked_folder, "-o", tmp_path / "out"]
    told = ran(*call, "--command", "missing")
    assert "- The volumes were not made: 'missing' is not on the path: give the command with --command" in told
    assert "! No volumes:" in told
    assert files(tmp_path / "out") == {"submission.json", "latents.npy"}


def test_a_program_that_fails_ends_it(stand_in: StandIn, stacked_folder: Path, tmp_path: Path) -> None:
    call = ["submission", "read", tmp_path / "run", "--dataset", stacked_folder, "-o", tmp_path / "out"]
    before = files(tmp_path)
    assert "'fails' failed with status 1: no GPU" in refused(*call, "--command", "fails")
    assert "check its quotes" in refused(*call, "--command", "a 'b")
    assert files(tmp_path) == before
