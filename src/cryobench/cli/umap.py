"""``cryobench umap``: a picture of a latent space, coloured by the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryobench.benchmark import LatentDrawing, draw_latents
from cryobench.benchmark.tables import csv_text
from cryobench.cli.console import console, glyphs_told_once, mendable_errors, progress_bars
from cryobench.cli.options import AnyDataset
from cryobench.cli.umap_sources import Drawable, PublishedCall, of_published, of_submission
from cryobench.core import InputError
from cryobench.core.words import titled
from cryobench.io import write_bytes, write_text

EPILOG = """Examples:

  cryobench umap demo/submissions/ppca --dataset demo/dataset -o pictures

  cryobench umap --method cryodrgn -o output/umap --result-path results --num-imgs 1000 --num-vols 100 --cyclic

  cryobench umap --method 3dva --is-cryosparc --cryosparc-path CS-IgG1D --cryosparc-job-num J60 -o out --dataset igg-1d

It writes umap.png and embeddings.csv to DIR, or to DIR/METHOD where a method is named. A UMAP is a picture, never a
score."""


def umap(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder of the picture.")],
    submission: Annotated[
        Path | None, typer.Argument(metavar="[SUBMISSION]", help="Submission folder.", show_default=False)
    ] = None,
    dataset: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Dataset folder, whose truth gives the colours.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of UMAP, and of the particles drawn.")] = 0,
    max_points: Annotated[
        int, typer.Option(help="Particles drawn at most, a random choice of them where there are more.")
    ] = 20_000,
    any_dataset: AnyDataset = False,
    method: Annotated[
        str | None, typer.Option(metavar="NAME", help="As published: name of the method's folder in --result-path.")
    ] = None,
    result_path: Annotated[
        Path | None,
        typer.Option("--result-path", "--result_path", metavar="DIR", help="Folder that holds the method's folder."),
    ] = None,
    num_imgs: Annotated[
        str | None,
        typer.Option("--num-imgs", "--num_imgs", metavar="N", help="Images of each volume; several as 10,20,15."),
    ] = None,
    num_vols: Annotated[
        int | None, typer.Option("--num-vols", "--num_vols", metavar="N", help="True volumes, in the images' order.")
    ] = None,
    num_classes: Annotated[
        int | None, typer.Option("--num-classes", "--num_classes", metavar="N", help="Accepted, without effect.")
    ] = None,
    cyclic: Annotated[bool, typer.Option("--cyclic", help="The last volume is next to the first.")] = False,
    is_cryosparc: Annotated[
        bool, typer.Option("--is-cryosparc", "--is_cryosparc", help="The latents are components of a cryoSPARC job.")
    ] = False,
    cryosparc_path: Annotated[
        Path | None,
        typer.Option("--cryosparc-path", "--cryosparc_path", metavar="DIR", help="Folder of the cryoSPARC project."),
    ] = None,
    cryosparc_job_num: Annotated[
        str | None, typer.Option("--cryosparc-job-num", "--cryosparc_job_num", metavar="JOB", help="Job, as J60.")
    ] = None,
) -> None:
    """Draw a latent space as UMAP and PCA, coloured by the truth.

    Either of a submission folder, or of a method's own files by the published flags: umap.pkl, z.N.pkl, .npy, or the
    components of 3DVA and 3DFlex.
    """
    del num_classes
    with mendable_errors("nothing was written"):
        if submission is not None and method is not None:
            raise InputError(f"a submission ({submission}) and --method {method}: give one of the two")
        call = PublishedCall(
            method, result_path, num_imgs, num_vols, is_cryosparc, cryosparc_path, cryosparc_job_num, cyclic
        )
        if submission is not None:
            found = of_submission(submission, dataset, any_dataset=any_dataset)
        else:
            found = of_published(call, dataset)
        folder = output if method is None else output / method
        with progress_bars() as progress:
            drawing = draw_latents(found.latents, found.umap, seed, max_points, progress)
        content = _picture(found, drawing)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "embeddings.csv", _table(found, drawing))
        write_bytes(folder / "umap.png", content)
        console.print(f"Picture: {folder / 'umap.png'}", markup=False, soft_wrap=True)


@glyphs_told_once()
def _picture(found: Drawable, drawing: LatentDrawing) -> bytes:
    from cryobench.report import points_figure  # noqa: PLC0415 (half a second to load)

    shown, all_ = len(drawing.particles), len(found.labels)
    count = f"{all_:,} particles" if shown == all_ else f"{shown:,} of {all_:,} particles, chosen at random"
    note = "; ".join((count, "a picture, not a score", *found.notes))
    colours = [drawing.coloured(colouring) for colouring in found.colourings]
    return points_figure(list(drawing.points.items()), colours, titled(f"Latents of {found.name}", found.dataset), note)


def _table(found: Drawable, drawing: LatentDrawing) -> str:
    rows = (
        [found.name, kind, str(particle), f"{x:.6g}", f"{y:.6g}", found.state_names[found.labels[particle]]]
        for kind, points in drawing.points.items()
        for particle, (x, y) in zip(drawing.particles.tolist(), points.tolist(), strict=True)
    )
    return csv_text(("method", "kind", "particle", "x", "y", "state"), rows)
