"""Spike-MD: frames of a molecular dynamics simulation, each of them a state."""

from __future__ import annotations

from collections.abc import Sequence

from cryobench.datasets.recipe import RECIPES, Recipe, sizes
from cryobench.datasets.recipes.igg_1d import CTF_NOTE, STANDIN
from cryobench.datasets.states import Frames, ModeDraws, Rendering, Source
from cryobench.imaging import ImagingSpec, NoiseSpec, PoseSpec, UniformShifts

_FRAMES = 100_000
_ARCHIVE = "of the published archive (Zenodo record 14941494)"


class SpikeMD(Recipe):
    """One image of each frame; the true volumes are rendered when they are asked for."""

    title = "Spike-MD"
    summary = "The SARS-CoV-2 spike protein, one image of each of many structures of a molecular dynamics simulation."
    stand_in = (
        "random displacements of a synthetic antibody along the normal modes of its anisotropic network, in place of a "
        "molecular dynamics simulation of the spike protein"
    )
    notes = (
        "topology and trajectory are those of the published archive (Zenodo record 14941494), which has no volumes",
        CTF_NOTE,
    )
    truth = "rendered"
    sizes = sizes(
        demo=(400, 1),
        small=(1000, 1),
        full=(_FRAMES, 1),
        imaging=ImagingSpec(
            box=256,
            pixel_size=1.5,
            output_box=256,
            poses=PoseSpec(shifts=UniformShifts(extent=30.0)),
            noise=NoiseSpec(snr=0.1, scope="state"),
        ),
        snr=(1.0, 0.1),
    )

    def published(self, rendering: Rendering, chosen: Sequence[int]) -> Frames:
        """Return frames of the published trajectory, evenly spread."""
        return Frames(
            topology=Source(name="cached:trajectories/seed_structure.pdb", title=f"topology {_ARCHIVE}"),
            trajectory=Source(name="cached:trajectories/sampled_pdbs.xtc", title=f"trajectory {_ARCHIVE}"),
            step=max(1, _FRAMES // len(chosen)),
            rendering=rendering,
        )

    def standin(self, rendering: Rendering, chosen: Sequence[int]) -> ModeDraws:
        """Return draws along the modes of the synthetic antibody."""
        del chosen
        return ModeDraws(structure=STANDIN, rendering=rendering, rmsd=5.0)


RECIPES.add("spike-md", SpikeMD())
