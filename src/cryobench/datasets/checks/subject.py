"""What there is of a dataset, as it is stored, before anything of it is known to be right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int64

from cryobench.core import CTFParameters, Dataset, ImageSource, InputError, Poses, VolumeSource
from cryobench.datasets.checks.finding import Finding, Kind


@dataclass(frozen=True, eq=False)
class Subject:
    """The parts of a dataset that could be read; ``None`` for one that is not there or cannot be read.

    Each part should have N rows; whether they do is one of the checks.

    Parameters
    ----------
    name, kind
        For the report.
    images
        The N images.
    rotations, shifts
        Shape (N, 3, 3), and (N, 2) in Å, as stored.
    ctf
        Shape (N, 7), the columns of :data:`~cryobench.core.CTF_COLUMNS`.
    labels
        State of each particle, shape (N,).
    volumes
        True volume of each state.
    images_of_states
        Number of images of each state, where something says so.
    pixel_size
        Edge of a pixel in Å.
    sign
        Factor on the finished images. -1 (the particle is bright) is what programs expect.
    b_factor
        Of the CTF's envelope, in Å^2.
    rows
        What says how many particles there are, with the number.
    absent
        Why a part is not there, by the name of its field.
    """

    name: str
    kind: Kind
    images: ImageSource | None = None
    rotations: Float64[np.ndarray, "A 3 3"] | None = None
    shifts: Float64[np.ndarray, "B 2"] | None = None
    ctf: Float64[np.ndarray, "C 7"] | None = None
    labels: Int64[np.ndarray, " D"] | None = None
    volumes: VolumeSource | None = None
    images_of_states: tuple[int, ...] | None = None
    pixel_size: float | None = None
    sign: Literal[-1, 1] = -1
    b_factor: float = 0.0
    rows: Mapping[str, int] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)

    @property
    def states(self) -> int | None:
        """Number of states, as far as something says so."""
        if self.images_of_states is not None:
            return len(self.images_of_states)
        return None if self.volumes is None else len(self.volumes)

    def why_not(self, *parts: str) -> str:
        """Return why a check cannot be done that needs some parts, by their names; empty if all are there."""
        missing = [self.absent.get(part, f"there are no {part}") for part in parts if getattr(self, part) is None]
        if missing:
            return "; ".join(dict.fromkeys(missing))
        if len(set(self.rows.values())) > 1:
            return "the numbers of particles disagree"
        return ""

    def poses(self) -> Poses | None:
        """Return the poses, None unless all are valid."""
        if self.rotations is None or self.shifts is None:
            return None
        try:
            return Poses(self.rotations.astype(np.float32), self.shifts.astype(np.float32))
        except InputError:
            return None

    def ctf_parameters(self) -> CTFParameters | None:
        """Return the CTF parameters, None unless all are valid."""
        if self.ctf is None:
            return None
        try:
            return CTFParameters(self.ctf)
        except InputError:
            return None


def subject_of(dataset: Dataset, kind: Kind, b_factor: float = 0.0) -> Subject:
    """Return a dataset that was read whole, to be checked."""
    particles, truth = dataset.particles, dataset.truth
    return Subject(
        name=dataset.card.id,
        kind=kind,
        images=particles.images,
        rotations=particles.poses.rotations.astype(np.float64),
        shifts=particles.poses.shifts.astype(np.float64),
        ctf=particles.ctf.table.astype(np.float64),
        labels=truth.labels.astype(np.int64),
        volumes=truth.volumes,
        images_of_states=tuple(state.images for state in truth.states),
        pixel_size=particles.pixel_size,
        sign=particles.sign,
        b_factor=b_factor,
        rows={"images": len(particles), "poses": len(particles.poses), "CTF rows": len(particles.ctf)}
        | {"labels": len(truth)},
    )


@dataclass(frozen=True, eq=False)
class Opened:
    """A folder that was opened: what there is to check, and what was found while reading."""

    subject: Subject
    findings: tuple[Finding, ...]
