"""States made by drawing the conformation of the linker of an arm at random."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from cryobench.core import Coordinate, Progress, State, Volume
from cryobench.datasets.states.base import (
    Ensemble,
    OneStructure,
    Setting,
    VolumeMaker,
    radius_of,
    require_fit,
)
from cryobench.structures import LinkerStates, ResidueRange, draw_linker_states

_DISTANCE, _DIHEDRAL = "distance", "dihedral"


class LinkerDraws(OneStructure):
    """States made by drawing phi and psi of the residues ``linker``, by which the residues ``moving`` move.

    A draw is kept if at most ``most_close`` moving atoms come within ``close`` Å of the rest.
    """

    kind: Literal["linker"] = "linker"
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

    def volume_maker(self, count: int, setting: Setting) -> VolumeMaker:
        """Return what renders the draws."""
        return self._maker(self._drawn(count, setting), setting)

    def ensemble(self, images: tuple[int, ...], setting: Setting, progress: Progress) -> Ensemble:
        """Return the draws, all about the centre of the structure as it is in the file."""
        del progress
        drawn = self._drawn(len(images), setting)
        radius = max(radius_of(drawn.atoms(state).coordinates) for state in range(len(drawn)))
        require_fit(radius, self.rendering, setting.imaging)
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
            volume=self._maker(drawn, setting),
            resolution=self.rendering.resolution,
            notes=(f"{len(drawn)} of {int(drawn.attempts.sum())} draws of the linker were kept",),
        )

    def _maker(self, drawn: LinkerStates, setting: Setting) -> VolumeMaker:
        def volume(state: int) -> Volume:
            return self.rendering.render(drawn.atoms(state), setting.imaging)

        return volume

    def _drawn(self, count: int, setting: Setting) -> LinkerStates:
        atoms = self.centred_atoms(setting)
        moving = tuple(ResidueRange.parse(part) for part in self.moving)
        linker = tuple(ResidueRange.parse(part) for part in self.linker)
        return draw_linker_states(
            atoms, moving, linker, count, setting.seed, most_close=self.most_close, close=self.close
        )
