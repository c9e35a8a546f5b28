"""Surfaces of maps to look at: triangles of a small copy of the map, at a level that two maps can share."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int32

from cryobench.core import Volume
from cryobench.metrics._surfaces import matched_levels
from cryobench.ops.fft import crop_volume
from cryobench.ops.surface_nets import surface_nets

SURFACE_BOX = 40
"""Largest box that surfaces are drawn of: some ten thousand triangles."""

LEVEL_WORDS = "encloses as much as a fifth of the true map's maximum does of it"


def iso_surface(
    volume: Volume, reference: Volume, box: int = SURFACE_BOX
) -> tuple[Float32[np.ndarray, "V 3"], Int32[np.ndarray, "F 3"]]:
    """Return the surface of a map at the level of :func:`~cryobench.metrics.matched_levels`.

    Parameters
    ----------
    volume
        What is drawn.
    reference
        The true map, whose own surface comes of handing it in as the volume too.
    box
        Both are Fourier-cropped to this box first, if they are larger.

    Returns
    -------
    vertices
        x, y, z in Å about the origin, shape (V, 3).
    faces
        Vertices of each triangle, counter-clockwise seen from outside, shape (F, 3).

    Raises
    ------
    InputError
        If a map is constant, not finite or of another grid, or the reference has no density above 0.
    """
    small = min(box, volume.box)
    pixel_size = volume.pixel_size * volume.box / small
    first = Volume(crop_volume(volume.data, small), pixel_size)
    second = first if volume is reference else Volume(crop_volume(reference.data, small), pixel_size)
    vertices, faces = surface_nets(first.data, matched_levels(first, second)[0])
    return vertices * np.float32(pixel_size), faces
