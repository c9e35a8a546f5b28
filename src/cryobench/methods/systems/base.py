"""What is known of a method that others wrote: how its output is recognised and read, without its code."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from cryobench.core import FormatError, InputError, MethodCard, Particles, Registry, Strict, Submission
from cryobench.methods.volume_makers import VolumeMaker


class SystemCard(Strict):
    """A system in a list: its name, what it is, how its output is recognised, and what is read of it."""

    name: str
    title: str
    known_by: str
    reads: str
    licence: str = ""


@dataclass(frozen=True)
class Choice:
    """Which of several results in one folder is wanted, and what the user knows of the order of its rows.

    What is None is chosen by the reader, or found by it.

    Parameters
    ----------
    epoch
        Epoch or iteration; the last one by default.
    zdim
        Number of latent dimensions, where a run holds several.
    images
        List of the images that the method was run on (.star, .cs, .txt, .mrcs), wherever it lies.
    ind
        The selection of these that it was run on, where its settings name one.
    in_order
        The user's word that it was run on the dataset's particles in the dataset's order.

    Raises
    ------
    InputError
        If both a list and the user's word are given.
    """

    epoch: int | None = None
    zdim: int | None = None
    images: Path | None = None
    ind: Path | None = None
    in_order: bool = False

    def __post_init__(self) -> None:
        if self.in_order and self.images is not None:
            raise InputError("--in-order and --images both say which row is which particle: give one")


@dataclass(frozen=True, eq=False)
class Found:
    """What was read of a folder.

    Parameters
    ----------
    submission
        In the order of the dataset's particles.
    sources
        The files that were read.
    notes
        What a user should know: what was found, what was chosen, what is missing.
    """

    submission: Submission
    sources: tuple[Path, ...]
    notes: tuple[str, ...] = ()


class System(ABC):
    """A method of others: one file each, registered in :data:`SYSTEMS`."""

    card: ClassVar[SystemCard]

    @abstractmethod
    def detect(self, folder: Path) -> str | None:
        """Return why a folder is this system's output, None if it is not; no array is read.

        Raises
        ------
        FormatError
            If the settings that would say so cannot be read.
        """

    @abstractmethod
    def read(self, folder: Path, particles: Particles, choice: Choice) -> Found:
        """Read a folder's output, matched to the particles.

        Raises
        ------
        FormatError
            If a file is missing or damaged, or does not cover the particles.
        """

    def maker(self, folder: Path, choice: Choice, command: tuple[str, ...], pixel_size: float) -> VolumeMaker | None:
        """Return what makes volumes at latents with the system's own program; None where none is needed or known.

        Parameters
        ----------
        folder
            The output.
        choice
            As for :meth:`read`.
        command
            The program, and what stands before it; empty for the system's own name on the path.
        pixel_size
            Edge of a voxel in Å.
        """
        del folder, choice, command, pixel_size
        return None

    def method(self, version: str = "unknown") -> MethodCard:
        """Return the card of the method in a submission."""
        return MethodCard(name=self.card.name, version=version, role="method", summary=self.card.title)


SYSTEMS: Registry[System] = Registry("system")


@dataclass(frozen=True)
class Detected:
    """A system that a folder may be of, and why."""

    name: str
    reason: str


def detect_systems(folder: Path) -> list[Detected]:
    """Return the systems whose output a folder may be.

    Raises
    ------
    FormatError
        If settings in it cannot be read, which may say whose it is.
    InputError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder: expected the output of a method")
    reasons = ((name, SYSTEMS[name].detect(folder)) for name in SYSTEMS)
    return [Detected(name, reason) for name, reason in reasons if reason is not None]


def detect_system(folder: Path) -> Detected:
    """Return the one system whose output a folder is.

    Raises
    ------
    FormatError
        If it is none's, with what each system is known by; or several's, with the reasons.
    """
    found = detect_systems(folder)
    if not found:
        known = "; ".join(f"{name}: {SYSTEMS[name].card.known_by}" for name in SYSTEMS)
        raise FormatError(f"{folder}: not recognised: expected the output of one of: {known}")
    if len(found) > 1:
        reasons = "; ".join(f"{each.name} ({each.reason})" for each in found)
        raise FormatError(f"{folder}: may be of several systems: {reasons}: say which with --system NAME")
    return found[0]
