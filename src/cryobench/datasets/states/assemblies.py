"""States that are complexes built by code, each of a given mass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from cryobench.core import Progress, Strict, Volume
from cryobench.datasets.states.base import (
    Ensemble,
    Rendering,
    Setting,
    Source,
    StatesBase,
    VolumeMaker,
    radius_of,
    require_fit,
)
from cryobench.datasets.states.structures import composition_ensemble
from cryobench.structures.synthetic_assemblies import synthetic_assembly


class Assembly(Strict):
    """A synthetic complex: the number of its shape, its mass in kDa, and what it stands for."""

    number: int = Field(ge=0)
    mass_kda: float = Field(gt=0)
    stands_for: str


class Assemblies(StatesBase):
    """Complexes built by code, each centred by itself."""

    kind: Literal["synthetic-assemblies"] = "synthetic-assemblies"
    members: tuple[Assembly, ...] = Field(min_length=1)
    rendering: Rendering

    def facts(self) -> dict[str, str]:
        """Return what a reader asks about the states, label by label."""
        masses = [member.mass_kda for member in self.members]
        return self.rendering.facts() | {
            "Structures": f"{len(masses)} synthetic complexes of {min(masses):g} to {max(masses):g} kDa, built by code"
        }

    def summary(self, count: int) -> str:
        """Return how many complexes there are."""
        return f"Images of {count} synthetic complexes."

    def sources(self) -> tuple[Source, ...]:
        """Return nothing: code makes them."""
        return ()

    def with_sources(self, sources: Sequence[Source]) -> Assemblies:
        """Return the same."""
        del sources
        return self

    def source_name(self, state: int) -> str:
        """Return that code made it, and what it stands for."""
        return f"built-in, for {self.members[state].stands_for}"

    def volume_maker(self, count: int, setting: Setting) -> VolumeMaker:
        """Return what builds and renders the complexes."""
        del count

        def volume(state: int) -> Volume:
            member = self.members[state]
            atoms = synthetic_assembly(member.number, member.mass_kda)
            return self.rendering.render(self.rendering.centred(atoms), setting.imaging)

        return volume

    def ensemble(self, images: tuple[int, ...], setting: Setting, progress: Progress) -> Ensemble:
        """Return the complexes, after a look at each."""
        advance = progress("Building complexes", len(self.members))
        for member in self.members:
            atoms = self.rendering.centred(synthetic_assembly(member.number, member.mass_kda))
            what = f"the shifted complex for {member.stands_for}"
            require_fit(radius_of(atoms.coordinates), self.rendering, setting.imaging, what)
            advance(1)
        return composition_ensemble(
            [f"for {member.stands_for}" for member in self.members],
            [member.mass_kda for member in self.members],
            images,
            self.volume_maker(len(images), setting),
            self.rendering.resolution,
        )
