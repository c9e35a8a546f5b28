"""``cryobench queries``: the particles whose volumes are wanted."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cryobench.benchmark import particles_of_conformations, particles_of_images, wanted_particles
from cryobench.benchmark.tables import csv_text
from cryobench.cli.console import console, mendable_errors
from cryobench.core import FormatError, InputError
from cryobench.datasets import load_dataset
from cryobench.io import StackImages, write_text
from cryobench.methods import read_latents

EPILOG = """Examples:

  cryobench queries igg-1d -n 100 -o wanted.csv

  cryobench queries igg-1d -n 100 --latents my_submission/latents.npy -o wanted.csv

Columns: particle (its number, from 0) and image (its number in the stack, from 1, @ the stack)."""


class Protocol(StrEnum):
    """Which volumes."""

    per_image = "per-image"
    per_conformation = "per-conformation"


def queries(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help="Dataset folder.")],
    particles: Annotated[
        int, typer.Option("-n", "--particles", min=1, help="Particles of the per-image protocol.")
    ] = 100,
    protocol: Annotated[
        Protocol | None, typer.Option(help="Of one protocol alone.", show_default="both, where there are latents")
    ] = None,
    latents: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The method's latents (.npy, .pkl), for per-conformation.", show_default=False
        ),
    ] = None,
    stratified: Annotated[
        bool, typer.Option("--stratified", help="Per image: draw them at random within states, not every N // n-th.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of that draw.")] = 0,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="CSV", help="Write them there.", show_default="print them")
    ] = None,
) -> None:
    """List the particles whose volumes a submission should have.

    Per image: every N // n-th. Per conformation: of each state the particle whose latent is nearest to the state's
    mean; which ones hangs on the method's latents and on the truth, so they are listed only with --latents.
    """
    with mendable_errors("nothing was written"):
        known = load_dataset(dataset)
        truth, own = known.truth, None
        if latents is not None:
            own = read_latents(latents)
            if len(own) != len(truth):
                raise FormatError(
                    f"{latents}: {len(own):,} rows for {len(truth):,} particles: expected a row for each of the dataset"
                )
        if protocol is Protocol.per_conformation and own is None:
            raise InputError(
                "which particle stands for a state depends on the method's latents: give them with --latents"
            )
        if protocol is Protocol.per_conformation:
            wanted = particles_of_conformations(truth, own)
            wanted.sort()
        elif protocol is Protocol.per_image or own is None:
            wanted = particles_of_images(truth, particles, seed, stratified=stratified)
        else:
            wanted = wanted_particles(truth, own, particles, seed, stratified=stratified)
        images = known.particles.images
        names = [_within(name, dataset) for name in images.names] if isinstance(images, StackImages) else None
        rows = [(particle, "" if names is None else names[particle]) for particle in wanted.tolist()]
        text = csv_text(("particle", "image"), rows)
        if output is None:
            console.print(text, markup=False, soft_wrap=True, end="")
            return
        if not output.parent.is_dir():
            raise InputError(f"{output}: its folder {output.parent} does not exist: make it first")
        write_text(output, text)
        console.print(f"Wrote {output}: {len(rows):,} particles", markup=False, soft_wrap=True)


def _within(name: str, folder: Path) -> str:
    """Return the name of an image with its stack relative to the dataset folder, where it lies there."""
    number, _, stack = name.partition("@")
    path, root = Path(stack).resolve(), folder.resolve()
    return f"{number}@{path.relative_to(root).as_posix()}" if path.is_relative_to(root) else name
