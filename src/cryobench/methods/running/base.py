"""What a runner is: a program of others that can be run on a dataset, and how."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from cryobench.core import Dataset, InputError, MethodCard, Registry, Strict, Submission
from cryobench.methods.running.installing import Recipe
from cryobench.methods.volume_makers import VolumeMaker


class RunnerCard(Strict):
    """A runner in a list.

    ``environment`` is the name under which its program is set up. ``terms`` are those that a user has to accept, empty
    where anyone may run it.
    """

    name: str
    title: str
    kind: Literal["fixed-pose", "ab-initio"]
    licence: str
    gives: str
    environment: str = ""
    terms: str = ""


def require_terms(card: RunnerCard, *, accepted: bool, how: str = "give --accept-licence to go on") -> None:
    """Raise unless a runner that has terms was given their acceptance.

    Raises
    ------
    InputError
        With the terms, and how to go on.
    """
    if card.terms and not accepted:
        raise InputError(f"{card.terms} Nothing was done: {how}")


@dataclass(frozen=True, eq=False)
class Job:
    """What a program is asked to do.

    Parameters
    ----------
    dataset
        Whose particles it is given; its truth is not handed over.
    source
        The dataset folder.
    folder
        Where the program's inputs and output go.
    seed
        Of the program.
    flags
        The user's own arguments for the program, which come last and so win.
    """

    dataset: Dataset
    source: Path
    folder: Path
    seed: int
    flags: tuple[str, ...] = ()

    @property
    def inputs(self) -> Path:
        """Folder of what the program is given."""
        return self.folder / "inputs"

    @property
    def output(self) -> Path:
        """Folder into which the program writes."""
        return self.folder / "output"


@dataclass(frozen=True, eq=False)
class Native:
    """What was read of a program's output.

    Parameters
    ----------
    submission
        Without volumes, where a maker makes them.
    maker
        Makes volumes at latents, or None.
    """

    submission: Submission
    maker: VolumeMaker | None


@dataclass(frozen=True)
class Step:
    """How far a program is: items done of how many."""

    done: int
    total: int


class Runner(ABC):
    """A program that is run here: one file each, registered in :data:`RUNNERS` under the system's name."""

    card: ClassVar[RunnerCard]
    recipe: ClassVar[Recipe]
    reserved: ClassVar[tuple[str, ...]] = ()
    """Options that are set here and that a user may not give."""

    def check_flags(self, flags: Sequence[str]) -> None:
        """Raise unless the user's own arguments leave alone what is set here.

        Raises
        ------
        InputError
            Naming the argument.
        """
        for flag in flags:
            name = flag.partition("=")[0]
            short = flag[:2] if flag[:1] == "-" and flag[:2] != "--" else name
            # Programs take the beginning of an option for the whole.
            begins = len(name) > 2 and any(option.startswith(name) for option in self.reserved)
            if begins or name in self.reserved or short in self.reserved:
                raise InputError(f"{name}: set by cryobench, so it cannot be given after --: leave it out")

    @abstractmethod
    def write_inputs(self, job: Job) -> None:
        """Write what the program reads into ``job.inputs``."""

    @abstractmethod
    def arguments(self, job: Job) -> list[str]:
        """Return the program's arguments; where output of an earlier run is there, those that go on from it."""

    @abstractmethod
    def trained(self, job: Job) -> bool:
        """Return whether the output is complete, so that the program need not run again."""

    def progress(self, line: str) -> Step | None:
        """Return how far the program is, by a line that it printed; None where the line does not say."""
        del line
        return None

    def device(self, log: str) -> str:
        """Return what the program ran on, by all that it printed."""
        del log
        return "unknown"

    def claimed(self, submission: Submission, version: str) -> Submission:
        """Return what a system's reader made of the output, under the runner's name; volumes are made anew."""
        card = MethodCard(name=self.card.name, version=version, role="method", summary=self.card.title)
        return dataclasses.replace(submission, method=card, volumes=None)

    @abstractmethod
    def read(self, job: Job, command: tuple[str, ...], version: str) -> Native:
        """Read the program's output."""


class Exporter(ABC):
    """A program that runs elsewhere: its inputs are made ready here, and a page says which jobs to run."""

    card: RunnerCard

    @abstractmethod
    def export(self, job: Job) -> Path:
        """Write inputs into ``job.inputs`` and a page beside it; return the page."""


RUNNERS: Registry[Runner | Exporter] = Registry("runner")
