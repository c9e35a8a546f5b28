"""``cryobench datasets card``: the card of a dataset that is there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryobench.cli.console import console, mendable_errors
from cryobench.datasets import croissant_text, dataset_card
from cryobench.io import write_text

EPILOG = """Examples:

  cryobench datasets card igg-1d

  cryobench datasets card igg-1d --croissant croissant.json"""


def card(
    path: Annotated[Path, typer.Argument(help="A dataset folder.")],
    croissant: Annotated[
        Path | None, typer.Option(metavar="JSON", help="Write the metadata there too, as Croissant JSON-LD.")
    ] = None,
) -> None:
    """Print the card of a dataset folder: what it is, how it was made, what of it is inferred or stands in."""
    with mendable_errors():
        console.print(dataset_card(path), markup=False, soft_wrap=True, end="")
        if croissant is not None:
            write_text(croissant, croissant_text(path))
