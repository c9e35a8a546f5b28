"""``cryobench submission pack``: a submission as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryobench.cli.console import console, mendable_errors, progress_bars
from cryobench.cli.options import AnyDataset
from cryobench.cli.scores import SubmissionFolder
from cryobench.cli.submission.check import expected
from cryobench.core import OutputError
from cryobench.datasets import load_dataset
from cryobench.methods import pack_submission

EPILOG = """Examples:

  cryobench submission pack my_submission --dataset igg-1d -o my_submission.zip

The same folder gives the same bytes. SHA256SUMS within lists the checksum of each file."""


def pack(
    submission: SubmissionFolder,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="ZIP", help="File to write.")],
    dataset: Annotated[
        Path | None,
        typer.Option("--dataset", metavar="DIR", help="Check it against this dataset.", show_default="by itself"),
    ] = None,
    any_dataset: AnyDataset = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Pack a submission folder into a zip file, if it passes the check; what does not belong to it is left out."""
    with mendable_errors("nothing was written"):
        if output.is_dir() or (output.exists() and not overwrite):
            raise OutputError(f"{output} exists: add --overwrite to replace a file, or choose another name")
        if not output.parent.is_dir():
            raise OutputError(f"{output}: its folder {output.parent} does not exist: make it first")
        known = None if dataset is None else expected(load_dataset(dataset))
        with progress_bars() as progress:
            checksum = pack_submission(submission, output, known, any_dataset=any_dataset, progress=progress)
        console.print(f"Wrote {output}, SHA-256 {checksum}", markup=False, soft_wrap=True)
