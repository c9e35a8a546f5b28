"""IgG-RL: an antibody, the linker to one arm (Fab) of which takes random conformations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryobench.datasets.recipe import RECIPES, Recipe, sizes
from cryobench.datasets.recipes.igg_1d import CTF_NOTE, IMAGING, STANDIN, STANDIN_WORDS, STRUCTURE
from cryobench.datasets.states import LinkerDraws, Rendering, Source
from cryobench.datasets.states.base import atoms_of

_MOVING = ("H:1-230", "L:1-214")
_LINKER = ("H:232", "H:235", "H:236", "H:237", "H:238")
_STANDIN_MOVING = ("H:1-231", "L:1-214")
_STANDIN_LINKER = ("H:232-236",)


class IgGRL(Recipe):
    """The five residues between the disulfide bonds of the hinge of H, their phi and psi drawn at random."""

    title = "IgG-RL"
    summary = "An antibody (IgG), the five linker residues of one Fab of which take random conformations."
    stand_in = STANDIN_WORDS
    notes = (
        "the linker residues (H 232, 235 to 238 of PDB 1HZH) are inferred from the two disulfide bonds about them",
        "the distribution of phi and psi, and the test for clashes, are this recipe's own: the published draws are not "
        "known, so its states are other ones",
        CTF_NOTE,
    )
    sizes = sizes(demo=(20, 200), small=(20, 100), full=(100, 1000), imaging=IMAGING, snr=(1.0, 0.1))

    def published(self, rendering: Rendering, chosen: Sequence[int]) -> LinkerDraws:
        """Return random linkers of PDB 1HZH."""
        del chosen
        return LinkerDraws(structure=STRUCTURE, rendering=rendering, moving=_MOVING, linker=_LINKER)

    def standin(self, rendering: Rendering, chosen: Sequence[int]) -> LinkerDraws:
        """Return random linkers of the synthetic antibody."""
        del chosen
        return LinkerDraws(structure=STANDIN, rendering=rendering, moving=_STANDIN_MOVING, linker=_STANDIN_LINKER)

    def custom(self, structure: Path, rendering: Rendering, changes: Mapping[str, Any]) -> LinkerDraws:
        """Return random linkers of a user's structure."""
        title = atoms_of(Source(name=str(structure)), structure, rendering.atoms).title
        motion = {"moving": _MOVING, "linker": _LINKER} | dict(changes)
        return LinkerDraws(structure=Source(name=str(structure), title=title), rendering=rendering, **motion)


RECIPES.add("igg-rl", IgGRL())
