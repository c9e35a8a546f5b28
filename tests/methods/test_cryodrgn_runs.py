"""The real cryoDRGN, run from particles to a scored submission. Skipped where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cryobench.benchmark import PER_IMAGE, Task, score_tasks, wanted_particles
from cryobench.core import Dataset, Submission, silent
from cryobench.datasets import build_dataset, load_dataset, prepare_inputs
from cryobench.io import read_volume
from cryobench.methods import METHODS, Control, read_submission, read_submission_manifest
from cryobench.methods.programs import run_program
from cryobench.methods.running import RUNNERS, Job, Runner
from cryobench.methods.running.environments import require_environment
from cryobench.methods.running.records import read_record
from cryobench.methods.running.run import Finished, Watch, run_method
from cryobench.methods.running.setting_up import record_command, set_up
from cryobench.metrics import strided_particles

pytestmark = pytest.mark.slow

DECODER = ("--zdim", "2", "--dim", "64", "--layers", "2", "-b", "8", "--lr", "2e-3", "--z-lr", "0.1", "--no-amp")
SEARCH = (
    "--zdim", "2", "-n", "2", "--epochs-pose-search", "1", "--n-imgs-pose-search", "48", "--n-imgs-pretrain", "48",
    "--l-start", "4", "--l-end", "8", "--niter", "2", "--t-ngrid", "3", "--t-extent", "5", "--base-healpy", "1",
    "--nkeptposes", "2", "--dim", "32", "--layers", "2", "--pe-dim", "8", "--no-amp", "--num-workers", "0",
)  # fmt: skip
VAE = ("--zdim", "2", "--enc-dim", "64", "--enc-layers", "2", "--dec-dim", "64", "--dec-layers", "2", "--no-amp")


def build(folder: Path, states: int, images: int) -> tuple[Dataset, Path]:
    """Build the recipe of igg-1d at box 32."""
    imaging = {"box": 32, "output_box": 32, "pixel_size": 12.0, "noise": {"snr": 2.0}}
    inputs = prepare_inputs(
        "igg-1d:standin", "demo", seed=3, states=states, images_per_state=images, resolution=24.0, imaging=imaging
    )
    build_dataset(inputs, folder)
    return load_dataset(folder), folder


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Path]:
    """6 states of 200 images."""
    return build(tmp_path_factory.mktemp("igg-1d"), 6, 200)


Run = Callable[..., Finished]


@pytest.fixture
def run(dataset: tuple[Dataset, Path], cryodrgn_program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("CRYOBENCH_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setenv("CRYOBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # two would wait for each other on a busy machine
    runner = RUNNERS["cryodrgn"]
    assert isinstance(runner, Runner)
    record_command(runner, str(cryodrgn_program), accepted=False)

    def run(
        name: str,
        *flags: str,
        line: Callable[[str], None] = lambda text: None,
        data: tuple[Dataset, Path] = dataset,
    ) -> Finished:
        found, source = data
        output = tmp_path / "out"
        job = Job(found, source, output / "native", 0, flags)

        def queries(submission: Submission) -> np.ndarray:
            return wanted_particles(found.truth, submission.latents, 50, seed=0)

        return run_method(name, job, output, queries, Watch(line, silent), overwrite=False)

    return run


def auc(dataset: Dataset, submission: Submission) -> float:
    assert submission.volumes is not None
    particles = strided_particles(len(dataset.truth), 50)
    task = Task(submission.method.name, PER_IMAGE, submission.volumes, particles)
    return float(score_tasks([task], dataset.truth, silent)[0].aucs("standard").mean())


def test_train_dec_is_interrupted_goes_on_and_beats_the_consensus(
    run: Run, dataset: tuple[Dataset, Path], tmp_path: Path
) -> None:
    found, _ = dataset
    flags = (*DECODER, "-n", "24")

    def interrupt(line: str) -> None:
        if "Train Epoch: 3/24" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("cryodrgn-dec", *flags, line=interrupt)
    lines: list[str] = []
    done = run("cryodrgn-dec", *flags, line=lines.append)
    assert not any("Train Epoch: 1/24" in line for line in lines), "it goes on"
    assert any("Train Epoch: 24/24" in line for line in lines)

    submission = read_submission(done.path, len(found.particles), found.card)
    assert submission.latents is not None
    assert submission.latents.shape == (1200, 2)
    consensus = METHODS["consensus"]
    assert isinstance(consensus, Control)
    floor = auc(found, consensus.run(found.particles, found.truth, 0, silent))
    assert auc(found, submission) > floor + 0.03

    record = read_record(tmp_path / "out/native")
    assert record is not None
    assert (record.version, record.device, len(record.calls)) == ("4.3.1", "cpu", 2)
    assert record.peak_memory_mb is not None
    assert record.peak_memory_mb > 300
    assert read_submission_manifest(done.path).command == record.calls[-1]


def test_train_vae_volumes_are_those_of_the_latents(
    run: Run, dataset: tuple[Dataset, Path], cryodrgn_program: Path, tmp_path: Path
) -> None:
    found, _ = dataset
    done = run("cryodrgn", *VAE, "-b", "8", "--lr", "2e-3", "-n", "1")
    submission = read_submission(done.path, len(found.particles), found.card)
    assert submission.latents is not None
    assert submission.volumes is not None
    # The volume of a particle is that of its latent: one of the last is asked for by itself.
    particle = int(strided_particles(1200, 50)[-2])
    output = tmp_path / "out/native/output"
    point = [repr(float(each)) for each in submission.latents[particle]]
    call = [str(cryodrgn_program), "eval_vol", str(output / "weights.1.pkl"), "-c", str(output / "config.yaml")]
    call += ["-z", *point, "-o", str(tmp_path / "one.mrc"), "--Apix", "12"]
    run_program(call).require_success(call)
    volume = submission.volumes.at(particle)
    np.testing.assert_allclose(volume.data, read_volume(tmp_path / "one.mrc").data, rtol=1e-4, atol=1e-6)
    # Positive where there is density: the images are inverted, and the program inverts them back.
    truth = found.truth.volumes[int(found.truth.labels[particle])]
    assert np.corrcoef(truth.data.ravel(), volume.data.ravel())[0, 1] > 0.6
    assert volume.pixel_size == pytest.approx(12.0)


def test_abinit_finds_poses_of_its_own(run: Run, tmp_path: Path) -> None:
    """A search so coarse that it takes seconds: what it finds is worth nothing, but it is all there."""
    found, source = build(tmp_path / "tiny", 2, 24)
    done = run("cryodrgn-abinit", *SEARCH, data=(found, source))
    assert not (tmp_path / "out/native/inputs/poses.pkl").exists()
    submission = read_submission(done.path, 48, found.card)
    assert submission.kind == "ab-initio"
    assert submission.latents is not None
    assert submission.latents.shape == (48, 2)
    assert submission.poses is not None
    # On a grid of shifts to 5 pixels of 12 Å.
    assert 0 < np.abs(submission.poses.shifts).max() <= 5 * 12.0 * 1.5
    assert submission.volumes is not None
    assert submission.volumes.at(0).data.std() > 0


def test_uv_makes_an_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It downloads 1 GB, or 3 where PyTorch's own index is out of reach, so it is asked for."""
    if shutil.which("uv") is None or not os.environ.get("CRYOBENCH_TEST_SETUP"):
        pytest.skip("NO ENVIRONMENT WAS MADE: set CRYOBENCH_TEST_SETUP=1, and have uv on the path (2 to 6 GB)")
    monkeypatch.setenv("CRYOBENCH_ENVIRONMENTS", str(tmp_path / "environments"))
    runner = RUNNERS["cryodrgn"]
    assert isinstance(runner, Runner)
    made = set_up(runner, None, None, lambda line: None, accepted=False)
    assert made == require_environment("cryodrgn", "cryodrgn")
    assert made.version == "4.3.1"
    assert made.build.startswith("torch 2.13.0")
