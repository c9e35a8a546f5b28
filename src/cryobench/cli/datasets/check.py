"""``cryobench datasets check``: a doctor for dataset folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import rich.box
import typer
from rich.markup import escape
from rich.table import Table

from cryobench.cli.console import console, mendable_errors, progress_bars
from cryobench.core.words import counted
from cryobench.datasets.checks import CheckReport, Status, check_folder
from cryobench.io import write_text

EPILOG = """Examples:

  cryobench datasets check igg-1d

  cryobench datasets check my_particles --images 5000 --json check.json

Exit status: 0 without a fault, 1 with one, 2 where there is no dataset. A leak is a warning."""

EXIT_FAULT = 1
"""Exit status where something of the dataset is broken."""

_COLOURS: dict[Status, str] = {"ok": "green", "warning": "yellow", "fault": "red", "not done": "dim"}


def check(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Folder of a dataset, or of particles of any origin.")],
    images: Annotated[int, typer.Option("--images", help="Images compared with the truth, at most.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of the choice of these images.")] = 0,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the findings as JSON.", show_default=False)
    ] = None,
) -> None:
    """Check a dataset: files, images, poses, CTF, sign, labels, and whether trivial statistics give its states away.

    A folder without dataset.json is checked as far as it goes: particles.star, or stacks with poses.pkl and ctf.pkl,
    labels.npy and volumes/.
    """
    with mendable_errors("nothing was changed"):
        with progress_bars() as progress:
            report = check_folder(path, progress, seed=seed, images=images)
        if json is not None:
            write_text(json, report.model_dump_json(indent=1) + "\n")
        _print(report)
        if report.of("fault"):
            raise typer.Exit(EXIT_FAULT)


def _print(report: CheckReport) -> None:
    table = Table(box=rich.box.SIMPLE_HEAD, title=escape(report.name), title_justify="left")
    table.add_column("status", no_wrap=True)
    table.add_column("check", no_wrap=True)
    table.add_column("found")
    for finding in report.findings:
        colour = _COLOURS[finding.status]
        table.add_row(f"[{colour}]{finding.status}[/]", finding.check, escape(finding.words))
    console.print(table)
    advised = [finding for finding in report.findings if finding.advice]
    if advised:
        console.print("What to do:")
        for finding in advised:
            console.print(f"- {finding.check}: {finding.advice}", markup=False, soft_wrap=True)
    faults, warnings = len(report.of("fault")), len(report.of("warning"))
    left = len(report.of("not done"))
    console.print(f"{counted(faults, 'fault')}, {counted(warnings, 'warning')}{f', {left} not done' if left else ''}")
