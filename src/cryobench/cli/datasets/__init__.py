"""``cryobench datasets``: the benchmark datasets and a user's own."""

from __future__ import annotations

import typer

from cryobench.cli.datasets import build as build_command
from cryobench.cli.datasets import card as card_command
from cryobench.cli.datasets import check as check_command
from cryobench.cli.datasets import import_ as import_command
from cryobench.cli.datasets import init as init_command
from cryobench.cli.datasets import listing as list_command
from cryobench.cli.datasets import show as show_command

app = typer.Typer(
    name="datasets",
    help="Benchmark datasets: list, build, import and check them, and describe your own.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.command("list", epilog=list_command.EPILOG)(list_command.list_datasets)
app.command("show", epilog=show_command.EPILOG)(show_command.show)
app.command("build", epilog=build_command.EPILOG)(build_command.build)
app.command("init", epilog=init_command.EPILOG)(init_command.init)
app.command("import", epilog=import_command.EPILOG)(import_command.import_)
app.command("check", epilog=check_command.EPILOG)(check_command.check)
app.command("card", epilog=card_command.EPILOG)(card_command.card)
