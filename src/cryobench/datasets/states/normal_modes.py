"""States made by displacing a structure along its normal modes at random."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from cryobench.core import Progress, Volume
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
from cryobench.datasets.states.trajectory import component_ensemble
from cryobench.imaging import ImagingSpec
from cryobench.structures.normal_modes import NormalModes, normal_modes


class ModeDraws(StatesBase):
    """States made by displacing a structure along the ``modes`` lowest normal modes of its anisotropic network.

    Each mode's amplitude is normal, with the variance that its stiffness gives; all are scaled so that the root mean
    square displacement of the ensemble is ``rmsd`` Å.
    """

    kind: Literal["normal-modes"] = "normal-modes"
    structure: Source
    rendering: Rendering
    modes: int = Field(default=10, ge=1, le=1000)
    rmsd: float = Field(default=3.0, gt=0)

    def words(self) -> str:
        """Return the motion in words."""
        return f"the {self.modes} lowest modes of its anisotropic network, {self.rmsd:g} Å root mean square"

    def summary(self, count: int) -> str:
        """Return what is displaced."""
        return f"{self.structure.words()} in {count} random displacements along {self.words()}."

    def facts(self) -> dict[str, str]:
        """Return what a reader asks about the states, label by label."""
        return self.rendering.facts() | {"Structure": self.structure.words(), "Motion": self.words()}

    def sources(self) -> tuple[Source, ...]:
        """Return the structure."""
        return (self.structure,)

    def with_sources(self, sources: Sequence[Source]) -> ModeDraws:
        """Return the same with another structure."""
        return self.model_copy(update={"structure": sources[0]})

    def source_name(self, state: int) -> str:
        """Return the name of the structure."""
        del state
        return self.structure.name

    def volume_maker(self, count: int, imaging: ImagingSpec, seed: int, paths: Sequence[Path | None]) -> VolumeMaker:
        """Return what renders the draws."""
        del count
        return self._maker(self._modes(paths), imaging, seed)

    def ensemble(
        self,
        images: tuple[int, ...],
        imaging: ImagingSpec,
        seed: int,
        paths: Sequence[Path | None],
        progress: Progress,
    ) -> Ensemble:
        """Return the draws, with the displacement along each mode as the true latent."""
        del progress
        modes = self._modes(paths)
        latents = np.array([modes.amplitudes(self.rmsd, seed, state) for state in range(len(images))], np.float32)
        require_fit(_reach(modes, latents), self.rendering, imaging, "the shifted structure, in one of its states,")
        return component_ensemble(
            [f"draw {i}" for i in range(len(images))],
            latents,
            "displacement along each normal mode, softest first, as a root mean square over residues in Å",
            images,
            self._maker(modes, imaging, seed),
            self.rendering.resolution,
        )

    def _maker(self, modes: NormalModes, imaging: ImagingSpec, seed: int) -> VolumeMaker:
        def volume(state: int) -> Volume:
            coordinates = modes.displaced(modes.amplitudes(self.rmsd, seed, state))
            return self.rendering.render(modes.atoms.moved(coordinates), imaging)

        return volume

    def _modes(self, paths: Sequence[Path | None]) -> NormalModes:
        return normal_modes(
            self.rendering.centred(atoms_of(self.structure, paths[0], self.rendering.atoms)), self.modes
        )


def _reach(modes: NormalModes, amplitudes: np.ndarray) -> float:
    """Return how far the states reach from the origin, in Å.

    It is taken from nodes that are moved straight and the longest arm of a residue; relaxed, they reach a little less.
    """
    rest = modes.network.points
    arms = np.linalg.norm(modes.atoms.coordinates - rest[modes.nodes], axis=1).max()
    straight = modes.modes.reshape(len(modes.modes), -1)
    reach = 0.0
    for start in range(0, len(amplitudes), 256):
        moved = amplitudes[start : start + 256] @ straight
        reach = max(reach, radius_of(rest + moved.reshape(-1, *rest.shape)))
    return reach + float(arms)
