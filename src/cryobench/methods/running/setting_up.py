"""Setting up a runner's program: whole or not at all."""

from __future__ import annotations

import shutil

from cryobench.core import InputError, ProgramError
from cryobench.methods.programs import Line, parse_command
from cryobench.methods.running.base import Runner, require_terms
from cryobench.methods.running.environments import Environment, discard_environment, record_environment
from cryobench.methods.running.installing import Build, install, installation, program_version


def setup_calls(runner: Runner, build: Build | None, python: str | None) -> list[list[str]]:
    """Return the commands by which an environment would be made."""
    return installation(runner.recipe, runner.card.environment, build=build, python=python)


def set_up(runner: Runner, build: Build | None, python: str | None, on_line: Line, *, accepted: bool) -> Environment:
    """Make the environment of a runner and record it; what was there under its name is removed first.

    Raises
    ------
    InputError
        If uv is missing, or the program has terms that were not accepted.
    ProgramError
        If a step fails; nothing is left then.
    """
    require_terms(runner.card, accepted=accepted)
    made = install(runner.recipe, runner.card.environment, build, python, on_line)
    made = made.model_copy(update={"licence_accepted": accepted})
    record_environment(made)
    return made


def record_command(runner: Runner, text: str, *, accepted: bool) -> Environment:
    """Record the command of a program that there is, after it was asked for its version.

    Raises
    ------
    InputError
        If the program is not there, does not run, or has terms that were not accepted. What was set up before is kept
        then.
    """
    require_terms(runner.card, accepted=accepted)
    command = parse_command(text)
    if shutil.which(command[0]) is None:
        raise InputError(f"'{command[0]}' is not on the path: check --command {text}")
    try:
        version = program_version(command, runner.recipe)
    except ProgramError as error:
        raise InputError(f"--command {text}: {error}") from error
    discard_environment(runner.card.environment)
    environment = Environment(
        name=runner.card.environment, kind="given", command=command, version=version, licence_accepted=accepted
    )
    record_environment(environment)
    return environment
