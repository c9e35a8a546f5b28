"""Soft masks."""

from __future__ import annotations

import numpy as np
import scipy.ndimage
from jaxtyping import Float32

from cryobench.core import Volume


def soft_mask(volume: Volume, threshold: float, dilation: float, edge: float) -> Volume:
    """Return a mask that is 1 where a map exceeds a threshold, grown, with a cosine edge.

    Parameters
    ----------
    volume
        The map.
    threshold
        Level, as a fraction of the map's maximum.
    dilation, edge
        Growth and width of the edge outside it, in Å.
    """
    inside = volume.data > threshold * volume.data.max()
    distance = scipy.ndimage.distance_transform_edt(~inside, sampling=volume.pixel_size) - dilation
    ramp = np.clip(distance / edge, 0.0, 1.0)
    mask: Float32[np.ndarray, "D D D"] = (0.5 + 0.5 * np.cos(np.pi * ramp)).astype(np.float32)
    return Volume(mask, volume.pixel_size)
