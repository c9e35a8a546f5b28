"""IgG-1D: an antibody, one Fab of which turns through 360 degrees."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cryobench.core import Coordinate, State
from cryobench.datasets.recipe import RECIPES, Ensemble, Recipe, Size
from cryobench.datasets.spec import DatasetSpec, FabTurn
from cryobench.imaging import ImagingSpec
from cryobench.structures import Atoms, ResidueRange, turn_about_psi
from cryobench.structures.synthetic_igg import synthetic_igg

_ANGLE = "angle"


class IgG1D(Recipe):
    """The Fab of chains H and L turned about the CA-C bond (psi) of residue 230 of H, in equal steps."""

    title = "IgG-1D"
    summary = "An antibody (IgG), one Fab of which turns through 360° about a bond of the hinge, in equal steps."
    stand_in = "synthetic antibody built by code, in place of PDB 1HZH: not an experimental structure"
    motion = FabTurn(moving=("H:1-230", "L:1-214"), axis="H:230")
    sizes: Mapping[str, Size] = {
        "demo": Size(
            states=20,
            images_per_state=200,
            resolution=12.0,
            imaging=ImagingSpec(box=64, pixel_size=6.0, output_box=64, snr=1.0, snr_scope="state", shift_extent=30.0),
        ),
        "full": Size(
            states=100,
            images_per_state=1000,
            resolution=3.0,
            imaging=ImagingSpec(
                box=256, pixel_size=1.5, output_box=128, snr=0.01, snr_scope="state", shift_extent=30.0
            ),
        ),
    }

    def standin(self) -> Atoms:
        """Return the synthetic antibody."""
        return synthetic_igg()

    def ensemble(self, structure: Atoms, spec: DatasetSpec) -> Ensemble:
        """Return the antibody at ``spec.states`` angles, all about the centre of the unturned one."""
        centred = structure.moved(structure.coordinates - structure.centre())
        moving = tuple(ResidueRange.parse(part) for part in spec.motion.moving)
        axis = ResidueRange.parse(spec.motion.axis)
        angles = 360.0 * np.arange(spec.states) / spec.states
        radians = np.deg2rad(angles)
        return Ensemble(
            states=tuple(
                State(index=i, name=f"{angle:.7g}°", images=spec.images[i], variables={_ANGLE: float(angle)})
                for i, angle in enumerate(angles)
            ),
            latents=np.column_stack((np.cos(radians), np.sin(radians))).astype(np.float32),
            latent_meaning="cosine and sine of the angle by which the moving part is turned",
            coordinate=Coordinate(name=_ANGLE, unit="degrees", cyclic=True),
            atoms=lambda state: turn_about_psi(centred, moving, axis, float(angles[state])),
        )


RECIPES.add("igg-1d", IgG1D())
