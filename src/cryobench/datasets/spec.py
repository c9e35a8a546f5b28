"""Everything that decides what is in a dataset, as data."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Int32
from pydantic import Field

from cryobench.core import Strict
from cryobench.imaging import ImagingSpec


class Source(Strict):
    """An input: its name, what it is in words, and the checksum of its file (empty where code makes it)."""

    name: str
    title: str
    sha256: str = ""

    def words(self) -> str:
        """Return title and name, once where they are the same."""
        return self.title if self.title == self.name else f"{self.title} [{self.name}]"


class FabTurn(Strict):
    """States made by turning part of a structure.

    The residues ``moving`` (``"H:1-230"``) turn about the CA-C bond of the residue ``axis`` (``"H:230"``), in equal
    steps through 360°. The maps have ``resolution`` Å.
    """

    kind: Literal["fab-turn"] = "fab-turn"
    structure: Source
    resolution: float = Field(gt=0, le=1000)
    moving: tuple[str, ...]
    axis: str

    def words(self) -> str:
        """Return the motion in words."""
        return f"residues {', '.join(self.moving)} turned about the CA-C bond of {self.axis}"

    def facts(self) -> dict[str, str]:
        """Return what a reader asks about the states, label by label."""
        return {
            "Map resolution": f"{self.resolution:g} Å",
            "Structure": self.structure.words(),
            "Motion": self.words(),
        }


class Maps(Strict):
    """States given as maps, in this order."""

    kind: Literal["maps"] = "maps"
    maps: tuple[Source, ...] = Field(min_length=1)

    def facts(self) -> dict[str, str]:
        """Return what a reader asks about the states, label by label."""
        names = [source.name for source in self.maps]
        return {"Maps": ", ".join(names if len(names) <= 4 else [*names[:2], "...", names[-1]])}


States = Annotated[FabTurn | Maps, Field(discriminator="kind")]


class DatasetSpec(Strict):
    """A dataset before it is built: the same spec and software version give the same bytes.

    ``variant`` is empty for the published recipe on its published inputs, ``standin`` where something replaces them,
    and ``custom`` for a user's own. ``images`` counts those of each state. ``ctf`` and ``poses`` say what the files are
    that ``imaging`` names, or which distribution is drawn from.
    """

    dataset: str
    variant: Literal["", "standin", "custom"]
    scale: str
    seed: int = Field(ge=0)
    images: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1)
    images_per_stack: int = Field(default=1000, ge=1, le=1_000_000)
    states: States
    ctf: Source
    poses: Source
    imaging: ImagingSpec

    @property
    def id(self) -> str:
        """Name of the dataset with its variant, such as ``igg-1d:standin``."""
        return f"{self.dataset}:{self.variant}" if self.variant else self.dataset

    @property
    def particles(self) -> int:
        """Number of images."""
        return sum(self.images)

    @property
    def stacks(self) -> tuple[range, ...]:
        """Particle indices in each stack of images."""
        starts = range(0, self.particles, self.images_per_stack)
        return tuple(range(start, min(self.particles, start + self.images_per_stack)) for start in starts)

    def labels(self) -> Int32[np.ndarray, " N"]:
        """Return the state of each particle, shape (N,)."""
        return np.repeat(np.arange(len(self.images), dtype=np.int32), self.images)

    def checksum(self) -> str:
        """Return the SHA-256 checksum of the spec in hexadecimal."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Manifest(Strict):
    """Content of ``dataset.json``: the spec, what was found while building, and the checksum of each file."""

    schema_version: Literal[2] = 2
    id: str
    title: str
    summary: str
    stand_in: str
    software: str
    spec: DatasetSpec
    conventions: dict[str, str]
    latent_meaning: str
    coordinate_name: str
    coordinate_unit: str
    coordinate_cyclic: bool
    noise_sigma: tuple[float, ...]
    files: dict[str, str]
