"""``cryobench submission``: what a method claims, as a folder."""

from __future__ import annotations

import typer

from cryobench.cli.submission import read as read_command

app = typer.Typer(
    name="submission",
    help="Submissions: what a method claims about the particles of a dataset.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.command("read", epilog=read_command.EPILOG)(read_command.read)
