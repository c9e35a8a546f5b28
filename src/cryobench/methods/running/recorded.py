"""What runs the program of a system, as it was set up here."""

from __future__ import annotations

from cryobench.methods.running.base import RUNNERS, Runner, require_terms
from cryobench.methods.running.environments import find_environment

_SAME_PROGRAM = {"cryodrgn-abinit-het": "cryodrgn"}
"""Systems that are read and not run here, by the environment that has their program."""


def require_accepted(system: str) -> None:
    """Raise if the program of a system has terms that nobody accepted when it was set up.

    Raises
    ------
    InputError
        With the terms, and how to accept them.
    """
    if system in RUNNERS:
        card = RUNNERS[system].card
        found = find_environment(card.environment)
        how = f"set it up first: cryobench methods setup {system} --command COMMAND --accept-licence"
        require_terms(card, accepted=found is not None and found.licence_accepted, how=how)


def recorded_command(system: str) -> tuple[str, ...]:
    """Return the command that ``methods setup`` recorded for a system's program, empty where there is none.

    Raises
    ------
    FormatError
        If the record is damaged.
    """
    name = _SAME_PROGRAM.get(system, "")
    if system in RUNNERS:
        entry = RUNNERS[system]
        name = entry.card.environment if isinstance(entry, Runner) else ""
    found = find_environment(name) if name else None
    return () if found is None else found.command
