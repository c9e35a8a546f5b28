"""``cryobench methods run``: a method on a dataset, from the particles to a submission."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from cryobench.benchmark import wanted_particles
from cryobench.cli.console import console, errors, mendable_errors, progress_bars
from cryobench.cli.options import Overwrite, Threads
from cryobench.cli.stage import print_rows, use_threads
from cryobench.core import Submission
from cryobench.datasets import load_dataset
from cryobench.methods.running import RUNNERS, Exporter, Job
from cryobench.methods.running.records import LOG, NATIVE
from cryobench.methods.running.run import Finished, Watch, find_runnable, planned_calls, require_terms, run_method

EPILOG = """Examples:

  cryobench methods run ppca --dataset igg-1d -o runs/ppca

  cryobench methods run kclasses:16 --dataset ribosembly -o runs/kclasses

  cryobench methods run ppca:8 --dataset igg-1d -o runs/ppca-8 -- --starts 3 --mask mask.mrc

  cryobench methods run cryodrgn --dataset igg-1d -o runs/cryodrgn -- --zdim 4 -n 30

  cryobench methods run cryosparc-3dva --dataset igg-1d -o runs/3dva

It makes DIR/native with the program's log, inputs and output, and DIR/submission. The same command goes on where it was
interrupted."""

DEFAULT_VOLUMES = 100
"""Particles of the per-image protocol, as published."""

_MOST_SEED = 2**31 - 1


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A method of cryobench methods list.")],
    dataset: Annotated[Path, typer.Option("--dataset", metavar="DIR", help="A dataset folder.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the run.")],
    flags: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- FLAGS]", help="The method's own flags; they win over the defaults."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=_MOST_SEED, help="Of the method.")] = 0,
    volumes: Annotated[
        int, typer.Option("-n", min=1, help="Volumes of single particles, beside one a state.")
    ] = DEFAULT_VOLUMES,
    threads: Threads = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You have read the licence, and it lets you use the program.")
    ] = False,
    overwrite: Overwrite = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be run, and run nothing.")] = False,
) -> None:
    """Run a method on a dataset: its inputs are written, its log is kept, and what it made becomes a submission.

    A method that runs elsewhere (cryoSPARC, OPUS-DSD) gets its inputs and a page that says which jobs to run.
    """
    with mendable_errors("what is finished is kept, give the same command again to go on"):
        card = find_runnable(name)
        if card is not None:
            require_terms(card, accepted=accept_licence)
        use_threads(threads)
        if threads is not None:  # of the programs that are started
            os.environ["OMP_NUM_THREADS"] = str(threads)
        loaded = load_dataset(dataset)
        job = Job(loaded, dataset.absolute(), (output / NATIVE).absolute(), seed, tuple(flags or ()))
        if dry_run:
            print_rows({**planned_calls(job, name), "submission": str(output / "submission")})
            return

        def queries(submission: Submission) -> np.ndarray:
            return wanted_particles(loaded.truth, submission.latents, volumes, seed)

        with _watching(job.folder / LOG) as watch:
            done = run_method(name, job, output, queries, watch, overwrite=overwrite)
        _print(name, done, dataset, volumes)


@contextmanager
def _watching(log: Path) -> Iterator[Watch]:
    """Yield who shows progress; without a terminal, the program's own lines are shown in its place."""
    tail: deque[str] = deque(maxlen=1)
    with progress_bars() as progress:

        def line(text: str) -> None:
            if text.strip():
                tail.append(text)
                errors.print(text.strip(), markup=False, soft_wrap=True, style="dim")

        yield Watch(line, progress)
    if tail:
        errors.print(f"Log: {log}", markup=False, soft_wrap=True)


def _print(name: str, done: Finished, dataset: Path, volumes: int) -> None:
    if name in RUNNERS and isinstance(RUNNERS[name], Exporter):
        console.print(f"Inputs are ready; what to do with them is in {done.path}", markup=False, soft_wrap=True)
        return
    if not done.ran:
        console.print(f"Nothing to do: {done.path} is finished", markup=False, soft_wrap=True)
        return
    record = done.record
    memory = "memory unknown" if record.peak_memory_mb is None else f"{record.peak_memory_mb:,.0f} MB"
    spent = "" if record.cpu_seconds is None else f" ({record.cpu_seconds:.0f} s of processor time)"
    console.print(
        f"{name}, version {record.version}: {record.seconds:.0f} s{spent} on {record.device}, {memory}", markup=False
    )
    console.print(f"Submission: {done.path}", markup=False, soft_wrap=True)
    count = "" if volumes == DEFAULT_VOLUMES else f" -n {volumes}"
    next_command = f"cryobench score {done.path} --dataset {dataset} -o scores{count}"
    console.print(f"Next: {next_command}", markup=False, soft_wrap=True)
