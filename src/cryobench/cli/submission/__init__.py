"""``cryobench submission``: the folder in which a method hands over what it found."""

from __future__ import annotations

import typer

from cryobench.cli.submission import check as check_command
from cryobench.cli.submission import decode as decode_command
from cryobench.cli.submission import init as init_command
from cryobench.cli.submission import pack as pack_command
from cryobench.cli.submission import read as read_command
from cryobench.cli.submission import schema as schema_command
from cryobench.cli.submission import unpack as unpack_command

app = typer.Typer(
    name="submission",
    help="Submissions: read a method's output, or start one; check it, pack it into one file.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.command("read", epilog=read_command.EPILOG)(read_command.read)
app.command("init", epilog=init_command.EPILOG)(init_command.init)
app.command("check", epilog=check_command.EPILOG)(check_command.check)
app.command("pack", epilog=pack_command.EPILOG)(pack_command.pack)
app.command("unpack", epilog=unpack_command.EPILOG)(unpack_command.unpack)
app.command("schema", epilog=schema_command.EPILOG)(schema_command.schema)
app.command("decode", epilog=decode_command.EPILOG)(decode_command.decode)
