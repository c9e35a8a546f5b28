"""RECOVAR: run only by a user who says that its licence lets them, in an environment of its own."""

from __future__ import annotations

from cryobench.methods.running.base import RUNNERS, Job, Native, Runner, RunnerCard
from cryobench.methods.running.inputs import CTF, POSES, STACKS, write_cryodrgn_inputs
from cryobench.methods.running.installing import Recipe
from cryobench.methods.systems import SYSTEMS, Choice
from cryobench.methods.systems.recovar import saved_zdims

TERMS = (
    "RECOVAR's licence grants its use to non-profit academic and research institutions, for internal non-commercial "
    "research only. Read it at https://github.com/ma-gilles/recovar. --accept-licence says that you have read it and "
    "that it lets you use the program."
)

ZDIM = 4
BUDGET_GB = 2


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
        zdims = saved_zdims(job.output)
        choice = Choice(zdim=max(zdims, default=None), images=job.inputs / STACKS)
        found = SYSTEMS["recovar"].read(job.output, particles, choice)
        maker = SYSTEMS["recovar"].maker(job.output, choice, command, particles.pixel_size)
        return Native(self.claimed(found.submission, version), maker)


RUNNERS.add("recovar", Recovar())
