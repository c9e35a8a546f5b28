"""``cryobench submission decode``: volumes for any latent, made of the particles near it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryobench.benchmark import wanted_particles
from cryobench.cli.console import console, mendable_errors, progress_bars
from cryobench.cli.options import AnyDataset, Overwrite, Threads
from cryobench.cli.scores import DatasetFolder, SubmissionFolder, read_both
from cryobench.cli.stage import use_threads
from cryobench.cli.submission.writing import check_new_folder, write_whole
from cryobench.methods import with_neutral_volumes

EPILOG = """Examples:

  cryobench submission decode demo/submissions/ppca --dataset demo/dataset -o ppca-neutral

  cryobench score demo/submissions/ppca ppca-neutral --dataset demo/dataset -o scores

Scores of the two tell the latent from the decoder: the new submission has the latents of the old one, and volumes that
know nothing of how they were made."""


def decode(
    submission: SubmissionFolder,
    dataset: DatasetFolder,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Submission folder to write.")],
    particles: Annotated[
        int, typer.Option("-n", "--particles", min=1, help="Particles of the per-image volumes.")
    ] = 100,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the method in it.", show_default="the old one + -neutral"),
    ] = None,
    any_dataset: AnyDataset = False,
    threads: Threads = None,
    overwrite: Overwrite = False,
) -> None:
    """Make the volumes of a submission anew, of the images near each latent (or of each class).

    How near is chosen by cross-validation, shell by shell. Images, true poses and CTF are all that it is given.
    """
    with mendable_errors("nothing was written"):
        use_threads(threads)
        check_new_folder(output, (submission, dataset), overwrite=overwrite)
        claimed, truth = read_both(submission, dataset, any_dataset=any_dataset)
        wanted = wanted_particles(truth.truth, claimed.latents, particles, 0)
        with progress_bars() as progress:
            advance = progress("Neutral decoder: cross-validation", 1)
            decoded = with_neutral_volumes(claimed, truth.particles).named(name or f"{claimed.method.name}-neutral")
            advance(1)
            write_whole(decoded, truth, wanted, output, progress)
        console.print(f"Written: {output}", markup=False, soft_wrap=True)
