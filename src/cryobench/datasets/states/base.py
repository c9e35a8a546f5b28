"""What a kind of states is: settings that say how a set of volumes is made, and the set itself."""

from __future__ import annotations

import functools
import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32
from pydantic import Field

from cryobench.core import Coordinate, InputError, Progress, State, Strict, Volume
from cryobench.imaging import ImagingSpec, UniformShifts
from cryobench.structures import CUTOFF, AtomChoice, Atoms, Density, load_structure, render_density, sigma_of_resolution
from cryobench.structures.packaged import ribosome_50s
from cryobench.structures.synthetic_igg import synthetic_igg

BUILT_IN: dict[str, Callable[[], Atoms]] = {
    "built-in:synthetic-igg": synthetic_igg,
    "built-in:ribosome-50s": ribosome_50s,
}
"""Structures that need no file, by the name of their source."""

VolumeMaker = Callable[[int], Volume]
"""Makes the volume of a state, at the simulated box, from its index."""


class Source(Strict):
    """An input: its name, what it is in words, and the checksum of its file (empty where code makes it).

    A name is that of a file, or ``pdb:`` and an entry of the Protein Data Bank, or ``built-in:`` and what code makes.
    """

    name: str
    title: str = ""
    sha256: str = ""

    def words(self) -> str:
        """Return title and name, once where they are the same."""
        return self.name if self.title in {"", self.name} else f"{self.title} [{self.name}]"


class Rendering(Strict):
    """How atoms become density.

    ``resolution`` is in Å, see :func:`~cryobench.structures.render_density` for it and for ``density``. ``centre`` is
    what lies at the centre of the box: the mean position weighted by atomic number (``mass``), the middle between the
    outermost atoms (``geometry``), or the origin of the file (``file``). ``atoms`` says which atoms count.
    """

    resolution: float = Field(default=3.0, gt=0, le=1000)
    density: Density = "molmap"
    centre: Literal["mass", "geometry", "file"] = "mass"
    atoms: AtomChoice = AtomChoice()

    def centre_of(self, atoms: Atoms) -> np.ndarray:
        """Return the point (x, y, z) in Å that is put at the centre of the box."""
        if self.centre == "mass":
            return atoms.centre()
        if self.centre == "geometry":
            return np.asarray((atoms.coordinates.min(axis=0) + atoms.coordinates.max(axis=0)) / 2)
        return np.zeros(3)

    def centred(self, atoms: Atoms) -> Atoms:
        """Return the atoms with their centre at the origin."""
        return atoms.moved(atoms.coordinates - self.centre_of(atoms))

    def render(self, atoms: Atoms, imaging: ImagingSpec) -> Volume:
        """Return the density of centred atoms at the simulated box."""
        return render_density(atoms, self.resolution, imaging.box, imaging.pixel_size, self.density)

    def facts(self) -> dict[str, str]:
        """Return what a reader asks about the maps, label by label."""
        kinds = {
            "molmap": "Gaussians of atomic number, sampled at the voxels as molmap does",
            "band-limited": "Gaussians of atomic number, without what the voxels cannot hold",
            "electron": "electron-scattering form factors with B-factors",
        }
        return {"Map resolution": f"{self.resolution:g} Å", "Density": kinds[self.density]}


def require_fit(radius: float, rendering: Rendering, imaging: ImagingSpec, what: str = "the shifted structure") -> None:
    """Raise unless states within a radius, with the tails of their Gaussians, stay in the box however they are shifted.

    Raises
    ------
    InputError
        Naming the smallest box that would do.
    """
    if rendering.resolution < imaging.pixel_size:
        raise InputError(
            f"a resolution of {rendering.resolution:g} Å is finer than a pixel of {imaging.pixel_size:g} Å: "
            "choose at least the pixel size, better twice that"
        )
    shifts = imaging.poses.shifts
    reach = radius + CUTOFF * sigma_of_resolution(rendering.resolution)
    reach += shifts.extent if isinstance(shifts, UniformShifts) else 3 * shifts.sigma
    held = imaging.box * imaging.pixel_size / 2
    if reach > held:
        raise InputError(
            f"{what} reaches {reach:.0f} Å from the centre, but a box of {imaging.box} pixels of "
            f"{imaging.pixel_size:g} Å holds {held:.0f} Å: "
            f"choose a box of at least {2 * math.ceil(reach / imaging.pixel_size)} pixels"
        )


