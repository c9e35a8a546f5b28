"""``cryobench add-noise``: white noise to a signal-to-noise ratio."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cryobench.cli.options import Threads
from cryobench.cli.stage import (
    DataFolder,
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
from cryobench.imaging.stages import NoiseLevel, plan_noise, write_noisy

EPILOG = """Examples:

  cryobench add-noise with_ctf.mrcs -o noisy.mrcs --snr 0.01

  cryobench add-noise --mrcs with_ctf -o noisy --invert --snr 0.01 --out-png pngs --apix 1.5"""


def add_noise(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="MRCS", help="Stack to write; a folder for a folder.")
    ],
    particles: Annotated[
        Path | None,
        typer.Argument(
            metavar="PARTICLES", help="Images (.mrcs, .star, .txt, .cs), or a folder of .mrcs.", show_default=False
        ),
    ] = None,
    mrcs: Annotated[Path | None, typer.Option("--mrcs", metavar="PARTICLES", help="The same.")] = None,
    snr: Annotated[float | None, typer.Option("--snr", help="Variance of the signal over that of the noise.")] = None,
    sigma: Annotated[
        float | None, typer.Option("--sigma", help="Standard deviation of the noise, in place of --snr.")
    ] = None,
    mask: Annotated[
        Literal["none", "strict", "circular"],
        typer.Option("--mask", help="Where the signal is: every pixel, those above 0, or a circle."),
    ] = "none",
    mask_r: Annotated[float | None, typer.Option("--mask-r", metavar="PIXELS", help="Radius of the circle.")] = None,
    snr_scope: Annotated[
        Literal["state", "dataset"],
        typer.Option("--snr-scope", help="Whose variance is the signal's: each stack's own, or all stacks' together."),
    ] = "state",
    invert: Annotated[bool, typer.Option("--invert", help="Multiply by -1, after the noise.")] = False,
    out_png: Pictures = None,
    pixel_size: PixelSize = None,
    datadir: DataFolder = None,
    num_imgs: Annotated[
        int | None, typer.Option("--num-imgs", help="Ignored: the files say how many there are.")
    ] = None,
    seed: Seed = 0,
    threads: Threads = None,
    dry_run: DryRun = False,
) -> None:
    """Give images white Gaussian noise, so that they have a signal-to-noise ratio."""
    with stage_errors():
        use_threads(threads)
        source = one_input(particles, mrcs, "--mrcs")
        level = NoiseLevel(snr, sigma, mask, mask_r, snr_scope)
        plan = plan_noise(source, output, level, -1 if invert else 1, pixel_size, datadir, seed, out_png)
        if num_imgs is not None:
            print_note("--num-imgs is ignored: the files say how many images there are")
        if dry_run:
            words = f"SNR {snr:g}, taken by {snr_scope}" if snr is not None else f"standard deviation {sigma:g}"
            print_plan(plan.tasks, {"noise": words, "sign": "inverted" if invert else "kept"}, plan.notes)
            return
        with watching() as watch:
            write_noisy(plan, watch)
