"""What a system without epochs, or without dimensions, says to a choice of one."""

from __future__ import annotations

from cryobench.core import InputError
from cryobench.methods.systems.base import Choice


def require_no_epoch(choice: Choice, title: str) -> None:
    """Raise if an epoch was chosen where there is one result.

    Raises
    ------
    InputError
        If one was.
    """
    if choice.epoch is not None:
        raise InputError(f"epoch {choice.epoch} was asked for, but {title} leaves one result: leave --epoch out")


def require_no_zdim(choice: Choice, title: str) -> None:
    """Raise if a number of dimensions was chosen where there are no latents.

    Raises
    ------
    InputError
        If one was.
    """
    if choice.zdim is not None:
        raise InputError(f"{choice.zdim} dimensions were asked for, but {title} has classes: leave --zdim out")
