"""``cryobench datasets list``: what can be built."""

from __future__ import annotations

import rich.box
from rich.table import Table

from cryobench.cli.console import console
from cryobench.datasets import RECIPES

EPILOG = """Example:

  cryobench datasets list"""


def list_datasets() -> None:
    """List the datasets that can be built, with their stand-ins."""
    table = Table(box=rich.box.SIMPLE_HEAD)
    for heading in ("dataset", "what it is", "states", "images"):
        table.add_column(heading, justify="right" if heading in {"states", "images"} else "left")
    for name in RECIPES:
        recipe = RECIPES[name]
        size = recipe.sizes["full"]
        table.add_row(name, recipe.summary, f"{size.states:,}", f"{size.particles:,}")
        table.add_row(f"{name}:standin", f"[dim]{recipe.stand_in}[/]", "", "")
    console.print(table)
    console.print(
        "States and images are those of the full scale. A stand-in has as many, needs no download, and is another "
        "dataset: its scores are not those of the published one. cryobench datasets show NAME says more.",
        markup=False,
    )
