"""Tomotwin-100: a hundred complexes of a cell in one dataset."""

from __future__ import annotations

from collections.abc import Sequence

from cryobench.datasets.recipe import RECIPES, Recipe, sizes
from cryobench.datasets.recipes.igg_1d import CTF_NOTE
from cryobench.datasets.states import Assemblies, Member, Rendering, Source, Structures
from cryobench.datasets.states.assemblies import Assembly
from cryobench.imaging import ImagingSpec, NoiseSpec, PoseSpec, UniformShifts

_TABLE = """
    2cg9:156 6vgr:162 5a20:168 1ul1:174 5ljo:179 5csa:180 7wbt:191 7sgm:193 7blr:197 6zqj:200 7niu:204 1u6g:205
    3ulv:206 5jh9:206 3d2f:215 3cf3:226 6lmt:231 2rhs:233 1bxn:240 1n9g:247 5h0s:249 6ces:250 7k5x:251 7jsn:257
    6vn1:258 1qvr:260 2ww2:266 6krk:280 6u8q:280 6z80:285 6lxk:291 6wzt:296 3mkq:313 6ksp:313 2xnx:316 7b7u:331
    6cnj:333 1ss8:359 6x5z:375 7kj2:377 6klh:382 6pif:383 2dfs:393 6ahu:399 6f8l:410 2vz9:422 7nhs:424 6tgc:439
    6m04:456 4xk8:464 7e1y:468 7r04:478 6i0d:488 6bq1:490 7lsy:491 7dd9:493 3lue:502 7sfw:511 7nyz:515 5o32:518
    6yt5:518 6scj:529 7ege:547 5vkq:551 6vz8:556 6w6m:574 7t3u:588 6tav:590 7e8h:591 7etm:595 7amv:597 1g3i:602
    6z3a:607 7egd:622 7q21:629 6xf8:632 6emk:633 6ta5:652 6tps:663 7qj0:671 7kdv:681 7egq:727 6lxv:732 6gym:838
    7o01:847 5g04:864 7bkc:865 6mrc:877 6jy0:881 7woo:881 7eep:899 7mei:921 6gy6:956 6duz:957 7vtq:1014
    6z6o:1023 7ey7:1023 4cr2:1057 6id1:1066 6up6:1131
"""
"""Entry and mass in kDa of each complex, in ascending order of mass."""

MASSES = {entry: float(mass) for entry, mass in (item.split(":") for item in _TABLE.split())}


class Tomotwin100(Recipe):
    """A hundred biological assemblies, each centred by itself."""

    title = "Tomotwin-100"
    summary = "A mixture of 100 cellular complexes, in the order of their mass (156 to 1,131 kDa by TomoTwin's table)."
    stand_in = (
        "100 synthetic complexes built by code, each of the mass of one of the published ones, in place of entries of "
        "the Protein Data Bank: not experimental structures"
    )
    notes = (
        "the entries are inferred: recovered by matching molecular masses with TomoTwin's own table, 98 of them unique "
        "matches; 5H0S and 6XF8 are less certain",
        "that each state is the first biological assembly of its entry is inferred",
        "the masses of the table, which order the states, are those of the heavy atoms of the entries as deposited (so "
        "found for the six that were computed); an assembly can be several times as heavy",
        "box and pixel size of the simulation (256 pixels of 2.25 Å) are inferred",
        CTF_NOTE,
    )
    members = tuple(MASSES)
    sizes = sizes(
        demo=(10, 200),
        small=(100, 20),
        full=(100, 1000),
        imaging=ImagingSpec(
            box=256,
            pixel_size=2.25,
            output_box=128,
            poses=PoseSpec(shifts=UniformShifts(extent=45.0)),
            noise=NoiseSpec(snr=0.01, scope="state"),
        ),
        snr=(1.0, 0.1),
    )

    def published(self, rendering: Rendering, chosen: Sequence[int]) -> Structures:
        """Return the first biological assemblies of the entries."""
        entries = [self.members[i] for i in chosen]
        members = tuple(
            Member(name=entry, source=Source(name=f"pdb:{entry}"), assembly="1", mass_kda=MASSES[entry])
            for entry in entries
        )
        return Structures(members=members, rendering=rendering)

    def standin(self, rendering: Rendering, chosen: Sequence[int]) -> Assemblies:
        """Return synthetic complexes of the same masses."""
        entries = [(i, self.members[i]) for i in chosen]
        members = tuple(Assembly(number=i, mass_kda=MASSES[entry], stands_for=entry) for i, entry in entries)
        return Assemblies(members=members, rendering=rendering)


RECIPES.add("tomotwin-100", Tomotwin100())
