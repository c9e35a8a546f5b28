"""What a method is, and the registry of those built in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from cryobench.core import InputError, MethodCard, Particles, Progress, Registry, Submission, Truth


class _Runnable(ABC):
    """What methods and controls share: a card, and the fewest particles they can work with."""

    card: MethodCard
    fewest_particles: int = 1

    def require(self, particles: int) -> None:
        """Raise unless there are particles enough.

        Raises
        ------
        InputError
            Saying how many are needed.
        """
        if particles < self.fewest_particles:
            raise InputError(f"{self.card.name} needs at least {self.fewest_particles} particles, not {particles}")


class Method(_Runnable):
    """A method: it is given particles and never the truth."""

    @abstractmethod
    def run(self, particles: Particles, seed: int, progress: Progress) -> Submission:
        """Return what the method makes of the particles."""

    def sized(self, number: int) -> Method:
        """Return this method with another number of what it has a number of: components, classes.

        Raises
        ------
        InputError
            If it has a number of nothing, or the number is out of range.
        """
        raise InputError(f"method '{self.card.name}' takes no number, but was given {number}: leave it out")

    def with_flags(self, flags: Sequence[str]) -> Method:
        """Return this method with flags of its own, as they follow ``--`` on a command line.

        Raises
        ------
        InputError
            If there is one that it does not know.
        """
        raise _no_flags(self.card.name, flags)


class Control(_Runnable):
    """A control: told the truth, so that its scores bracket those of methods."""

    @abstractmethod
    def run(self, particles: Particles, truth: Truth, seed: int, progress: Progress) -> Submission:
        """Return what the control claims."""


METHODS: Registry[Method | Control] = Registry("method")


def find_method(text: str, flags: Sequence[str] = ()) -> Method | Control:
    """Return a method by its name, or by its name and a number, such as ``kclasses:16``, with flags of its own if any.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    InputError
        If the method takes no number or flags, or what follows the colon is none that it takes.
    """
    name, colon, number = text.partition(":")
    method = METHODS[name]
    if isinstance(method, Control):
        if colon:
            raise InputError(f"'{name}' takes no number: give it without ':{number}'")
        if flags:
            raise _no_flags(name, flags)
        return method
    if colon:
        if not (number.isascii() and number.isdigit()):
            raise InputError(f"'{text}': expected a whole number after the colon, such as {name}:8")
        method = method.sized(int(number))
    return method.with_flags(flags) if flags else method


def _no_flags(name: str, flags: Sequence[str]) -> InputError:
    return InputError(f"{' '.join(flags)}: {name} takes no flags after --: leave them out")


def numbered(card: MethodCard, number: int, least: int) -> MethodCard:
    """Return the card of a method that was given a number, which is then part of its name.

    Raises
    ------
    InputError
        If the number is below the least that makes sense.
    """
    if number < least:
        raise InputError(f"'{card.name}:{number}': the number is at least {least}")
    return card.model_copy(update={"name": f"{card.name}-{number}"})
