"""cryoDRGN: ``train_vae``, ``train_dec`` and ``abinit``, run as a program in an environment of its own."""

from __future__ import annotations

import re
from typing import ClassVar

from cryobench.methods.running.base import RUNNERS, Job, Native, Runner, RunnerCard, Step
from cryobench.methods.running.cryodrgn_epochs import finished_epochs
from cryobench.methods.running.inputs import CTF, POSES, STACKS, write_cryodrgn_inputs
from cryobench.methods.running.installing import Recipe
from cryobench.methods.running.records import LOG
from cryobench.methods.systems import SYSTEMS, Choice

CRYODRGN = Recipe(packages=("torch==2.13.0", "cryodrgn==4.3.1"), program="cryodrgn", probe=("--version",), torch=True)
"""Pinned: the versions that the readers and runners are tested with."""

_LICENCE = "GPL-3.0"
_EPOCH = re.compile(r"\[Train Epoch: (\d+)/(\d+)\] \[(\d+)/(\d+) particles\]")
_GPU = "Use cuda True"
_NO_GPU = "Use cuda False"


class CryoDRGN(Runner):
    """One of cryoDRGN's programs for training.

    Parameters
    ----------
    program
        Name of the program.
    """

    recipe = CRYODRGN
    program: ClassVar[str]
    defaults: ClassVar[tuple[str, ...]]
    """The published settings; what a user gives after them wins."""

    reserved = ("-o", "--outdir", "--poses", "--ctf", "--load", "--load-z", "--load-poses", "--ind", "--datadir",
                "--seed", "--uninvert-data")  # fmt: skip

    @property
    def ab_initio(self) -> bool:
        """Whether the program finds the poses itself."""
        return self.card.kind == "ab-initio"

    def write_inputs(self, job: Job) -> None:
        """Write the list of stacks, the CTF and, unless it finds them itself, the poses."""
        write_cryodrgn_inputs(job.dataset.particles, job.inputs, poses=not self.ab_initio)

    def arguments(self, job: Job) -> list[str]:
        """Return the program's arguments; after an interruption those that go on from the last whole epoch."""
        call = [self.program, str(job.inputs / STACKS), "--ctf", str(job.inputs / CTF), "-o", str(job.output)]
        if not self.ab_initio:
            call += ["--poses", str(job.inputs / POSES)]
        call += ["--seed", str(job.seed), *self.defaults]
        if job.dataset.particles.sign == 1:
            call.append("--uninvert-data")
        return [*call, *self._going_on(job), *job.flags]

    def _going_on(self, job: Job) -> list[str]:
        epochs = finished_epochs(job.output, poses=self.ab_initio)
        if not epochs:
            return []
        return self.loading(job, epochs[-1])

    def loading(self, job: Job, epoch: int) -> list[str]:
        """Return the options that load an epoch."""
        return ["--load", str(job.output / f"weights.{epoch}.pkl")]

    def trained(self, job: Job) -> bool:
        """Return whether the last epoch is on disk, of as many as the log speaks of."""
        log = job.folder / LOG
        if not log.is_file():
            return False
        totals = _EPOCH.findall(log.read_text(encoding="utf-8", errors="replace"))
        epochs = finished_epochs(job.output, poses=self.ab_initio)
        return bool(totals and epochs) and epochs[-1] >= int(totals[-1][1])

    def progress(self, line: str) -> Step | None:
        """Return how many images were seen, of those of all epochs."""
        match = _EPOCH.search(line)
        if match is None:
            return None
        epoch, epochs, seen, images = map(int, match.groups())
        return Step(min(max(epoch - 1, 0) * images + seen, epochs * images), epochs * images)

    def device(self, log: str) -> str:
        """Return ``cuda`` or ``cpu``, by what it said last."""
        places = log.rfind(_GPU), log.rfind(_NO_GPU)
        if max(places) < 0:
            return "unknown"
        return "cuda" if places[0] > places[1] else "cpu"

    def read(self, job: Job, command: tuple[str, ...], version: str) -> Native:
        """Read latents (and poses) of the last whole epoch; ``eval_vol`` makes the volumes."""
        system, particles = SYSTEMS[self.card.name], job.dataset.particles
        epochs = finished_epochs(job.output, poses=self.ab_initio)
        choice = Choice(epoch=epochs[-1] if epochs else None, images=job.inputs / STACKS)
        submission = system.read(job.output, particles, choice).submission
        maker = system.maker(job.output, choice, command, particles.pixel_size)
        return Native(self.claimed(submission, version), maker)


class TrainVAE(CryoDRGN):
    """``cryodrgn train_vae``: an encoder and a decoder, with known poses."""

    program = "train_vae"
    defaults = ("--zdim", "8", "--no-analysis")
    card = RunnerCard(
        name="cryodrgn",
        title="cryoDRGN: a variational autoencoder with known poses (train_vae)",
        kind="fixed-pose",
        licence=_LICENCE,
        gives="latents, volumes",
        environment="cryodrgn",
    )


class TrainDec(CryoDRGN):
    """``cryodrgn train_dec``: a decoder and a table of latents, with known poses."""

    program = "train_dec"
    defaults = ("--zdim", "8", "--no-analysis")
    card = RunnerCard(
        name="cryodrgn-dec",
        title="cryoDRGN: an autodecoder with known poses (train_dec)",
        kind="fixed-pose",
        licence=_LICENCE,
        gives="latents, volumes",
        environment="cryodrgn",
    )

    def loading(self, job: Job, epoch: int) -> list[str]:
        """Return the options that load an epoch; the table of latents is a file of its own."""
        return [*super().loading(job, epoch), "--load-z", str(job.output / f"z.{epoch}.pkl")]


class AbInitio(CryoDRGN):
    """``cryodrgn abinit``: poses and latents together, from the images alone."""

    program = "abinit"
    defaults = ("--zdim", "8", "--no-analysis", "--checkpoint", "1", "--log-interval", "1000")
    card = RunnerCard(
        name="cryodrgn-abinit",
        title="cryoDRGN-AI: poses and latents from the images alone (abinit)",
        kind="ab-initio",
        licence=_LICENCE,
        gives="latents, poses, volumes",
        environment="cryodrgn",
    )

    def loading(self, job: Job, epoch: int) -> list[str]:
        """Return the options that load an epoch; its poses are a file of their own."""
        return [*super().loading(job, epoch), "--load-poses", str(job.output / f"pose.{epoch}.pkl")]


for _runner in (TrainVAE(), TrainDec(), AbInitio()):
    RUNNERS.add(_runner.card.name, _runner)
