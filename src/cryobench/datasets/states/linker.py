"""States made by drawing the conformation of the linker of an arm at random."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from cryobench.core import Coordinate, Progress, State, Volume
from cryobench.datasets.states.base import (
    Ensemble,
    Rendering,
    Source,
    StatesBase,
    VolumeMaker,
    atoms_of,
    radius_of,
    require_fit,
)
from cryobench.imaging import ImagingSpec
from cryobench.structures import LinkerStates, ResidueRange, draw_linker_states

_DISTANCE, _DIHEDRAL = "distance", "dihedral"


class LinkerDraws(StatesBase):
    """States made by drawing phi and psi of the residues ``linker``, by which the residues ``moving`` move.

    A draw is kept if at most ``most_close`` moving atoms come within ``close`` Å of the rest.
    """

    kind: Literal["linker"] = "linker"
    structure: Source
    rendering: Rendering
    moving: tuple[str, ...]
    linker: tuple[str, ...]
    most_close: int = Field(default=5, ge=0)
    close: float = Field(default=3.0, gt=0)

    def words(self) -> str:
        """Return the motion in words."""
        return (
            f"phi and psi of {', '.join(self.linker)} drawn from those of disordered peptides; residues "
            f"{', '.join(self.moving)} move, at most {self.most_close} of their atoms within {self.close:g} Å of the "
            "rest"
        )

    def summary(self, count: int) -> str:
        """Return which linker of which structure is drawn."""
        return f"{self.structure.title}: {self.words()}; {count} draws."

    def facts(self) -> dict[str, str]:
        """Return what a reader asks about the states, label by label."""
        return self.rendering.facts() | {"Structure": self.structure.words(), "Motion": self.words()}

    def sources(self) -> tuple[Source, ...]:
        """Return the structure."""
        return (self.structure,)

    def with_sources(self, sources: Sequence[Source]) -> LinkerDraws:
        """Return the same with another structure."""
        return self.model_copy(update={"structure": sources[0]})

    def source_name(self, state: int) -> str:
        """Return the name of the structure."""
        del state
        return self.structure.name

    def volume_maker(self, count: int, imaging: ImagingSpec, seed: int, paths: Sequence[Path | None]) -> VolumeMaker:
        """Return what renders the draws."""
        return self._maker(self._drawn(count, seed, paths), imaging)

    def ensemble(
        self,
        images: tuple[int, ...],
        imaging: ImagingSpec,
        seed: int,
        paths: Sequence[Path | None],
        progress: Progress,
    ) -> Ensemble:
        """Return the draws, all about the centre of the structure as it is in the file."""
        del progress
        drawn = self._drawn(len(images), seed, paths)
        radius = max(radius_of(drawn.atoms(state).coordinates) for state in range(len(drawn)))
        require_fit(radius, self.rendering, imaging)
        radians = np.deg2rad(drawn.dihedrals)
        latents = np.column_stack((drawn.distances, np.cos(radians), np.sin(radians)))
        return Ensemble(
            states=tuple(
                State(
                    index=i,
                    name=f"draw {i}",
                    images=n,
                    variables={_DISTANCE: float(drawn.distances[i]), _DIHEDRAL: float(drawn.dihedrals[i])},
                )
                for i, n in enumerate(images)
            ),
            latents=latents.astype(np.float32),
            latent_meaning="distance in Å between the centres of mass of the moving part and of the rest; cosine and "
            "sine of the dihedral of the moving part",
            coordinate=Coordinate(name=_DISTANCE, unit="Å", cyclic=False),
            volume=self._maker(drawn, imaging),
            resolution=self.rendering.resolution,
            notes=(f"{len(drawn)} of {int(drawn.attempts.sum())} draws of the linker were kept",),
        )

    def _maker(self, drawn: LinkerStates, imaging: ImagingSpec) -> VolumeMaker:
        def volume(state: int) -> Volume:
            return self.rendering.render(drawn.atoms(state), imaging)

        return volume

    def _drawn(self, count: int, seed: int, paths: Sequence[Path | None]) -> LinkerStates:
        atoms = self.rendering.centred(atoms_of(self.structure, paths[0], self.rendering.atoms))
        moving = tuple(ResidueRange.parse(part) for part in self.moving)
        linker = tuple(ResidueRange.parse(part) for part in self.linker)
        return draw_linker_states(atoms, moving, linker, count, seed, most_close=self.most_close, close=self.close)
