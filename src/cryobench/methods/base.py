"""What a method is, and the registry of those built in."""

from __future__ import annotations

from abc import ABC, abstractmethod

from cryobench.core import MethodCard, Particles, Progress, Registry, Submission, Truth


class Method(ABC):
    """A method: it is given particles and never the truth."""

    card: MethodCard

    @abstractmethod
    def run(self, particles: Particles, seed: int, progress: Progress) -> Submission:
        """Return what the method makes of the particles."""


class Control(ABC):
    """A control: told the truth, so that its scores bracket those of methods."""

    card: MethodCard

    @abstractmethod
    def run(self, particles: Particles, truth: Truth, seed: int, progress: Progress) -> Submission:
        """Return what the control claims."""


METHODS: Registry[Method | Control] = Registry("method")
