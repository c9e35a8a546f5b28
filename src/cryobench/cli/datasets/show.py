"""``cryobench datasets show``: what a dataset is, and the settings of its scales."""

from __future__ import annotations

from typing import Annotated

import rich.box
import typer
from rich.markup import escape
from rich.table import Table

from cryobench.cli.console import console, mendable_errors
from cryobench.cli.datasets.rows import print_facts
from cryobench.datasets import RECIPES, recipe_facts

EPILOG = """Example:

  cryobench datasets show ribosembly"""


def show(name: Annotated[str, typer.Argument(help="A dataset, such as igg-1d or igg-1d:standin.")]) -> None:
    """Show what a dataset is: its structures, motion and image formation, what of it is inferred, and its scales."""
    with mendable_errors():
        base = name.partition(":")[0]
        recipe = RECIPES[base]
        facts = recipe_facts(name)
        console.print(f"[bold]{escape(recipe.title)}[/] ({escape(name)})")
        console.print(recipe.summary, markup=False)
        if name.endswith(":standin"):
            console.print(f"STAND-IN: {recipe.stand_in}.", markup=False)
        console.print()
        print_facts(facts)
        table = Table(box=rich.box.SIMPLE_HEAD, title="Scales", title_justify="left")
        for heading in ("scale", "states", "images", "simulated", "stored", "map resolution", "SNR"):
            table.add_column(heading, justify="left" if heading == "scale" else "right")
        for scale, size in recipe.sizes.items():
            imaging = size.imaging
            table.add_row(
                scale,
                f"{size.states:,}",
                f"{size.particles:,}",
                f"{imaging.box} px of {imaging.pixel_size:g} Å",
                f"{imaging.output_box} px of {imaging.output_pixel_size:g} Å",
                f"{size.resolution:g} Å",
                f"{imaging.noise.snr:g}, by {imaging.noise.scope}",
            )
        console.print(table)
        if not name.endswith(":standin"):
            console.print("Inferred, or other than published:")
            for note in recipe.notes:
                console.print(f"- {note}", markup=False)
