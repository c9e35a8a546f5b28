"""IgG-1D: an antibody, one arm (Fab) of which turns about a bond of the hinge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryobench.datasets.recipe import RECIPES, Recipe, sizes
from cryobench.datasets.states import FabTurn, Rendering, Source
from cryobench.datasets.states.base import atoms_of
from cryobench.imaging import ImagingSpec, NoiseSpec, PoseSpec, UniformShifts

STRUCTURE = Source(name="pdb:1hzh")
STANDIN = Source(name="built-in:synthetic-igg", title="Synthetic IgG antibody (not an experimental structure)")
STANDIN_WORDS = "synthetic antibody built by code, in place of PDB 1HZH: not an experimental structure"
IMAGING = ImagingSpec(
    box=256,
    pixel_size=1.5,
    output_box=128,
    poses=PoseSpec(shifts=UniformShifts(extent=30.0)),
    noise=NoiseSpec(snr=0.01, scope="state"),
)
CTF_NOTE = (
    "the published images take their CTF parameters from EMPIAR-11247, whose table is not available here: the default "
    "is a parametric distribution in its place"
)
_MOVING = ("H:1-230", "L:1-214")
_AXIS = "H:230"


class IgG1D(Recipe):
    """The Fab of chains H and L turned about the CA-C bond (psi) of residue 230 of H, in equal steps."""

    title = "IgG-1D"
    summary = "An antibody (IgG), one Fab of which turns through 360° about a bond of the hinge, in equal steps."
    stand_in = STANDIN_WORDS
    notes = (CTF_NOTE,)
    sizes = sizes(demo=(20, 200), small=(20, 100), full=(100, 1000), imaging=IMAGING, snr=(1.0, 0.1))

    def published(self, rendering: Rendering, chosen: Sequence[int]) -> FabTurn:
        """Return the turn of a Fab of PDB 1HZH."""
        del chosen
        return FabTurn(structure=STRUCTURE, rendering=rendering, moving=_MOVING, axis=_AXIS)

    def standin(self, rendering: Rendering, chosen: Sequence[int]) -> FabTurn:
        """Return the turn of a Fab of the synthetic antibody."""
        del chosen
        return FabTurn(structure=STANDIN, rendering=rendering, moving=_MOVING, axis=_AXIS)

    def custom(self, structure: Path, rendering: Rendering, changes: Mapping[str, Any]) -> FabTurn:
        """Return the turn of a part of a user's structure."""
        title = atoms_of(Source(name=str(structure)), structure, rendering.atoms).title
        motion = {"moving": _MOVING, "axis": _AXIS} | dict(changes)
        return FabTurn(structure=Source(name=str(structure), title=title), rendering=rendering, **motion)


RECIPES.add("igg-1d", IgG1D())
