"""``cryobench leaderboard``: entries, and the site made of them."""

from __future__ import annotations

import typer

from cryobench.cli.leaderboard import add as add_command
from cryobench.cli.leaderboard import build as build_command
from cryobench.cli.leaderboard import commit as commit_command
from cryobench.cli.leaderboard import quote as quote_command
from cryobench.cli.leaderboard import schema as schema_command
from cryobench.cli.leaderboard import verify as verify_command

app = typer.Typer(
    name="leaderboard",
    help="The leaderboard: entries of methods, published scores, the site; commit to a dataset that is held back.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.command("build", epilog=build_command.EPILOG)(build_command.build)
app.command("add", epilog=add_command.EPILOG)(add_command.add)
app.command("quote", epilog=quote_command.EPILOG)(quote_command.quote)
app.command("schema", epilog=schema_command.EPILOG)(schema_command.schema)
app.command("commit", epilog=commit_command.EPILOG)(commit_command.commit)
app.command("verify", epilog=verify_command.EPILOG)(verify_command.verify)
