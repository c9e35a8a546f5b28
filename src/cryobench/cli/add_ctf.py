"""``cryobench add-ctf``: structural noise, CTF and noise for stacks of projections."""

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
    print_plan,
    stage_errors,
    use_threads,
    watching,
)
from cryobench.imaging.stages import CascadeNoise, CTFPlan, Microscope, plan_ctf, write_with_ctf

EPILOG = """Examples:

  cryobench add-ctf particles.mrcs --Apix 1.5 --ctf-pkl ctf.pkl --s1 0 --s2 0 -o with_ctf.mrcs

  cryobench add-ctf --particles mrcs --ctf-pkl ctfs --Apix 1.5 --s1 0 --s2 0 -o with_ctf --out-png pngs

The second gives the first stack, in natural order, ctfs/ctfs_0.pkl, the next ctfs/ctfs_1.pkl, and so on."""

_SETTINGS = "Settings of one microscope, without --ctf-pkl"


def add_ctf(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="MRCS", help="Stack to write; a folder for a folder.")
    ],
    stack: Annotated[
        Path | None,
        typer.Argument(metavar="PARTICLES", help="A stack, or a folder of .mrcs stacks.", show_default=False),
    ] = None,
    particles: Annotated[Path | None, typer.Option("--particles", metavar="PARTICLES", help="The same.")] = None,
    ctf_pkl: Annotated[
        Path | None,
        typer.Option("--ctf-pkl", metavar="TABLE", help="CTF table of the stack; for a folder one of ctfs_0.pkl ..."),
    ] = None,
    pixel_size: PixelSize = None,
    s1: Annotated[float | None, typer.Option("--s1", help="Standard deviation of the noise before the CTF.")] = None,
    s2: Annotated[float | None, typer.Option("--s2", help="Standard deviation of the noise after the CTF.")] = None,
    snr1: Annotated[float, typer.Option("--snr1", help="Signal to noise before the CTF, without --s1.")] = 1.4,
    snr2: Annotated[float, typer.Option("--snr2", help="Signal to all noise after the CTF, without --s2.")] = 0.05,
    b_factor: Annotated[
        float, typer.Option("-b", "--b-factor", metavar="Å²", help="B of the envelope exp(-B s² / 4).")
    ] = 0.0,
    out_png: Pictures = None,
    out_star: Annotated[
        Path | None,
        typer.Option("--out-star", metavar="STAR", help="RELION table.", show_default="beside the stack"),
    ] = None,
    out_pkl: Annotated[
        Path | None,
        typer.Option("--out-pkl", metavar="PKL", help="CTF table.", show_default="beside, without --ctf-pkl"),
    ] = None,
    df_file: Annotated[
        Path | None,
        typer.Option(metavar="PKL", help="Defocus U and V of each image, shape (N, 2).", rich_help_panel=_SETTINGS),
    ] = None,
    sample_df: Annotated[
        float | None,
        typer.Option(metavar="Å", help="Spread of the defocus over the images.", rich_help_panel=_SETTINGS),
    ] = None,
    no_astigmatism: Annotated[
        bool, typer.Option("--no-astigmatism", help="Keep U and V the same.", rich_help_panel=_SETTINGS)
    ] = False,
    kv: Annotated[float, typer.Option(help="Voltage in kV.", rich_help_panel=_SETTINGS)] = 300.0,
    dfu: Annotated[float, typer.Option(help="Defocus U in Å.", rich_help_panel=_SETTINGS)] = 15000.0,
    dfv: Annotated[float, typer.Option(help="Defocus V in Å.", rich_help_panel=_SETTINGS)] = 15000.0,
    ang: Annotated[float, typer.Option(help="Angle of U in degrees.", rich_help_panel=_SETTINGS)] = 0.0,
    cs: Annotated[float, typer.Option(help="Spherical aberration in mm.", rich_help_panel=_SETTINGS)] = 2.0,
    wgh: Annotated[float, typer.Option(help="Amplitude contrast, a fraction.", rich_help_panel=_SETTINGS)] = 0.1,
    ps: Annotated[float, typer.Option(help="Phase shift in degrees.", rich_help_panel=_SETTINGS)] = 0.0,
    seed: Seed = 0,
    threads: Threads = None,
    dry_run: DryRun = False,
) -> None:
    """Give projections structural noise, the CTF, and noise after it, in this order.

    --s1 0 --s2 0 leaves the noise to add-noise, as the published sets do.

    Ratios are taken where the projections are above 0, over the first 1,000 images of each stack.
    """
    with stage_errors():
        use_threads(threads)
        source = one_input(stack, particles, "--particles")
        microscope = Microscope(ctf_pkl, df_file, sample_df, not no_astigmatism, dfu, dfv, ang, kv, cs, wgh, ps)
        noise = CascadeNoise(snr1, snr2, s1, s2)
        plan = plan_ctf(
            source, output, microscope, noise, pixel_size, b_factor, seed, out_png, out_star, out_table=out_pkl
        )
        if dry_run:
            print_plan(plan.tasks, _words(plan), plan.notes)
            return
        with watching() as watch:
            write_with_ctf(plan, watch)


def _words(plan: CTFPlan) -> dict[str, str]:
    noise = plan.noise
    before = f"SNR {noise.snr1:g}" if noise.s1 is None else f"standard deviation {noise.s1:g}"
    after = f"total SNR {noise.snr2:g}" if noise.s2 is None else f"standard deviation {noise.s2:g}"
    return {"noise before": before, "noise after": after, "B-factor": f"{plan.b_factor:g} Å²"}
