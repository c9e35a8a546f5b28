"""What is known of each published dataset before its archive is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cryobench.datasets.cards.citation import RECORDS
from cryobench.datasets.recipe import RECIPES
from cryobench.datasets.states import LinkerDraws, Rendering

TrueLatent = Literal["turn", "linker", "composition", "frame"]
"""What the states of a dataset lie along: a turn through 360°, conformations of a linker, no order, or a trajectory."""


@dataclass(frozen=True)
class Release:
    """What a published archive should hold.

    Parameters
    ----------
    dataset
        Name of its recipe.
    record
        Number of the Zenodo record.
    images
        Number of images of each state.
    box, pixel_size
        Of the released images, in pixels and Å.
    simulated_box, simulated_pixel_size
        Of the simulation, before the Fourier crop: stale tables and headers still hold them.
    snr
        Signal-to-noise ratio of the images that are taken where several are released.
    resolution
        Of the maps, in Å.
    latent
        What the states lie along.
    moving, linker
        The residues that move, and those they hang on, where the states are conformations of a linker.
    distrusted
        Why the published file of ground-truth latents is not used, or empty.
    """

    dataset: str
    record: str
    images: tuple[int, ...]
    box: int
    pixel_size: float
    simulated_box: int
    simulated_pixel_size: float
    snr: float
    resolution: float
    latent: TrueLatent
    moving: tuple[str, ...] = ()
    linker: tuple[str, ...] = ()
    distrusted: str = ""

    @property
    def title(self) -> str:
        """Name as it is printed."""
        return RECIPES[self.dataset].title

    @property
    def states(self) -> int:
        """Number of states."""
        return len(self.images)

    @property
    def particles(self) -> int:
        """Number of images."""
        return sum(self.images)

    @property
    def sign(self) -> Literal[-1]:
        """Contrast sign of the released images: the particle is bright."""
        return -1

    def words(self) -> str:
        """Return what it holds, in words."""
        return f"{self.title} ({self.states:,} states, {self.particles:,} images of {self.box} pixels)"


_LATENTS: dict[str, TrueLatent] = {
    "igg-1d": "turn",
    "igg-rl": "linker",
    "ribosembly": "composition",
    "tomotwin-100": "composition",
    "spike-md": "frame",
}

_DISTRUSTED = {
    "igg-rl": "their distances predate a correction of the script that computed them",
}

PUBLISHED = tuple(_LATENTS)
"""Names of the datasets that were published."""


def release_of(dataset: str) -> Release:
    """Return what is known of a published dataset.

    The numbers are those of its recipe at full scale, so that they are written in one place.

    Parameters
    ----------
    dataset
        Its name, as that of its recipe or as it was published: ``igg-1d``, ``IgG-1D``.

    Raises
    ------
    UnknownNameError
        If there is no such dataset.
    """
    name = dataset.lower().removesuffix(":published")
    recipe = RECIPES[name]
    full = recipe.sizes["full"]
    images = (full.images,) * full.states if isinstance(full.images, int) else full.images
    snr = full.imaging.noise.snr
    assert snr is not None
    states = recipe.published(Rendering(), range(full.states))
    moving, linker = (states.moving, states.linker) if isinstance(states, LinkerDraws) else ((), ())
    return Release(
        dataset=name,
        record=RECORDS[name],
        images=images,
        box=full.imaging.output_box,
        pixel_size=full.imaging.output_pixel_size,
        simulated_box=full.imaging.box,
        simulated_pixel_size=full.imaging.pixel_size,
        snr=snr,
        resolution=full.resolution,
        latent=_LATENTS[name],
        moving=moving,
        linker=linker,
        distrusted=_DISTRUSTED.get(name, ""),
    )
