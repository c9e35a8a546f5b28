"""``cryobench leaderboard commit``: fix which dataset it is, and say nothing else about it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cryobench.benchmark.leaderboard import commit_dataset
from cryobench.cli.console import console, mendable_errors
from cryobench.core import OutputError
from cryobench.io import write_text

EPILOG = """Example:

  cryobench leaderboard commit private-set -o commitment.json"""


def commit(
    dataset: Annotated[Path, typer.Argument(help="A dataset folder.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="JSON", help="The commitment, to be published now.")
    ],
    opening: Annotated[
        Path | None,
        typer.Option(
            metavar="JSON",
            help="What opens it, to be kept secret until the dataset is published.",
            show_default="beside it: NAME.secret.json",
        ),
    ] = None,
) -> None:
    """Commit to a dataset that is held back: to its checksum, hidden by a random number.

    Each call makes another commitment. Without the secret file nobody can open it, you included.
    """
    with mendable_errors("nothing is kept"):
        secret = opening or output.with_name(f"{output.stem}.secret.json")
        if secret == output:
            raise OutputError(f"{output}: the commitment and what opens it need two files: choose another --opening")
        taken = next((path for path in (output, secret) if path.exists()), None)
        if taken is not None:
            raise OutputError(f"{taken} exists: a commitment is never replaced, choose another name")
        for path in (output, secret):
            if not path.parent.is_dir():
                raise OutputError(f"{path}: its folder {path.parent} does not exist: make it first")
        commitment, opens = commit_dataset(dataset)
        others = os.umask(0o077)  # nobody but the user reads it, from its first byte on
        try:
            write_text(secret, opens.model_dump_json(indent=1) + "\n")
        finally:
            os.umask(others)
        write_text(output, commitment.model_dump_json(indent=1) + "\n")
        console.print(f"Publish now:     {output}\nKeep secret:     {secret}", markup=False, soft_wrap=True)
        console.print(f"The commitment:  {commitment.commitment}", markup=False, soft_wrap=True)
