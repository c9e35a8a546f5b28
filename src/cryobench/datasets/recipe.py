"""What a benchmark dataset is: sizes, defaults, and the structures of its states."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from cryobench.core import Coordinate, Registry, State
from cryobench.datasets.spec import DatasetSpec, FabTurn, Strict
from cryobench.imaging import ImagingSpec
from cryobench.structures import Atoms


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
    atoms
        The structure of a state, by its index.
    """

    states: tuple[State, ...]
    latents: Float32[np.ndarray, "S k"]
    latent_meaning: str
    coordinate: Coordinate
    atoms: Callable[[int], Atoms]


class Recipe(ABC):
    """A benchmark dataset."""

    title: str
    summary: str
    stand_in: str
    """What the built-in structure is, in words, for every place where its numbers are shown."""
    sizes: Mapping[str, Size]
    motion: FabTurn

    @abstractmethod
    def standin(self) -> Atoms:
        """Return the structure that stands in for the published one where nothing is downloaded."""

    @abstractmethod
    def ensemble(self, structure: Atoms, spec: DatasetSpec) -> Ensemble:
        """Return the states that the spec asks for."""


RECIPES: Registry[Recipe] = Registry("dataset")
