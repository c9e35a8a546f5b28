"""Everything that decides what is in a dataset, as data."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cryobench.imaging import ImagingSpec


class Strict(BaseModel):
    """Base of the immutable models; unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Source(Strict):
    """An input: its name, what it is in words, and the checksum of its file (empty where code makes it)."""

    name: str
    title: str
    sha256: str = ""

    def words(self) -> str:
        """Return title and name, once where they are the same."""
        return self.title if self.title == self.name else f"{self.title} [{self.name}]"


class FabTurn(Strict):
    """The moving residues (``"H:1-230"``) and the residue (``"H:230"``) about whose CA-C bond they turn."""

    moving: tuple[str, ...]
    axis: str

    def words(self) -> str:
        """Return the motion in words."""
        return f"residues {', '.join(self.moving)} turned about the CA-C bond of {self.axis}"


class DatasetSpec(Strict):
    """A dataset before it is built: the same spec and software version give the same bytes.

    ``variant`` is empty for the published recipe on its published inputs, ``standin`` where something replaces them,
    and ``custom`` for a user's own. ``images`` counts those of each state. ``resolution`` is in Å.
    """

    dataset: str
    variant: Literal["", "standin", "custom"]
    scale: str
    seed: int = Field(ge=0)
    images: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=2)
    resolution: float = Field(gt=0, le=1000)
    structure: Source
    ctf: Source
    motion: FabTurn
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
    def states(self) -> int:
        """Number of states."""
        return len(self.images)

    def checksum(self) -> str:
        """Return the SHA-256 checksum of the spec in hexadecimal."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Manifest(Strict):
    """Content of ``dataset.json``: the spec, what was found while building, and the checksum of each file."""

    schema_version: Literal[1] = 1
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
