"""Inputs for programs that run elsewhere."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from cryobench.core import Dataset
from cryobench.io import read_particle_table, read_poses, read_volume
from cryobench.methods.running import RUNNERS, Exporter, Job

EXPORTERS = [name for name in RUNNERS if isinstance(RUNNERS[name], Exporter)]


@pytest.fixture
def job(small_dataset: Dataset, tmp_path: Path) -> Job:
    source = small_dataset.particles.images.stacks[0].parents[1]  # type: ignore[attr-defined]
    return Job(small_dataset, source, tmp_path, 0)


def export(name: str, job: Job) -> str:
    entry = RUNNERS[name]
    assert isinstance(entry, Exporter)
    page = entry.export(job)
    assert page == job.folder / "README.md"
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EXPORTERS)
def test_the_page_names_inputs_that_are_there_and_how_to_read_back(name: str, job: Job) -> None:
    text = export(name, job)
    assert not re.findall(r"\{\w+\}", text), "a field was left open"
    named = [Path(word) for word in re.findall(r"(/[^\s`|]+)", text) if word.startswith(str(job.folder))]
    assert named
    assert all(path.exists() for path in named)
    assert "cryobench submission read" in text
    assert f"--dataset {job.source}" in text
    assert f"{len(job.dataset.particles):,} particles" in text


@pytest.mark.parametrize("name", EXPORTERS)
def test_stacks_are_found_from_the_folder_that_the_page_names(name: str, job: Job) -> None:
    text = export(name, job)
    root = Path(re.search(r"(?:data path \| |start from )`([^`]+)`", text)[1])  # type: ignore[index]
    table = read_particle_table(job.inputs / "particles.star", "rlnImageName")
    stacks = {entry.partition("@")[2] for entry in table.column("rlnImageName")}
    assert stacks
    assert all((root / stack).is_file() for stack in stacks)


def test_poses_are_used_or_ignored(job: Job) -> None:
    assert "Ignore pose data | off" in export("cryosparc-3dva", job)
    assert "Ignore pose data | on" in export("cryosparc-abinit", job)


def test_the_page_says_the_sign_of_the_images(job: Job) -> None:
    assert job.dataset.particles.sign == -1
    assert "| Data sign | light on dark: particles are bright |" in export("cryosparc-3dva", job)
    particles = dataclasses.replace(job.dataset.particles, sign=1)
    dark = dataclasses.replace(job, dataset=dataclasses.replace(job.dataset, particles=particles))
    assert "| Data sign | dark on light: particles are dark |" in export("cryosparc-3dva", dark)


def test_how_rows_and_volumes_are_read_back(job: Job) -> None:
    assert f"-o SUBMISSION --images {(job.inputs / 'particles.star').resolve()}\n" in export("opus-dsd", job)
    flex = export("cryosparc-3dflex", job)
    assert flex.count("cryobench submission read JOB_FOLDER") == 2
    assert "--volumes ZIP --overwrite" in flex
    assert "--volumes" not in export("cryosparc-3dva", job)


def test_opus_dsd_gets_what_cryodrgn_reads(job: Job) -> None:
    export("opus-dsd", job)
    particles = job.dataset.particles
    poses = read_poses(job.inputs / "poses.pkl", particles.box, particles.pixel_size)
    np.testing.assert_array_equal(poses.rotations, particles.poses.rotations)
    consensus = read_volume(job.inputs / "consensus.mrc").data
    mean = np.mean([job.dataset.truth.volumes[state].data for state in range(6)], axis=0)
    assert np.corrcoef(consensus.ravel(), mean.ravel())[0, 1] > 0.9
