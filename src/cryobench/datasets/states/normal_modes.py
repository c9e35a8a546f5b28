"""States made by displacing a structure along its normal modes at random."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from cryobench.core import Progress, Volume
from cryobench.datasets.states.base import (
    Ensemble,
    OneStructure,
    Setting,
    VolumeMaker,
    radius_of,
    require_fit,
)
from cryobench.datasets.states.trajectory import component_ensemble
from cryobench.structures.normal_modes import NormalModes, normal_modes


class ModeDraws(OneStructure):
    """States made by displacing a structure along the ``modes`` lowest normal modes of its anisotropic network.

    Each mode's amplitude is normal, with the variance that its stiffness gives; all are scaled so that the root mean
    square displacement of the ensemble is ``rmsd`` Å.
    """

    kind: Literal["normal-modes"] = "normal-modes"
    modes: int = Field(default=10, ge=1, le=1000)
    rmsd: float = Field(default=3.0, gt=0)

    def words(self) -> str:
        """Return the motion in words."""
        return f"the {self.modes} lowest modes of its anisotropic network, {self.rmsd:g} Å root mean square"

    def summary(self, count: int) -> str:
        """Return what is displaced."""
        return f"{self.structure.words()} in {count} random displacements along {self.words()}."

    def volume_maker(self, count: int, setting: Setting) -> VolumeMaker:
        """Return what renders the draws."""
        del count
        return self._maker(normal_modes(self.centred_atoms(setting), self.modes), setting)

    def ensemble(self, images: tuple[int, ...], setting: Setting, progress: Progress) -> Ensemble:
        """Return the draws, with the displacement along each mode as the true latent."""
        del progress
        modes = normal_modes(self.centred_atoms(setting), self.modes)
        latents = np.array(
            [modes.amplitudes(self.rmsd, setting.seed, state) for state in range(len(images))], np.float32
        )
        require_fit(
            _reach(modes, latents), self.rendering, setting.imaging, "the shifted structure, in one of its states,"
        )
        return component_ensemble(
            [f"draw {i}" for i in range(len(images))],
            latents,
            "displacement along each normal mode, softest first, as a root mean square over residues in Å",
            images,
            self._maker(modes, setting),
            self.rendering.resolution,
        )

    def _maker(self, modes: NormalModes, setting: Setting) -> VolumeMaker:
        def volume(state: int) -> Volume:
            coordinates = modes.displaced(modes.amplitudes(self.rmsd, setting.seed, state))
            return self.rendering.render(modes.atoms.moved(coordinates), setting.imaging)

        return volume


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
