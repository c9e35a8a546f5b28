"""``cryobench methods setup``: an environment for a program of others, or the command of one that there is."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from cryobench.cli.console import console, mendable_errors
from cryobench.cli.stage import print_rows
from cryobench.core import InputError
from cryobench.methods import METHODS
from cryobench.methods.running import RUNNERS, Runner
from cryobench.methods.running.environments import environment_folder, find_environment
from cryobench.methods.running.installing import Build
from cryobench.methods.running.run import require_terms
from cryobench.methods.running.setting_up import record_command, set_up, setup_calls

EPILOG = """Examples:

  cryobench methods setup cryodrgn --cpu

  cryobench methods setup cryodrgn --command 'conda run --no-capture-output -n cryodrgn cryodrgn'

  cryobench methods setup cryodrgn --command 'module load cryodrgn; cryodrgn'

  cryobench methods setup cryodrgn --command 'ssh gpu-host /opt/cryodrgn/bin/cryodrgn'

uv makes the environment, and its own variables hold: UV_FIND_LINKS, UV_INDEX, UV_CACHE_DIR and so on.
CRYOBENCH_ENVIRONMENTS names another folder for environments."""


def setup(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A runner of cryobench methods list.")],
    cpu: Annotated[bool, typer.Option("--cpu", help="Torch for CPU alone: 1.8 GB in place of 6.")] = False,
    cuda: Annotated[bool, typer.Option("--cuda", help="Torch with CUDA, also where no driver is found.")] = False,
    command: Annotated[
        str | None,
        typer.Option(metavar="COMMAND", help="Record this command of a program that is there; make nothing."),
    ] = None,
    python: Annotated[
        str | None,
        typer.Option(
            metavar="VERSION", help="Python of the environment, or its path.", show_default="that of cryobench"
        ),
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You have read the licence, and it lets you use the program.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Set up anew what is set up already.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
) -> None:
    """Make an environment for a method's program with uv, or record the command of one that there is.

    Without --cpu or --cuda uv takes the build of torch that fits the driver.
    """
    with mendable_errors("nothing is left of a half-made environment"):
        entry = RUNNERS[name] if name in RUNNERS or name not in METHODS else None
        if not isinstance(entry, Runner):
            where = "is built in" if entry is None else "runs elsewhere: cryobench methods run exports its inputs"
            raise InputError(f"{name} needs no setting up: it {where}")
        if cpu and cuda:
            raise InputError("--cpu and --cuda: give one of the two")
        require_terms(entry.card, accepted=accept_licence)
        environment = entry.card.environment
        build: Build | None = "cpu" if cpu else "cuda" if cuda else None
        if command is not None:
            if cpu or cuda or python is not None:
                raise InputError("--command names a program that is there: leave --cpu, --cuda and --python out")
            if dry_run:
                print_rows({"check": f"{command} {shlex.join(entry.recipe.probe)}", "record": environment})
                return
            _require_absent(environment, overwrite=overwrite)
            made = record_command(entry, command, accepted=accept_licence)
        else:
            if dry_run:
                calls = {f"step {n}": shlex.join(call) for n, call in enumerate(setup_calls(entry, build, python), 1)}
                print_rows({**calls, "folder": str(environment_folder(environment))})
                return
            _require_absent(environment, overwrite=overwrite)
            made = set_up(entry, build, python, _say, accepted=accept_licence)
        words = f"{environment} is set up: {' '.join(made.command)}, version {made.version}"
        console.print(words + (f", {made.build}" if made.build else ""), markup=False, soft_wrap=True)


def _require_absent(environment: str, *, overwrite: bool) -> None:
    """Raise if an environment is there that was not to be replaced: one that was made here would be deleted."""
    there = find_environment(environment)
    if there is not None and not overwrite:
        raise InputError(
            f"{environment} is set up already ({' '.join(there.command)}, version {there.version}): add --overwrite to "
            "set it up anew"
        )


def _say(line: str) -> None:
    console.print(line, markup=False, soft_wrap=True, style="dim")
