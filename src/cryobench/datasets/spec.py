"""Everything that decides what is in a dataset, as data."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Int32
from pydantic import Field, model_validator

from cryobench.core import Strict
from cryobench.datasets.states import Frames, Source, States
from cryobench.imaging import ImagingSpec

MOST_PARTICLES = 100_000_000
MOST_STATES = 10_000_000

Count = Annotated[int, Field(ge=1, le=MOST_PARTICLES)]
"""A number of images."""


class DatasetSpec(Strict):
    """A dataset before it is built: the same spec and software version give the same bytes.

    ``variant`` is empty for the published recipe on its published inputs, ``standin`` where something replaces them,
    ``subset`` where some of its states are left out, and ``custom`` for a user's own. ``images`` counts those of each
    state. ``truth`` says whether true volumes are written or rendered when they are asked for. ``ctf`` and ``poses``
    say what the files are that ``imaging`` names, or which distribution is drawn from.
    """

    kind: Literal["simulated"] = "simulated"
    dataset: str
    variant: Literal["", "standin", "subset", "custom"]
    scale: str
    seed: int = Field(ge=0)
    images: tuple[Count, ...] = Field(min_length=1, max_length=MOST_STATES)
    images_per_stack: int = Field(default=1000, ge=1, le=1_000_000)
    truth: Literal["files", "rendered"] = "files"
    states: States
    ctf: Source
    poses: Source
    imaging: ImagingSpec

    @model_validator(mode="after")
    def _not_too_many(self) -> DatasetSpec:
        if self.particles > MOST_PARTICLES:
            raise ValueError(f"{self.particles:,} images in all are too many: ask for {MOST_PARTICLES:,} at most")
        return self

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

    @property
    def stack_counts(self) -> tuple[int, ...]:
        """Number of images in each stack."""
        return tuple(len(indices) for indices in self.stacks)

    @property
    def box(self) -> int:
        """Box of the images on disk, in pixels."""
        return self.imaging.output_box

    @property
    def pixel_size(self) -> float:
        """Edge of a pixel on disk, in Å."""
        return self.imaging.output_pixel_size

    @property
    def sign(self) -> Literal[-1, 1]:
        """Factor on the finished images: -1 where the particle is bright."""
        return self.imaging.sign

    def labels(self) -> Int32[np.ndarray, " N"]:
        """Return the state of each particle, shape (N,)."""
        return np.repeat(np.arange(len(self.images), dtype=np.int32), self.images)

    def checksum(self) -> str:
        """Return the SHA-256 checksum of the spec in hexadecimal."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class ArchiveFile(Strict):
    """What identifies a file of an archive: its size and its SHA-256 checksum in hexadecimal."""

    bytes: int = Field(ge=0)
    sha256: str


class ImportedSpec(Strict):
    """A published archive that a dataset points at, and what was found to be so.

    ``stacks`` and ``volumes`` are paths within the archive, ``stack_counts`` the images of each stack, ``images`` those
    of each state. Where there are no volumes, ``frames`` says how they are rendered, if at all: its sources are paths
    within the archive too. ``snr`` is that of the release. ``repairs`` says what was wrong and what is taken instead,
    ``archive`` which files of the archive the dataset is made of.
    """

    kind: Literal["imported"] = "imported"
    dataset: str
    stacks: tuple[str, ...] = Field(min_length=1)
    stack_counts: tuple[Count, ...]
    images: tuple[Count, ...] = Field(min_length=1)
    volumes: tuple[str, ...] = ()
    frames: Frames | None = None
    box: int
    pixel_size: float = Field(gt=0)
    sign: Literal[-1, 1]
    snr: float | None = None
    repairs: tuple[str, ...] = ()
    archive: dict[str, ArchiveFile] = Field(default_factory=dict)

    @property
    def id(self) -> str:
        """Name of the dataset as it was published."""
        return f"{self.dataset}:published"

    @property
    def particles(self) -> int:
        """Number of images."""
        return sum(self.images)

    @property
    def scale(self) -> str:
        """Size of the dataset: that of the release."""
        return "published"


OTHER_SETTINGS = "other than the scale"
"""How the note of a dataset begins that says which settings are not those of its scale."""

AnySpec = Annotated[DatasetSpec | ImportedSpec, Field(discriminator="kind")]


class Manifest(Strict):
    """Content of ``dataset.json``: the spec, what was found while building, and the checksum of each file."""

    schema_version: Literal[3] = 3
    id: str
    title: str
    summary: str
    stand_in: str
    notes: tuple[str, ...] = ()
    software: str
    spec: AnySpec
    conventions: dict[str, str]
    latent_meaning: str
    coordinate_name: str
    coordinate_unit: str
    coordinate_cyclic: bool
    noise_sigma: tuple[float, ...] = ()
    files: dict[str, str]
