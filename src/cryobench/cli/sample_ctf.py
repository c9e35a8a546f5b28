"""``cryobench sample-ctf``: CTF parameters for every image."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryobench.cli.stage import DryRun, Seed, one_input, print_note, print_rows, stage_errors
from cryobench.core import InputError
from cryobench.imaging.stages import sample_ctf_tables

EPILOG = """Examples:

  cryobench sample-ctf experimental_ctf.pkl -o ctf.pkl -N 100000 --Apix 1.5 -D 256 --seed 0

  cryobench sample-ctf --ctf-dir ctfs --ctf-file experimental.pkl -o all.pkl --apix 1.5 --img-size 256

The second writes ctfs/ctfs_0.pkl to ctfs/ctfs_99.pkl, and all their rows in one table."""

_STATES = 100


def sample_ctf(
    output: Annotated[Path, typer.Option("-o", "--out-ctf", metavar="PKL", help="Table of all rows, for cryoDRGN.")],
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="TABLE",
            help="Measured CTF table: cryoDRGN .pkl, .npy or .npz of its columns, RELION .star, cryoSPARC .cs. Or the "
            "name of a preset, such as empiar-10028.",
            show_default=False,
        ),
    ] = None,
    ctf_file: Annotated[
        str | None, typer.Option("--ctf-file", metavar="TABLE", help="The same, in the form with --ctf-dir.")
    ] = None,
    ctf_dir: Annotated[
        Path | None,
        typer.Option("--ctf-dir", metavar="DIR", help="Folder for a table for each state: ctfs_0.pkl ..."),
    ] = None,
    states: Annotated[
        int | None, typer.Option("--N", help="Number of states, with --ctf-dir.", show_default=str(_STATES))
    ] = None,
    rows: Annotated[
        int, typer.Option("-N", "--num-ctfs", help="Number of rows; with --ctf-dir, of each state.")
    ] = 1000,
    pixel_size: Annotated[float, typer.Option("--apix", "--Apix", metavar="Å", help="Pixel size of the images.")] = 1.5,
    box: Annotated[int, typer.Option("-D", "--img-size", help="Box size of the images in pixels.")] = 256,
    replace: Annotated[
        bool, typer.Option("--replace", help="Draw with replacement: a row may come again before all have come.")
    ] = False,
    seed: Seed = 0,
    dry_run: DryRun = False,
) -> None:
    """Draw CTF parameters for every image from a table measured on a real dataset.

    Rows are drawn without replacement, for each state by itself. Voltages stay as they are.

    Where the table has fewer rows than are asked for, they are used again in the same order.
    """
    with stage_errors():
        if ctf_dir is None and states is not None:
            raise InputError("--N is the number of states and needs --ctf-dir: the number of rows is -N")
        source = one_input(
            None if table is None else Path(table), None if ctf_file is None else Path(ctf_file), "--ctf-file"
        )
        tables = sample_ctf_tables(
            str(source),
            output,
            rows=rows,
            box=box,
            pixel_size=pixel_size,
            folder=ctf_dir,
            states=_STATES if states is None else states,
            replacement=replace,
            seed=seed,
            note=print_note,
            dry_run=dry_run,
        )
        if dry_run:
            each = "" if ctf_dir is None else " each, and all together in the last"
            files = " ... ".join(dict.fromkeys((str(tables[0]), str(tables[-1]))))
            print_rows({"tables": f"{len(tables):,}: {files}", "rows": f"{rows:,}{each}"})
