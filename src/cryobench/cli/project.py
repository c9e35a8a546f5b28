"""``cryobench project``: clean projections of volumes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryobench.cli.options import Threads
from cryobench.cli.stage import (
    DryRun,
    Pictures,
    PixelSize,
    Seed,
    one_input,
    print_note,
    print_plan,
    stage_errors,
    use_threads,
    watching,
)
from cryobench.imaging.stages import Views, plan_projections, write_projections

EPILOG = """Examples:

  cryobench project input.mrc -N 1000 -o projections.mrcs --out-pose poses.pkl --t-extent 20

  cryobench project --mrc vols -N 1000 -o mrcs --out-pose poses --t-extent 20 -b 50 --out-png pngs --apix 1.5

The second writes 000_particles.mrcs, 000_poses.pkl and 000.png in their folders for vols/000.mrc, and so on."""


def project(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="MRCS", help="Stack of projections; a folder for a folder.")
    ],
    out_pose: Annotated[Path, typer.Option("--out-pose", metavar="PKL", help="Poses; a folder for a folder.")],
    volume: Annotated[
        Path | None,
        typer.Argument(metavar="VOLUMES", help="A .mrc map, or a folder of them.", show_default=False),
    ] = None,
    mrc: Annotated[Path | None, typer.Option("--mrc", metavar="VOLUMES", help="The same.")] = None,
    images: Annotated[int | None, typer.Option("-N", help="Number of projections of each volume.")] = None,
    t_extent: Annotated[
        float, typer.Option("--t-extent", metavar="PIXELS", help="Shifts are uniform within plus and minus this.")
    ] = 5.0,
    batch: Annotated[int, typer.Option("-b", help="Most images at a time; the images do not depend on it.")] = 100,
    out_png: Pictures = None,
    pixel_size: PixelSize = None,
    in_pose: Annotated[
        Path | None,
        typer.Option("--in-pose", metavar="FILE", help="Poses in place of random ones: cryoDRGN .pkl, .star, .cs."),
    ] = None,
    grid: Annotated[
        int | None,
        typer.Option("--grid", metavar="LEVEL", help="Even grid of 72 * 8^LEVEL rotations in place of random ones."),
    ] = None,
    tilt: Annotated[
        float, typer.Option("--tilt", metavar="DEGREES", help="Right-handed turn about x, after the pose.")
    ] = 0.0,
    seed: Seed = 0,
    threads: Threads = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say what each stack is made from.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Project volumes in random directions, with random shifts: no CTF, no noise.

    Volumes of a folder are taken in natural order, 2.mrc before 10.mrc.

    The poses written are those of the images, the tilt included.
    """
    with stage_errors():
        use_threads(threads)
        volumes = one_input(volume, mrc, "--mrc")
        views = Views(t_extent, in_pose, grid, tilt, seed)
        plan = plan_projections(volumes, output, out_pose, views, images, pixel_size, out_png)
        if verbose:
            for task in plan.tasks:
                print_note(f"{task.source}: {task.images:,} images to {task.output}")
        if dry_run:
            directions = "random" if in_pose is None and grid is None else str(in_pose or f"grid {grid}")
            print_plan(plan.tasks, {"poses": directions}, plan.notes)
            return
        with watching() as watch:
            write_projections(plan, watch, batch)
