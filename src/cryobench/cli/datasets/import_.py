"""``cryobench datasets import``: a published archive as a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryobench.cli.console import console, mendable_errors, progress_bars
from cryobench.cli.datasets.rows import print_facts
from cryobench.cli.options import Overwrite
from cryobench.datasets.published import Findings, import_archive, open_archive, require_output

EPILOG = """Examples:

  cryobench datasets import igg-1d IgG-1D -o igg-1d

  cryobench datasets import igg-1d IgG-1D --snr 0.005 -o igg-1d-noisier

  cryobench datasets import ribosembly Ribosembly -o ribosembly --dry-run

PATH is what comes out of the published archive of one dataset when it is unpacked. The images stay there."""


def import_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which dataset it is (cryobench datasets list).")],
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Folder that the archive was unpacked to.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Dataset folder to make.")],
    snr: Annotated[
        float | None,
        typer.Option(
            metavar="RATIO",
            help="Which images, where several signal-to-noise ratios were published.",
            show_default="the only one, or 0.01",
        ),
    ] = None,
    overwrite: Overwrite = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what was found, and make nothing.")] = False,
) -> None:
    """Make a dataset of a published archive: check all of it, and put right what is known to be wrong.

    Nothing in the archive is changed, and no image is copied: the dataset points at them. Each repair is printed, and
    recorded in the dataset.
    """
    with (
        mendable_errors("nothing in the archive was changed; start again with --overwrite"),
        progress_bars() as progress,
    ):
        if dry_run:
            require_output(path, output, overwrite=overwrite)
            findings = open_archive(name, path, snr, progress)
        else:
            findings = import_archive(name, path, output, snr, progress, overwrite=overwrite)
    _print_findings(findings, "Dry run: nothing is made" if dry_run else None)
    if not dry_run:
        console.print(f"\nDataset: {output}", markup=False, soft_wrap=True)


def _print_findings(findings: Findings, title: str | None) -> None:
    print_facts(findings.facts(), title)
    for heading, sentences in (("Repairs", findings.repairs), ("Notes", findings.notes)):
        console.print(f"\n{heading}:{'' if sentences else ' none'}")
        for sentence in sentences:
            console.print(f"- {sentence}", markup=False, soft_wrap=True)
