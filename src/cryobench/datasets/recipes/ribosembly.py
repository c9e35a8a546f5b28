"""Ribosembly: assembly states of the large subunit of a bacterial ribosome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cryobench.datasets.recipe import RECIPES, Recipe, Size, sizes
from cryobench.datasets.recipes.igg_1d import CTF_NOTE, IMAGING
from cryobench.datasets.states import Member, Rendering, Source, Structures
from cryobench.imaging import PoseSpec, UniformShifts
from cryobench.structures.packaged import ribosome_states

_IMAGES = (
    9076, 14378, 23547, 44366, 30647, 38500, 3915, 3980, 12740, 11975, 17988, 5001, 35367, 37448, 40540, 5772,
)  # fmt: skip
_ENTRIES = ("8c8x", "8c8y", "8c8z", *(f"8c9{digit}" for digit in "0123456789abc"))
_SIZES = sizes(
    demo=(16, tuple(round(count / 80) for count in _IMAGES)),
    small=(16, tuple(round(count / 160) for count in _IMAGES)),
    full=(16, _IMAGES),
    imaging=IMAGING,
    snr=(1.0, 0.1),
)
# The coarse map of the demo reaches further: smaller shifts keep it in the box.
_DEMO_POSES = PoseSpec(shifts=UniformShifts(extent=24.0))
_DEMO = _SIZES["demo"].model_copy(update={"imaging": _SIZES["demo"].imaging.model_copy(update={"poses": _DEMO_POSES})})
_STANDIN = Source(name="built-in:ribosome-50s", title="50S subunit of PDB 4V5D")


class Ribosembly(Recipe):
    """Sixteen compositions with the published numbers of images, which are uneven."""

    title = "Ribosembly"
    summary = "Sixteen assembly states of the bacterial large ribosomal subunit, with uneven populations."
    stand_in = (
        "16 parts of growing mass of the 50S subunit of PDB 4V5D (T. thermophilus), in place of the 16 assembly states "
        "of Qin et al. 2023 (E. coli): real atoms, an assembly order of our own"
    )
    notes = (
        "the entries 8C8X to 8C9C are inferred: 16 consecutive ones, of which 8C93 alone was verified to belong to the "
        "study; which entry goes with which number of images is not known",
        "box and pixel size of the simulation (256 pixels of 1.5 Å) are inferred",
        "that the entries lie in one frame is inferred",
        CTF_NOTE,
    )
    members = _ENTRIES
    sizes: Mapping[str, Size] = _SIZES | {"demo": _DEMO}

    def published(self, rendering: Rendering, chosen: Sequence[int]) -> Structures:
        """Return the entries of the study."""
        members = tuple(Member(name=_ENTRIES[i], source=Source(name=f"pdb:{_ENTRIES[i]}")) for i in chosen)
        return Structures(members=members, frame="shared", rendering=rendering)

    def standin(self, rendering: Rendering, chosen: Sequence[int]) -> Structures:
        """Return parts of the 50S subunit of PDB 4V5D."""
        states = [(i, ribosome_states()[i]) for i in chosen]
        members = tuple(
            Member(name=f"{i + 1}: {state.adds}", source=_STANDIN, select=(*map(str, state.rrna), *state.chains))
            for i, state in states
        )
        return Structures(members=members, frame="shared", rendering=rendering)


RECIPES.add("ribosembly", Ribosembly())