def radius_of(coordinates: np.ndarray) -> float:
    """Return the distance in Å of the outermost of some points from the origin; shape (..., 3)."""
    return float(np.sqrt((coordinates**2).sum(axis=-1).max()))


def atoms_of(source: Source, path: Path | None, choice: AtomChoice, assembly: str | None = None) -> Atoms:
    """Return the atoms of a source: read from its file, or made by code where there is none."""
    if path is None:
        return BUILT_IN[source.name]()
    changed = path.stat().st_mtime_ns if path.is_file() else 0  # what is not there is named by who reads it
    return _read(path, changed, choice, assembly)


@functools.lru_cache(maxsize=2)
def _read(path: Path, changed: int, choice: AtomChoice, assembly: str | None) -> Atoms:
    del changed  # a key of the cache
    return load_structure(path, choice, assembly)


@dataclass(frozen=True, eq=False)
class Setting:
    """What a dataset adds to its states: how images are formed, the seed, the files of the sources in their order."""

    imaging: ImagingSpec
    seed: int
    paths: tuple[Path | None, ...]


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
    notes
        What a reader of the card has to know about the states that were found.
    """

    states: tuple[State, ...]
    latents: Float32[np.ndarray, "S k"]
    latent_meaning: str
    coordinate: Coordinate
    volume: VolumeMaker
    resolution: float
    notes: tuple[str, ...] = ()


class StatesBase(Strict):
    """How the states of a dataset are made."""

    @abstractmethod
    def sources(self) -> tuple[Source, ...]:
        """Return the inputs, in a fixed order."""

    @abstractmethod
    def with_sources(self, sources: Sequence[Source]) -> StatesBase:
        """Return the same with other inputs, in the order of :meth:`sources`."""

    @abstractmethod
    def summary(self, count: int) -> str:
        """Return in a sentence what ``count`` of these states are."""

    @abstractmethod
    def facts(self) -> dict[str, str]:
        """Return what a reader asks about the states, label by label."""

    @abstractmethod
    def source_name(self, state: int) -> str:
        """Return the name of the input that a state was made from."""

    @abstractmethod
    def volume_maker(self, count: int, setting: Setting) -> VolumeMaker:
        """Return what makes the volume of each of ``count`` states."""

    @abstractmethod
    def ensemble(self, images: tuple[int, ...], setting: Setting, progress: Progress) -> Ensemble:
        """Return the states, one for each number of images, after checks that need no image.

        Raises
        ------
        InputError
            If a state does not fit into the box, or an input lacks what the states need.
        FormatError
            If a file cannot be read.
        """


class OneStructure(StatesBase):
    """States made by moving parts of one structure, which is centred as it is in the file."""

    structure: Source
    rendering: Rendering

    @abstractmethod
    def words(self) -> str:
        """Return the motion in words."""

    def facts(self) -> dict[str, str]:
        """Return what a reader asks about the states, label by label."""
        return self.rendering.facts() | {"Structure": self.structure.words(), "Motion": self.words()}

    def sources(self) -> tuple[Source, ...]:
        """Return the structure."""
        return (self.structure,)

    def with_sources(self, sources: Sequence[Source]) -> OneStructure:
        """Return the same with another structure."""
        return self.model_copy(update={"structure": sources[0]})

    def source_name(self, state: int) -> str:
        """Return the name of the structure."""
        del state
        return self.structure.name

    def centred_atoms(self, setting: Setting) -> Atoms:
        """Return the structure with its centre at the origin."""
        return self.rendering.centred(atoms_of(self.structure, setting.paths[0], self.rendering.atoms))
