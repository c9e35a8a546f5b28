"""``cryobench methods list``: what can be run here, and what can be read."""

from __future__ import annotations

import rich.box
from rich.markup import escape
from rich.table import Table

from cryobench.cli.console import console, mendable_errors
from cryobench.methods import METHODS
from cryobench.methods.running import RUNNERS, Runner
from cryobench.methods.running.environments import environments_folder, find_environment
from cryobench.methods.systems import SYSTEMS

EPILOG = """Example:

  cryobench methods list"""


def list_methods() -> None:
    """List the methods that run here or elsewhere, and the systems whose output can be read."""
    with mendable_errors("nothing was changed"):
        table = _table("method", "how it runs", "what it is, what it gives", "licence")
        for name in METHODS:
            card = METHODS[name].card
            table.add_row(name, f"built in ({card.role})", escape(card.summary), "MIT")
        for name in RUNNERS:
            entry = RUNNERS[name]
            how = _set_up(entry.card.environment) if isinstance(entry, Runner) else "elsewhere: inputs are exported"
            what = f"{entry.card.title}: {entry.card.gives}"
            table.add_row(name, escape(how), escape(what), escape(entry.card.licence))
        console.print(table)
        if len(SYSTEMS):
            systems = _table("output of", "known by", "what is read")
            for name in SYSTEMS:
                read = SYSTEMS[name].card
                systems.add_row(f"{name}\n[dim]{escape(read.title)}[/]", escape(read.known_by), escape(read.reads))
            console.print(systems)
        console.print(f"Environments: {environments_folder()}", markup=False, soft_wrap=True)


def _set_up(name: str) -> str:
    found = find_environment(name)
    if found is None:
        return "not set up"
    build = f", {found.build}" if found.build else ""
    where = "environment made here" if found.kind == "made" else f"'{' '.join(found.command)}'"
    return f"set up: {where}, version {found.version}{build}"


def _table(*headings: str) -> Table:
    table = Table(box=rich.box.SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
