"""``cryobench leaderboard verify``: whether a dataset is the one that was committed to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryobench.benchmark.leaderboard import read_commitment, read_opening, verify_commitment
from cryobench.cli.console import console, mendable_errors

EPILOG = """Example:

  cryobench leaderboard verify private-set commitment.json commitment.secret.json"""


def verify(
    dataset: Annotated[Path, typer.Argument(help="A dataset folder.")],
    commitment: Annotated[Path, typer.Argument(metavar="COMMITMENT", help="What was published first.")],
    opening: Annotated[Path, typer.Argument(metavar="OPENING", help="What was secret until now.")],
) -> None:
    """Check that a dataset is the one that was committed to, and that no file of it was changed since it was built."""
    with mendable_errors("nothing was checked"):
        found = read_commitment(commitment)
        verify_commitment(dataset, found, read_opening(opening))
        console.print(
            f"{dataset} is the dataset of {found.commitment}; no file of it was changed.", markup=False, soft_wrap=True
        )
