"""True volumes of an archive that has none, rendered from its trajectory."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Int32

from cryobench.core import CTFParameters, Poses, Progress
from cryobench.datasets.published.agreement import Agreement, agreement
from cryobench.datasets.published.layout import Layout
from cryobench.datasets.published.releases import Release
from cryobench.datasets.states import Frames, Rendering, Setting, Source
from cryobench.imaging import ImagingSpec, PoseSpec, UniformShifts
from cryobench.io import StackImages
from cryobench.structures import AtomChoice

_STATES = 4
_PLACES: tuple[tuple[bool, Literal["mass", "geometry", "file"]], ...] = (
    (True, "geometry"),
    (True, "mass"),
    (True, "file"),
    (False, "geometry"),
    (False, "mass"),
    (False, "file"),
)
"""Whether frames are superposed on the topology, and what lies at the centre of the box."""


class Rendered(NamedTuple):
    """How true volumes are rendered, and how well the images show them; None where they are not."""

    frames: Frames | None
    found: Agreement | None
    notes: tuple[str, ...]


def imaging_of(release: Release) -> ImagingSpec:
    """Return how volumes are rendered: at the box of the released images, in which they have to fit unshifted."""
    unshifted = PoseSpec(shifts=UniformShifts(extent=0.0))
    return ImagingSpec(box=release.box, pixel_size=release.pixel_size, output_box=release.box, poses=unshifted)


def find_frames(
    layout: Layout,
    release: Release,
    images: StackImages,
    poses: Poses,
    ctf: CTFParameters,
    labels: Int32[np.ndarray, " N"],
    progress: Progress,
) -> Rendered:
    """Return how the frames of the trajectory have to be placed for the images to show them.

    The release does not say where the molecule lies in the box. So volumes of some frames are rendered in each place
    that comes into question, and the one with the highest correlation with the images is taken, if noise alone cannot
    give it.

    Raises
    ------
    FormatError, InputError
        If topology or trajectory is damaged, or has fewer frames than there are states.
    """
    if layout.topology is None or layout.trajectory is None:
        note = "the archive has neither true volumes, nor topology and trajectory to render them from"
        return Rendered(None, None, (note,))
    advance = progress("Finding the place of the trajectory in the images", len(_PLACES))
    tried = []
    for superpose, centre in _PLACES:
        atoms = AtomChoice(hydrogens=True)  # as molmap counts them
        frames = Frames(
            topology=Source(name=layout.name(layout.topology)),
            trajectory=Source(name=layout.name(layout.trajectory)),
            superpose=superpose,
            rendering=Rendering(resolution=release.resolution, centre=centre, atoms=atoms),
        )
        maker = frames.volume_maker(release.states, setting_of(layout, release))
        tried.append((frames, agreement(images, poses, ctf, labels, maker, _STATES)))
        advance(1)
    frames, best = max(tried, key=lambda pair: abs(pair[1].mean))
    if not best.decisive:
        note = f"images do not show the trajectory in any of {len(tried)} places that were tried ({best.words()})"
        return Rendered(None, None, (f"{note}, so there are no true volumes",))
    moved = "superposed on the topology" if frames.superpose else "not turned"
    notes = (
        "the archive has no volumes: they are rendered from the trajectory when they are asked for",
        f"where the molecule lies in the box is not stated: of {len(tried)} places the one that the images show best "
        f"was taken (frames {moved}, centred by {frames.rendering.centre}); it may be off by about a voxel",
    )
    return Rendered(frames, best, notes)


def setting_of(layout: Layout, release: Release) -> Setting:
    """Return how the frames become volumes: the images' box, and topology and trajectory."""
    return Setting(imaging_of(release), 0, (layout.topology, layout.trajectory))
