"""Runs from particles to submissions, with stand-ins for the programs."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from stand_ins import install_program

from cryobench.core import Dataset, InputError, OutputError, ProgramError, Submission, UnknownNameError, Volume
from cryobench.io import StackImages, read_poses, write_volume
from cryobench.methods import Choice, read_native, read_submission, read_submission_manifest, volumes_of
from cryobench.methods.running import RUNNERS, Job, Runner
from cryobench.methods.running.environments import discard_environment, find_environment, record_environment
from cryobench.methods.running.inputs import stack_paths
from cryobench.methods.running.recorded import recorded_command, require_accepted
from cryobench.methods.running.records import read_record
from cryobench.methods.running.run import Finished, Watch, find_runnable, planned_calls, require_terms, run_method
from cryobench.methods.running.setting_up import record_command, set_up

WANTED = np.array([0, 7, 99, 200])


@dataclass
class Bench:
    """A dataset, a stand-in that is set up, and a folder to run in."""

    dataset: Dataset
    source: Path
    programs: Path
    output: Path
    lines: list[str] = field(default_factory=list)
    steps: list[tuple[str, int]] = field(default_factory=list)
    advanced: int = 0

    def job(self, *flags: str, seed: int = 5) -> Job:
        return Job(self.dataset, self.source, self.output / "native", seed, flags)

    def run(self, name: str, *flags: str, seed: int = 5, overwrite: bool = False) -> Finished:
        def progress(label: str, total: int) -> Callable[[int], None]:
            self.steps.append((label, total))
            return self._advance

        watch = Watch(self.lines.append, progress)
        job = self.job(*flags, seed=seed)
        return run_method(name, job, self.output, lambda submission: WANTED, watch, overwrite=overwrite)

    def _advance(self, items: int) -> None:
        self.advanced += items

    def mode(self, text: str) -> None:
        (self.programs / "mode.txt").write_text(text)

    def calls(self, program: str) -> list[list[str]]:
        path = self.programs / "calls.jsonl"
        found = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [call for call in found if call[0] == program]

    def submission(self) -> Submission:
        return read_submission(self.output / "submission", len(self.dataset.particles), self.dataset.card)


@pytest.fixture
def bench(small_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("CRYOBENCH_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setenv("CRYOBENCH_CACHE", str(tmp_path / "cache"))
    for name in ("cryodrgn", "recovar"):
        runner = RUNNERS[name]
        assert isinstance(runner, Runner)
        record_command(runner, str(install_program(tmp_path / "programs", name)), accepted=True)
    (tmp_path / "programs/calls.jsonl").unlink()
    source = small_dataset.particles.images.stacks[0].parents[1]  # type: ignore[attr-defined]
    return Bench(small_dataset, source, tmp_path / "programs", tmp_path / "out")


def test_train_vae_ends_in_a_submission(bench: Bench) -> None:
    done = bench.run("cryodrgn", "-n", "3", "--zdim", "2")
    assert done.ran
    assert done.path == bench.output / "submission"
    (call,) = bench.calls("train_vae")
    inputs = bench.output / "native/inputs"
    assert call[1:] == [
        str(inputs / "particles.txt"), "--ctf", str(inputs / "ctf.pkl"), "-o", str(bench.output / "native/output"),
        "--poses", str(inputs / "poses.pkl"), "--seed", "5", "--zdim", "8", "--no-analysis", "-n", "3", "--zdim", "2",
    ]  # fmt: skip
    found = bench.submission()
    assert found.latents is not None
    n = len(bench.dataset.particles)
    expected = np.random.default_rng(5).normal(size=(n, 2)).astype(np.float32) + 3
    np.testing.assert_array_equal(found.latents, expected)
    assert found.volumes is not None
    for particle in WANTED.tolist():
        data = found.volumes.at(particle).data
        np.testing.assert_allclose(data.ravel()[0], expected[particle, 0], rtol=1e-6)
    manifest = read_submission_manifest(done.path)
    assert (manifest.method.name, manifest.method.version, manifest.kind) == ("cryodrgn", "4.3.1", "fixed-pose")
    assert manifest.command == (str(bench.programs / "cryodrgn"), *call)
    assert manifest.device == "cpu"
    assert manifest.seconds > 0
    assert manifest.peak_memory_mb is None or manifest.peak_memory_mb > 0
    log = (bench.output / "native/run.log").read_text()
    assert log.splitlines() == bench.lines
    assert "Train Epoch: 3/3" in log


def test_progress_is_that_of_all_epochs(bench: Bench) -> None:
    n = len(bench.dataset.particles)
    bench.run("cryodrgn", "-n", "3")
    assert bench.steps == [("cryodrgn: images of all epochs", 3 * n), ("cryodrgn: volumes at particles", len(WANTED))]
    assert bench.advanced == 3 * n + len(WANTED)


def test_the_inputs_say_nothing_of_the_truth(bench: Bench) -> None:
    bench.run("cryodrgn")
    inputs = bench.output / "native/inputs"
    assert sorted(path.name for path in inputs.iterdir()) == ["ctf.pkl", "particles.txt", "poses.pkl"]
    particles = bench.dataset.particles
    poses = read_poses(inputs / "poses.pkl", particles.box, particles.pixel_size)
    np.testing.assert_array_equal(poses.rotations, particles.poses.rotations)
    np.testing.assert_allclose(poses.shifts, particles.poses.shifts, atol=1e-4)


def test_train_dec_and_abinit(bench: Bench) -> None:
    bench.run("cryodrgn-dec", "--zdim", "2")
    assert bench.submission().method.name == "cryodrgn-dec"
    bench.output = bench.output.with_name("abinit")
    bench.run("cryodrgn-abinit", "--zdim", "2")
    found = bench.submission()
    assert found.kind == "ab-initio"
    assert found.poses is not None
    # Its shifts are in pixels: one pixel each.
    np.testing.assert_allclose(found.poses.shifts, bench.dataset.particles.pixel_size)
    assert not (bench.output / "native/inputs/poses.pkl").exists()


def test_images_that_are_not_inverted_are_said_to_be(bench: Bench) -> None:
    particles = dataclasses.replace(bench.dataset.particles, sign=1)
    job = dataclasses.replace(bench.job(), dataset=dataclasses.replace(bench.dataset, particles=particles))
    runner = RUNNERS["cryodrgn"]
    assert isinstance(runner, Runner)
    assert "--uninvert-data" in runner.arguments(job)
    assert "--uninvert-data" not in runner.arguments(bench.job())


def test_a_finished_run_is_left_alone(bench: Bench) -> None:
    bench.run("cryodrgn")
    again = bench.run("cryodrgn")
    assert not again.ran
    assert len(bench.calls("train_vae")) == 1
    bench.run("cryodrgn", overwrite=True)
    assert len(bench.calls("train_vae")) == 2
    assert len(bench.calls("eval_vol")) == 2


def test_volumes_that_were_made_are_kept_until_all_are_there(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cryobench.methods.made_volumes.BATCH", 3)
    bench.mode("no second batch")
    with pytest.raises(ProgramError, match="failed with status 3"):
        bench.run("cryodrgn")
    kept = bench.output / "native/made"
    assert len(list(kept.iterdir())) == 3
    bench.mode("")
    bench.run("cryodrgn")
    assert len(bench.calls("eval_vol")) == 3, "one that failed, and none for the first batch again"
    assert not kept.exists()
    assert not (bench.output.parent / "cache").exists()


@pytest.mark.parametrize("name", ["cryodrgn", "cryodrgn-dec", "cryodrgn-abinit"])
def test_what_broke_goes_on_from_the_last_whole_epoch(bench: Bench, name: str) -> None:
    program = RUNNERS[name].program  # type: ignore[union-attr]
    bench.mode("breaks in epoch 3")
    with pytest.raises(ProgramError, match="failed with status 1"):
        bench.run(name, "-n", "4")
    first = read_record(bench.output / "native")
    assert first is not None
    assert first.stage == "running"
    assert not (bench.output / "submission").exists()
    bench.mode("")
    bench.run(name, "-n", "4")
    second = bench.calls(program)[1]
    output = bench.output / "native/output"
    assert second[second.index("--load") + 1] == str(output / "weights.2.pkl"), (
        "the latents of epoch 3 are half-written"
    )
    found = bench.submission()
    assert found.latents is not None
    assert abs(found.latents.mean() - 4) < 0.1, "of the last epoch"
    record = read_record(bench.output / "native")
    assert record is not None
    assert record.stage == "finished"
    assert record.seconds > first.seconds > 0
    assert len(record.calls) == 2


def test_an_interrupt_stops_the_program_and_the_run_goes_on(bench: Bench) -> None:
    bench.mode("hangs in epoch 2")

    def interrupt() -> None:
        while not (bench.programs / "hanging").exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        bench.run("cryodrgn", "-n", "3")
    thread.join()
    bench.mode("")
    bench.run("cryodrgn", "-n", "3")
    second = bench.calls("train_vae")[1]
    assert second[second.index("--load") + 1].endswith("weights.1.pkl")
    assert bench.submission().latents is not None


def test_a_run_that_only_lacks_volumes_does_not_train_again(bench: Bench) -> None:
    bench.mode("no volumes")
    with pytest.raises(ProgramError, match=r"eval_vol.* failed with status 3: CUDA is not there"):
        bench.run("cryodrgn")
    assert not (bench.output / "submission").exists()
    bench.mode("")
    bench.run("cryodrgn")
    assert len(bench.calls("train_vae")) == 1


def test_all_epochs_on_disk_count_as_trained(bench: Bench) -> None:
    """As when it was interrupted between the last epoch and its end: going on would be refused by the program."""
    bench.run("cryodrgn")
    path = bench.output / "native/run.json"
    path.write_text(path.read_text().replace('"finished"', '"running"'))
    assert bench.run("cryodrgn").ran
    assert len(bench.calls("train_vae")) == 1


def test_a_run_that_made_nothing_gives_way(bench: Bench, tmp_path: Path) -> None:
    write_volume(tmp_path / "small.mrc", Volume(np.ones((8, 8, 8), np.float32), 12.0))
    with pytest.raises(InputError, match="the mask has a box of 8 voxels"):
        bench.run("kclasses:2", "--mask", str(tmp_path / "small.mrc"))
    assert bench.run("kclasses:2").ran
    assert bench.submission().method.name == "kclasses-2"


def test_another_run_in_the_folder_is_refused(bench: Bench) -> None:
    bench.run("cryodrgn")
    with pytest.raises(InputError, match=r"holds another run, of seed '5', not '6'.*--overwrite"):
        bench.run("cryodrgn", seed=6)
    with pytest.raises(InputError, match=r"holds another run, of flags '', not '-n 4'"):
        bench.run("cryodrgn", "-n", "4")
    with pytest.raises(InputError, match=r"another run, of runner 'cryodrgn', not 'ppca'"):
        bench.run("ppca")
    bench.output = bench.output.with_name("full")
    bench.output.mkdir()
    (bench.output / "thesis.tex").touch()
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="holds no run to go on with"):
            bench.run("cryodrgn", overwrite=overwrite)
    assert (bench.output / "thesis.tex").exists()
    bench.output = bench.output / "a/b"
    with pytest.raises(OutputError, match="its parent folder does not exist"):
        bench.run("cryodrgn")


def test_a_folder_that_another_process_holds_is_refused(bench: Bench) -> None:
    bench.run("cryodrgn")
    path = bench.output / "native/run.json"
    path.write_text(path.read_text().replace('"finished"', '"trained"'))
    with (bench.output / "native/run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for overwrite in (False, True):
            with pytest.raises(InputError, match="a run is going on there"):
                bench.run("cryodrgn", overwrite=overwrite)
        assert (bench.output / "native/output").is_dir()
        assert (bench.output / "submission").is_dir()
    bench.run("cryodrgn", "-n", "4", overwrite=True)
    assert len(bench.calls("train_vae")) == 2


@pytest.mark.parametrize(
    "flag", ["--poses", "-o", "-oelsewhere", "--outdir=x", "--load", "--ind", "--seed", "--see", "--out=x"]
)
def test_flags_that_are_set_here_are_refused(bench: Bench, flag: str) -> None:
    with pytest.raises(InputError, match="set by cryobench"):
        bench.run("cryodrgn", flag, "x")
    assert not bench.output.exists()


def test_a_failure_keeps_the_log_and_says_where(bench: Bench) -> None:
    bench.mode("fails")
    with pytest.raises(ProgramError, match=r"run.log\): .*RuntimeError: out of memory"):
        bench.run("cryodrgn")
    assert "out of memory" in (bench.output / "native/run.log").read_text()


def test_built_in_methods_run_in_the_same_way(bench: Bench) -> None:
    done = bench.run("consensus")
    assert done.path == bench.output / "submission"
    manifest = read_submission_manifest(done.path)
    assert (manifest.method.name, manifest.device) == ("consensus", "cpu")
    assert manifest.command[:5] == ("cryobench", "methods", "run", "consensus", "--dataset")
    assert manifest.peak_memory_mb is not None
    assert manifest.peak_memory_mb > 50
    found = bench.submission()
    assert found.volumes is not None
    assert not bench.run("consensus").ran
    with pytest.raises(InputError, match="takes no flags after --"):
        bench.run("consensus", "-n", "3")
    bench.output = bench.output.with_name("numbered")
    bench.run("kclasses:2")
    assert bench.submission().method.name == "kclasses-2"


def test_an_export_leaves_no_record_of_a_run(bench: Bench) -> None:
    assert bench.run("cryosparc-3dva").path == bench.output / "README.md"
    assert not (bench.output / "native").exists()
    with pytest.raises(OutputError, match="is not empty"):
        bench.run("cryosparc-3dva")
    bench.run("cryosparc-3dva", overwrite=True)


def test_stacks_in_another_order_are_refused(bench: Bench) -> None:
    images = bench.dataset.particles.images
    assert isinstance(images, StackImages)
    assert stack_paths(bench.dataset.particles) == tuple(path.resolve() for path in images.stacks)
    order = np.roll(np.arange(len(images)), 1)
    stack_of = np.repeat(np.arange(len(images.stacks)), images.counts)
    places = np.concatenate([np.arange(count) for count in images.counts])
    other = StackImages(images.stacks, stack_of[order], places[order])
    particles = dataclasses.replace(bench.dataset.particles, images=other)
    with pytest.raises(InputError, match="not in the order of their stacks"):
        stack_paths(particles)


def test_volumes_of_smaller_boxes_come_onto_the_grid(bench: Bench) -> None:
    program = bench.programs / "cryodrgn"
    program.write_text(program.read_text().replace("BOX = 32", "BOX = 16"))
    bench.run("cryodrgn")
    found = bench.submission().volumes
    assert found is not None
    particles = bench.dataset.particles
    assert (found.at(0).box, found.at(0).pixel_size) == (particles.box, pytest.approx(particles.pixel_size))


def test_terms_that_were_not_accepted_stop_a_run(bench: Bench) -> None:
    found = find_environment("recovar")
    assert found is not None
    record_environment(found.model_copy(update={"licence_accepted": False}))
    with pytest.raises(InputError, match=r"non-profit academic.*set it up again with --accept-licence"):
        bench.run("recovar")
    assert not bench.output.exists()
    runner = RUNNERS["recovar"]
    assert isinstance(runner, Runner)
    with pytest.raises(InputError, match="non-profit academic"):
        record_command(runner, found.command[0], accepted=False)
    with pytest.raises(InputError, match="non-profit academic"):
        set_up(runner, "cpu", None, bench.lines.append, accepted=False)


def test_what_a_dry_run_says(bench: Bench) -> None:
    said = planned_calls(bench.job("-n", "4"), "cryodrgn")
    assert said["command"].startswith(f"{bench.programs}/cryodrgn train_vae ")
    assert said["command"].endswith("-n 4")
    assert planned_calls(bench.job(), "oracle") == {"method": "oracle, built in"}
    assert "cryosparc" in planned_calls(bench.job(), "cryosparc-3dva")["export"].lower()
    assert not bench.output.exists()


def test_names(bench: Bench) -> None:
    assert find_runnable("ppca:3") is None
    card = find_runnable("recovar")
    assert card is not None
    with pytest.raises(InputError, match=r"non-profit academic.*--accept-licence"):
        require_terms(card, accepted=False)
    require_terms(card, accepted=True)
    with pytest.raises(UnknownNameError, match=r"did you mean 'cryodrgn'\? known: oracle, .*ppca, cryodrgn, "):
        find_runnable("cryodragon")


def test_volumes_of_recovar_are_made_for_a_reader_too(bench: Bench) -> None:
    bench.run("recovar")
    particles, output = bench.dataset.particles, bench.output / "native/output"
    native = read_native(output, particles, Choice(images=bench.output / "native/inputs/particles.txt"))
    with volumes_of(native, particles, WANTED) as offered:
        assert offered.volumes is None, "its licence was not accepted for a program that happens to be there"
    command = recorded_command("recovar")
    assert command == (str(bench.programs / "recovar"),)
    with volumes_of(native, particles, WANTED, command=command) as offered:
        assert offered.volumes is not None
        latents = native.found.submission.latents
        assert latents is not None
        for particle in WANTED.tolist():
            assert offered.volumes.at(particle).data.ravel()[0] == pytest.approx(float(latents[particle, 0]))
    require_accepted("recovar")
    discard_environment("recovar")
    with pytest.raises(InputError, match=r"non-profit.*set it up first: cryobench methods setup recovar --command"):
        require_accepted("recovar")


@pytest.mark.parametrize("flags", [(), ("--zdim", "2,6")])
def test_recovar_is_called_with_a_budget_and_read(bench: Bench, flags: tuple[str, ...]) -> None:
    bench.run("recovar", *flags)
    (pipeline,) = bench.calls("pipeline")
    (states,) = bench.calls("compute_state")
    assert pipeline[pipeline.index("--gpu-budget-gb") + 1] == "2"
    assert states[states.index("--gpu-budget-gb") + 1] == "1"
    found = bench.submission()
    zdim = 6 if flags else 4
    expected = np.random.default_rng(zdim).normal(size=(len(bench.dataset.particles), zdim)).astype(np.float32)
    np.testing.assert_array_equal(found.latents, expected)
    assert found.volumes is not None
    for particle in WANTED.tolist():
        np.testing.assert_allclose(found.volumes.at(particle).data.ravel()[0], expected[particle, 0], rtol=1e-6)
