"""The first images of a stack in one picture."""

from __future__ import annotations

import io

import numpy as np
from jaxtyping import Float32
from PIL import Image

from cryobench.report._pictures import grey_levels

_SIDE = 3
_GAP = 4
_WANTED_PIXELS = 256


def montage(images: Float32[np.ndarray, "n H W"]) -> bytes:
    """Return the first nine images as a PNG of 3 x 3, in grey, each with its own contrast.

    Parameters
    ----------
    images
        Shape (n, H, W), indexed ``[y, x]``; with fewer than nine the rest stays white.
    """
    height, width = images.shape[1:]
    factor = max(1, _WANTED_PIXELS // max(height, width))
    rows, columns = (_GAP + _SIDE * (edge * factor + _GAP) for edge in (height, width))
    sheet = np.full((rows, columns), 255, dtype=np.uint8)
    for place, image in enumerate(images[: _SIDE**2]):
        levels = grey_levels(image).repeat(factor, axis=0).repeat(factor, axis=1)
        y, x = (
            _GAP + i * (edge * factor + _GAP) for i, edge in zip(divmod(place, _SIDE), (height, width), strict=True)
        )
        sheet[y : y + levels.shape[0], x : x + levels.shape[1]] = levels
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
