"""``cryobench fsc``: two maps, or the volumes of a method."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from cryobench.cli.fsc import many, pair

_PAIR = "pair"


class _PairByDefault(TyperGroup):
    """A group in which anything but a command's name starts the command for two maps."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            args = [_PAIR, *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="fsc",
    cls=_PairByDefault,
    help="Fourier shell correlation: of two maps (cryobench fsc A.mrc B.mrc), or of a method's volumes with the truth.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"ignore_unknown_options": True},  # they are those of the command for two maps
)
app.command(_PAIR, epilog=pair.EPILOG)(pair.pair)
app.command("per-conformation", epilog=many.EPILOG)(many.per_conformation)
app.command("per-image", epilog=many.EPILOG)(many.per_image)
