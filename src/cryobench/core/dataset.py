"""A benchmark dataset: particles, the truth about them, and a card that says what they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int32
from pydantic import BaseModel, ConfigDict

from cryobench.core.checks import require_finite, require_shape
from cryobench.core.errors import InputError
from cryobench.core.particles import Particles
from cryobench.core.volumes import Volume, VolumeSource

_PERIODS = {"°": 360.0, "deg": 360.0, "degree": 360.0, "degrees": 360.0, "rad": math.tau, "radians": math.tau}


class State(BaseModel):
    """One conformation or composition: its name, number of images and collective variables with their units."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: int
    name: str
    images: int
    variables: dict[str, float]


class Coordinate(BaseModel):
    """The variable by which plots are coloured: a collective variable of the states."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    unit: str
    cyclic: bool

    @property
    def period(self) -> float | None:
        """Period of a cyclic variable in its unit; None where it is not cyclic, or the unit is no angle."""
        return _PERIODS.get(self.unit.strip().lower()) if self.cyclic else None


class DatasetCard(BaseModel):
    """What a reader of a report has to know about the data.

    ``stand_in`` says in words what replaces the published input, or is empty where nothing does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    summary: str
    stand_in: str
    facts: dict[str, str]
    checksum: str


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known about each particle because it was simulated.

    Parameters
    ----------
    labels
        State of each particle, shape (N,).
    latents
        Ground-truth latent coordinates, shape (N, k).
    latent_meaning
        What the columns of ``latents`` are, with units.
    states
        The states, in the order of their indices.
    coordinate
        The collective variable that orders the states.
    volumes
        True volume of each state.
    mask
        Soft mask around the union of the states, values 0 to 1, or ``None``.
    moving_mask
        Soft mask around what differs between the states, values 0 to 1, or ``None``. It is 0 everywhere where nothing
        differs.
    """

    labels: Int32[np.ndarray, " N"]
    latents: Float32[np.ndarray, "N k"]
    latent_meaning: str
    states: tuple[State, ...]
    coordinate: Coordinate
    volumes: VolumeSource
    mask: Volume | None
    moving_mask: Volume | None = None

    def __post_init__(self) -> None:
        require_shape("labels", self.labels, (None,))
        require_shape("true latents", self.latents, (len(self.labels), None))
        require_finite("true latents", self.latents)
        if len(self.labels) and not 0 <= self.labels.min() <= self.labels.max() < len(self.states):
            raise InputError(
                f"labels run from {self.labels.min()} to {self.labels.max()}, but there are "
                f"{len(self.states)} states: expected 0 to {len(self.states) - 1}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def values(self) -> np.ndarray:
        """Return the collective variable of each particle, shape (N,), float64."""
        per_state = np.array([state.variables[self.coordinate.name] for state in self.states])
        return np.asarray(per_state[self.labels])


@dataclass(frozen=True, eq=False)
class Dataset:
    """Particles with their truth and card."""

    card: DatasetCard
    particles: Particles
    truth: Truth

    def __post_init__(self) -> None:
        if len(self.particles) != len(self.truth):
            raise InputError(f"there are {len(self.particles)} particles but truth for {len(self.truth)}")
