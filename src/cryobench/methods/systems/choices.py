"""What a system says to a choice that it leaves no room for."""

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


def require_no_order(choice: Choice, title: str) -> None:
    """Raise if the order of rows was given where each row names its image.

    Raises
    ------
    InputError
        If it was.
    """
    given = {"--images": choice.images is not None, "--ind": choice.ind is not None, "--in-order": choice.in_order}
    named = [name for name, is_given in given.items() if is_given]
    if named:
        raise InputError(f"{named[0]} was given, but each row of {title} names its image: leave it out")
