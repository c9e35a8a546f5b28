"""``cryobench submission read``: the output of a method of others becomes a submission."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from jaxtyping import Int64

from cryobench.benchmark import read_queries, wanted_particles
from cryobench.cli.console import console, errors, mendable_errors, progress_bars
from cryobench.cli.options import Overwrite
from cryobench.cli.submission.writing import check_new_folder, write_whole
from cryobench.core import Dataset, InputError, Submission
from cryobench.core.words import counted
from cryobench.datasets import load_dataset
from cryobench.methods import (
    NO_VOLUMES,
    SYSTEMS,
    Choice,
    NativeOutput,
    OfferedVolumes,
    read_native,
    volumes_of,
)
from cryobench.methods.programs import parse_command
from cryobench.methods.running.recorded import recorded_command, require_accepted

EPILOG = f"""Examples:

  cryobench submission read J12 --dataset igg-1d -o submissions/3dva

  cryobench submission read runs/cryodrgn --dataset igg-1d -o submissions/cryodrgn --epoch 20
  --command 'conda run -n cryodrgn cryodrgn'

  cryobench submission read runs/opus-dsd --dataset igg-1d -o submissions/opus-dsd --images runs/particles.star

  cryobench submission read J15 --dataset igg-1d -o submissions/3dflex --volumes J18_series_000.zip

Systems: {", ".join(SYSTEMS)}. The folder is recognised by its files; --system says which it is.

Particles are matched by the names of their images: the order of the method's files does not matter. Where a method
keeps rows without names, the list of images that it was run on says the order: what its settings name, if that is in
the dataset or in FOLDER, else --images."""

DEFAULT_VOLUMES = 100
"""Particles of the per-image protocol, as published."""


def read(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Output of a method: its run or job folder.")],
    dataset: Annotated[Path, typer.Option("--dataset", metavar="DIR", help="Dataset that the method was run on.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Submission folder to write.")],
    system: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose output it is.", show_default="recognised")
    ] = None,
    epoch: Annotated[int | None, typer.Option(help="Epoch or iteration.", show_default="the last one")] = None,
    zdim: Annotated[
        int | None, typer.Option(help="Latent dimensions, where there are several results.", show_default=False)
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="List of the images that the method was run on (.star, .cs, .txt, .mrcs), for the order of its rows.",
            show_default="what its settings name, if it is there",
        ),
    ] = None,
    ind: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Selection of these that it was run on (.pkl, .npy, .txt), where its settings name one.",
            show_default="what its settings name, if it is there",
        ),
    ] = None,
    in_order: Annotated[
        bool,
        typer.Option("--in-order", help="Say that it was run on the dataset's particles in the dataset's order."),
    ] = False,
    volumes: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Volumes made elsewhere: a folder or zip of maps (.mrc), one for each query, in order.",
            show_default=False,
        ),
    ] = None,
    particles: Annotated[
        int | None,
        typer.Option("-n", "--particles", min=1, help="Particles of the per-image volumes.", show_default="100"),
    ] = None,
    queries: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Particles whose volumes are written, one a line.", show_default="-n"),
    ] = None,
    command: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="What runs the method's program.", show_default="as set up, else its name"),
    ] = None,
    no_volumes: Annotated[bool, typer.Option("--no-volumes", help="Leave volumes out.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what was found, and write nothing.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Read the output of a method of others into a submission folder, without the method's code.

    Volumes are written for each state's particle (nearest to its mean latent), and for every N // n-th particle: what
    the scores of volumes ask for. Where making them takes the method's own program, it is run.
    """
    with mendable_errors("nothing was written"):
        _check_options(no_volumes=no_volumes, volumes=volumes, queries=queries, particles=particles, command=command)
        words = () if command is None else parse_command(command)
        choice = Choice(epoch, zdim, images, ind, in_order)
        check_new_folder(output, (folder, dataset), overwrite=overwrite)
        keep = output.absolute().with_name(f".{output.absolute().name}.made")
        truth = load_dataset(dataset)
        found = read_native(folder, truth.particles, choice, system)
        _show_found(found)
        if command is not None:
            _check_command(found, truth, words)
        words = words or recorded_command(found.system)
        wanted = np.empty(0, dtype=np.int64) if no_volumes else _wanted(truth, found, queries, particles)
        nothing = contextlib.nullcontext(NO_VOLUMES)
        offering = volumes_of(found, truth.particles, wanted, volumes, words, None if dry_run else keep)
        with _told_of(keep), nothing if no_volumes else offering as offered:
            _show_volumes(offered, found, wanted)
            if dry_run:
                _say(f"Would be written: {output} (--dry-run: nothing was)")
                return
            with progress_bars() as progress:
                claimed = dataclasses.replace(found.found.submission, volumes=offered.volumes)
                write_whole(claimed, truth, offered.particles, output, progress)
            if offered.made:
                shutil.rmtree(keep, ignore_errors=True)
        _say(f"Written: {output}")
        few = queries is not None or len(offered.particles) < len(wanted)
        _say(f"Next: {_next(output, dataset, offered, particles, available=few)}")


