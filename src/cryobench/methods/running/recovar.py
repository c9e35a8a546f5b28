"""RECOVAR: run only by a user who says that its licence lets them, in an environment of its own."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from cryobench.core import FormatError, MethodCard, Submission
from cryobench.io import read_array
from cryobench.methods.recovar_states import ComputedStates
from cryobench.methods.running.base import RUNNERS, Job, Native, Runner, RunnerCard
from cryobench.methods.running.inputs import CTF, POSES, STACKS, write_cryodrgn_inputs
from cryobench.methods.running.installing import Recipe

TERMS = (
    "RECOVAR's licence grants its use to non-profit academic and research institutions, for internal non-commercial "
    "research only. Read it at https://github.com/ma-gilles/recovar. --accept-licence says that you have read it and "
    "that it lets you use the program."
)

ZDIM = 4
BUDGET_GB = 2
_MODEL = re.compile(r"zdim_([0-9]+)")


class Recovar(Runner):
    """``recovar pipeline``: principal components of the conformations, with known poses."""

    card = RunnerCard(
        name="recovar",
        title="RECOVAR: regularised covariance, with known poses (pipeline)",
        kind="fixed-pose",
        licence="non-profit internal research only",
        gives="latents, volumes",
        environment="recovar",
        terms=TERMS,
    )
    recipe = Recipe(packages=("recovar==1.0.5",), program="recovar", probe=("--help",), torch=False, any_status=True)
    reserved = ("-o", "--outdir", "--poses", "--ctf", "--ind", "--datadir", "--uninvert-data")

    def write_inputs(self, job: Job) -> None:
        """Write the list of stacks, poses and CTF, in cryoDRGN's formats."""
        write_cryodrgn_inputs(job.dataset.particles, job.inputs, poses=True)

    def arguments(self, job: Job) -> list[str]:
        """Return the program's arguments; it begins anew after an interruption, and finds the sign of the images."""
        call = ["pipeline", str(job.inputs / STACKS), "--poses", str(job.inputs / POSES)]
        call += ["--ctf", str(job.inputs / CTF), "-o", str(job.output), "--mask", "sphere", "--zdim", f"{ZDIM}"]
        call += ["--no-correct-contrast", "--no-downsample", "--accept-cpu", "--gpu-budget-gb", str(BUDGET_GB)]
        return [*call, *job.flags]

    def trained(self, job: Job) -> bool:
        """Return False: only its exit status tells that it is complete."""
        del job
        return False

    def read(self, job: Job, command: tuple[str, ...], version: str) -> Native:
        """Read the latents of the largest number of components; ``compute_state`` makes the volumes."""
        particles = job.dataset.particles
        path = _latents_file(job.output)
        latents = read_array(path)
        if latents.ndim != 2 or len(particles) not in latents.shape or latents.dtype.kind != "f":
            raise FormatError(f"{path}: shape {latents.shape}: expected latents, a row for each of {len(particles)}")
        if latents.shape[0] != len(particles):
            latents = latents.T
        card = MethodCard(name=self.card.name, version=version, role="method", summary=self.card.title)
        points = np.ascontiguousarray(latents, dtype=np.float32)
        submission = Submission(method=card, particles=len(particles), latents=points)
        params = job.output / "model" / "params.pkl"
        weights = tuple(each for each in (params, path) if each.is_file())
        return Native(submission, ComputedStates(command, job.output, particles.pixel_size), weights)


def _latents_file(output: Path) -> Path:
    folders = {}
    for path in (output / "model").glob("zdim_*/latent_coords.npy"):
        match = _MODEL.fullmatch(path.parent.name)
        if match:
            folders[int(match[1])] = path
    if not folders:
        raise FormatError(f"{output}: no model/zdim_N/latent_coords.npy: expected the output of recovar pipeline 1.0")
    return folders[max(folders)]


RUNNERS.add("recovar", Recovar())
