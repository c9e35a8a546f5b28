"""``cryobench methods``: built-in methods, and those of others in environments of their own."""

from __future__ import annotations

import typer

from cryobench.cli.methods import listing as list_command
from cryobench.cli.methods import run as run_command
from cryobench.cli.methods import setup as setup_command

app = typer.Typer(
    name="methods",
    help="Methods: list them, set up those of others, and run them on a dataset.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.command("list", epilog=list_command.EPILOG)(list_command.list_methods)
app.command("setup", epilog=setup_command.EPILOG)(setup_command.setup)
app.command("run", epilog=run_command.EPILOG)(run_command.run)
