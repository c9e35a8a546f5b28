"""``cryobench downsample``: fewer pixels by a crop in Fourier space."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryobench.cli.stage import DataFolder, DryRun, print_plan, print_rows, stage_errors, watching
from cryobench.core import InputError
from cryobench.imaging.stages import downsample_map, downsample_stack
from cryobench.ops.threads import get_threads, set_threads

EPILOG = """Examples:

  cryobench downsample noisy.mrcs -D 128 -o noisy.128.mrcs

  cryobench downsample map.mrc -D 128 -o map.128.mrc --is-vol"""


def downsample(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="Images (.mrcs, .mrc, .star, .cs, .txt), or a map with --is-vol.")
    ],
    box: Annotated[int, typer.Option("-D", help="New box size in pixels, even.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="MRCS", help="Stack to write, or map.")],
    is_vol: Annotated[bool, typer.Option("--is-vol", help="The input is a map.")] = False,
    chunk: Annotated[
        int | None,
        typer.Option(
            "--chunk", metavar="IMAGES", help="Split into OUT.0.mrcs, OUT.1.mrcs ... of so many, and OUT.txt."
        ),
    ] = None,
    datadir: DataFolder = None,
    ind: Annotated[
        Path | None, typer.Option("--ind", metavar="FILE", help="Indices of the images to keep: .pkl, .npy or .txt.")
    ] = None,
    batch: Annotated[int, typer.Option("-b", help="Most images at a time; the images do not depend on it.")] = 1000,
    max_threads: Annotated[
        int | None, typer.Option("--max-threads", help="At most so many threads.", show_default="all cores")
    ] = None,
    pixel_size: Annotated[
        float | None,
        typer.Option("--apix", "--Apix", metavar="Å", help="Pixel size of the input, if its header is wrong."),
    ] = None,
    relion31: Annotated[
        bool, typer.Option("--relion31", help="Accepted, without effect: both kinds of .star are recognised.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Crop images or a map in Fourier space. Values keep their scale, and the mean of an image is unchanged.

    Not as cryodrgn downsample, which multiplies images by (old box / new box)² and maps by its cube.
    """
    del relion31
    with stage_errors():
        if max_threads is not None:
            if max_threads < 1:
                raise InputError(f"--max-threads is {max_threads}: choose at least 1")
            set_threads(min(max_threads, get_threads()))
        if is_vol and (chunk, ind, datadir) != (None, None, None):
            raise InputError("--chunk, --ind and --datadir are for images, and --is-vol says that this is a map")
        with watching() as watch:
            if is_vol:
                task = downsample_map(source, output, box, pixel_size, watch, dry_run=dry_run)
            else:
                tasks = downsample_stack(
                    source,
                    output,
                    box,
                    watch,
                    pixel_size=pixel_size,
                    datadir=datadir,
                    keep=ind,
                    part=chunk,
                    batch=batch,
                    dry_run=dry_run,
                )
        if dry_run and is_vol:
            print_rows({"map": f"{task.output}, box {task.box} of {task.pixel_size:g} Å/px"})
        elif dry_run:
            print_plan(tasks, {})
