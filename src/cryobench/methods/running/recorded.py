"""What runs the program of a system, as it was set up here."""

from __future__ import annotations

from cryobench.methods.running.base import RUNNERS, Runner
from cryobench.methods.running.environments import find_environment

_SAME_PROGRAM = {"cryodrgn-abinit-het": "cryodrgn"}
"""Systems that are read and not run here, by the environment that has their program."""


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
