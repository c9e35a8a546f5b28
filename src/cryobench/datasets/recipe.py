"""What a benchmark dataset is: sizes, defaults, and the volumes of its states."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from cryobench.core import Coordinate, CTFParameters, Poses, Registry, State, Strict, Volume
from cryobench.datasets.spec import DatasetSpec, States
from cryobench.imaging import ImagingSpec


class Size(Strict):
    """How large a build of a recipe is; ``resolution`` is in Å."""

    states: int
    images_per_state: int
    resolution: float
    imaging: ImagingSpec


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The states of a dataset.

    Parameters
    ----------
    states
        The S states.
    latents
        Ground-truth latent of each state, shape (S, k).
    latent_meaning
        What its columns are.
    coordinate
        The collective variable that orders the states.
    volume
        The volume of a state at the simulated box, by its index.
    resolution
        Of the volumes, in Å.
    """

    states: tuple[State, ...]
    latents: Float32[np.ndarray, "S k"]
    latent_meaning: str
    coordinate: Coordinate
    volume: Callable[[int], Volume]
    resolution: float


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything a build needs: the spec, in words what it is, and what it names, read.

    Parameters
    ----------
    spec
        What to build.
    title, summary, stand_in
        For the card; ``stand_in`` says what replaces a published input, and is empty where nothing does.
    ensemble
        The states.
    ctf_table, pose_table
        The tables that ``spec.imaging`` names, or ``None`` where it draws them.
    """

    spec: DatasetSpec
    title: str
    summary: str
    stand_in: str
    ensemble: Ensemble
    ctf_table: CTFParameters | None = None
    pose_table: Poses | None = None


class Recipe(ABC):
    """A benchmark dataset."""

    title: str
    summary: str
    stand_in: str
    """What the built-in structure is, in words, for every place where its numbers are shown."""
    sizes: Mapping[str, Size]

    @abstractmethod
    def states(self, structure: Path | None, resolution: float, changes: Mapping[str, Any]) -> States:
        """Return how the states are made: from a file, or from the built-in stand-in, with a user's changes."""

    @abstractmethod
    def ensemble(self, structure: Path | None, spec: DatasetSpec) -> Ensemble:
        """Return the states that the spec asks for.

        Raises
        ------
        InputError
            If they do not fit into the box, or the structure lacks what the recipe moves.
        """

    @abstractmethod
    def custom_summary(self, spec: DatasetSpec) -> str:
        """Return what a dataset on a user's own structure is, in a sentence."""


RECIPES: Registry[Recipe] = Registry("dataset")
