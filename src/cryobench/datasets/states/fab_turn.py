"""States made by turning part of a structure about a bond."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cryobench.core import Coordinate, Progress, State, Volume
from cryobench.datasets.states.base import (
    Ensemble,
    OneStructure,
    Setting,
    VolumeMaker,
    radius_of,
    require_fit,
)
from cryobench.structures import Atoms, ResidueRange, turn_about_psi

_ANGLE = "angle"


class FabTurn(OneStructure):
    """States made by turning part of a structure.

    The residues ``moving`` (``"H:1-230"``) turn about the CA-C bond of the residue ``axis`` (``"H:230"``), in equal
    steps through 360°.
    """

    kind: Literal["fab-turn"] = "fab-turn"
    moving: tuple[str, ...]
    axis: str

    def words(self) -> str:
        """Return the motion in words."""
        return f"residues {', '.join(self.moving)} turned about the CA-C bond of {self.axis}"

    def summary(self, count: int) -> str:
        """Return which residues of which structure turn."""
        return f"{self.structure.title}: {self.words()}, in {count} equal steps through 360°."

    def volume_maker(self, count: int, setting: Setting) -> VolumeMaker:
        """Return what renders the structure at equally spaced angles."""
        atoms = self.centred_atoms(setting)

        def volume(state: int) -> Volume:
            return self.rendering.render(self._turned(atoms, 360.0 * state / count), setting.imaging)

        return volume

    def ensemble(self, images: tuple[int, ...], setting: Setting, progress: Progress) -> Ensemble:
        """Return the structure at equally spaced angles, all about the centre of the unturned one."""
        del progress
        angles = 360.0 * np.arange(len(images)) / len(images)
        atoms = self.centred_atoms(setting)
        radius = max(radius_of(self._turned(atoms, float(angle)).coordinates) for angle in angles)
        require_fit(radius, self.rendering, setting.imaging)
        radians = np.deg2rad(angles)
        return Ensemble(
            states=tuple(
                State(index=i, name=f"{angle:.7g}°", images=images[i], variables={_ANGLE: float(angle)})
                for i, angle in enumerate(angles)
            ),
            latents=np.column_stack((np.cos(radians), np.sin(radians))).astype(np.float32),
            latent_meaning="cosine and sine of the angle by which the moving part is turned",
            coordinate=Coordinate(name=_ANGLE, unit="degrees", cyclic=True),
            volume=self.volume_maker(len(images), setting),
            resolution=self.rendering.resolution,
        )

    def _turned(self, atoms: Atoms, angle: float) -> Atoms:
        moving = tuple(ResidueRange.parse(part) for part in self.moving)
        return turn_about_psi(atoms, moving, ResidueRange.parse(self.axis), angle)
