"""What a method is, and the registry of those built in."""

from __future__ import annotations

from abc import ABC, abstractmethod

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


class Control(_Runnable):
    """A control: told the truth, so that its scores bracket those of methods."""

    @abstractmethod
    def run(self, particles: Particles, truth: Truth, seed: int, progress: Progress) -> Submission:
        """Return what the control claims."""


METHODS: Registry[Method | Control] = Registry("method")
