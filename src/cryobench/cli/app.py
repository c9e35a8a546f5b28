"""The command line: ``cryobench COMMAND``."""

from __future__ import annotations

import importlib.metadata
from typing import Annotated

import typer

from cryobench.cli import demo as demo_command
from cryobench.cli.console import console

app = typer.Typer(
    name="cryobench",
    help="Find out how well a heterogeneous cryo-EM reconstruction method recovers a molecule's many shapes.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command("demo", epilog=demo_command.EPILOG)(demo_command.demo)


def _print_version(asked: bool) -> None:
    if asked:
        console.print(f"cryobench {importlib.metadata.version('cryobench')}")
        raise typer.Exit


@app.callback()
def cryobench(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Find out how well a heterogeneous cryo-EM reconstruction method recovers a molecule's many shapes."""


def main() -> None:
    """Run the command line."""
    app()