@contextlib.contextmanager
def _told_of(folder: Path) -> Iterator[None]:
    """Where making volumes ends early, say where those are that were made; a folder without any is deleted."""
    try:
        yield
    except BaseException:
        count = sum(1 for _ in folder.rglob("*.mrc"))
        if count:
            errors.print(
                f"Kept in {folder}: {counted(count, 'volume')} that were made; the same command goes on with them. "
                "Delete the folder if it will not be given again.",
                markup=False, soft_wrap=True,
            )  # fmt: skip
        elif folder.is_dir():
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _check_options(
    *, no_volumes: bool, volumes: Path | None, queries: Path | None, particles: int | None, command: str | None
) -> None:
    given = {"--volumes": volumes, "--queries": queries, "-n": particles, "--command": command}
    named = [name for name, value in given.items() if value is not None]
    if no_volumes and named:
        raise InputError(f"--no-volumes goes without {', '.join(named)}: give one or the other")
    if queries is not None and particles is not None:
        raise InputError("--queries and -n both say whose volumes are written: give one")


def _check_command(found: NativeOutput, truth: Dataset, words: tuple[str, ...]) -> None:
    """Raise if there is nothing that the command could make, or its program has terms that were not accepted."""
    require_accepted(found.system)
    if SYSTEMS[found.system].maker(found.folder, found.choice, words, truth.particles.pixel_size) is None:
        raise InputError(
            f"--command: no program makes volumes of this output of {found.system} here: leave it out, or give maps "
            "made elsewhere with --volumes"
        )


def _wanted(
    truth: Dataset, found: NativeOutput, queries: Path | None, particles: int | None
) -> Int64[np.ndarray, " q"]:
    if queries is not None:
        return read_queries(queries, len(truth.particles))
    count = DEFAULT_VOLUMES if particles is None else particles
    return wanted_particles(truth.truth, found.found.submission.latents, count, 0)


def _show_found(output: NativeOutput) -> None:
    """Print what was found, why it is taken to be that, and what was read of it."""
    card, found = SYSTEMS[output.system].card, output.found
    _say(f"Found: {card.title} ({output.system}): {output.reason}.")
    _say(f"Read: {'; '.join(_parts(found.submission))}; of {counted(len(found.sources), 'file')}.")
    for note in found.notes:
        _say(f"- {note}")


def _parts(submission: Submission) -> list[str]:
    parts = [f"{submission.particles:,} particles, {submission.kind}"]
    if submission.latents is not None:
        parts.append(f"latents of {counted(submission.latents.shape[1], 'dimension')}")
    if submission.labels is not None:
        parts.append(f"labels of {len(np.unique(submission.labels))} classes")
    if submission.posteriors is not None:
        parts.append(f"posteriors of {submission.posteriors.shape[1]} classes")
    return parts if submission.poses is None else [*parts, "poses"]


def _show_volumes(offered: OfferedVolumes, output: NativeOutput, wanted: Int64[np.ndarray, " q"]) -> None:
    for note in offered.notes:
        _say(f"- {note}")
    if offered.volumes is not None:
        _say(f"Volumes of {len(offered.particles):,} particles.")
    elif len(wanted):
        _say(
            f"! No volumes: {output.folder} has none. Make one at the latent of each query, in order, with the program "
            "of the method, and give their folder or zip archive with --volumes."
        )


def _next(output: Path, dataset: Path, offered: OfferedVolumes, count: int | None, *, available: bool) -> str:
    """Return the command that scores what was written."""
    what = ["latents"] if offered.volumes is None else ["fsc", "per-image"]
    call = ["cryobench", *what, str(output), "--dataset", str(dataset)]
    if offered.volumes is not None:
        call += ["--available"] if available else [] if count is None else ["-n", str(count)]
    return shlex.join(call)


def _say(text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)
