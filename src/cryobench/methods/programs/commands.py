"""A program by its command: what stands before it, and how its arguments reach it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import PurePath

from cryobench.core import InputError

_SHELL = (";", "&&", "\n")
_ELSEWHERE = {"ssh", "docker", "podman", "srun"}
_WORD = re.compile(r"[^\s;&|()'\"]+")


def parse_command(text: str) -> tuple[str, ...]:
    """Return the words of a command that a user gives.

    Parameters
    ----------
    text
        A program and what stands before it, such as ``conda run -n cryodrgn cryodrgn``; or a line for a shell, whose
        last command is the program, such as ``module load cryodrgn; cryodrgn``. The line is run by a login shell of
        bash, which knows ``module``.

    Raises
    ------
    InputError
        If it is empty, or its quotes do not match.
    """
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise InputError(f"--command {text}: {error}: check its quotes") from error
    if not words:
        raise InputError("--command is empty: give the program and what stands before it")
    if any(mark in text for mark in _SHELL):
        return ("bash", "-lc", f'{text.strip().rstrip(";")} "$@"', "bash")
    return words


def full_call(command: Sequence[str], arguments: Sequence[str]) -> list[str]:
    """Return a command with arguments; those that pass through ssh are quoted for the shell at its other end."""
    if "ssh" in _names(command):
        arguments = [shlex.quote(each) for each in arguments]
    return [*command, *arguments]


def runs_elsewhere(command: Sequence[str]) -> bool:
    """Return whether the process that is started here is not the one that computes, so that its memory says nothing."""
    return not _ELSEWHERE.isdisjoint(_names(command))


def _names(command: Sequence[str]) -> set[str]:
    """Return the words of a command without their folders, also those inside a line for a shell."""
    return {PurePath(word).name for each in command for word in _WORD.findall(each)}
