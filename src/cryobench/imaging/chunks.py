"""How many images are worked on at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

_MOST_PIXELS = 2**22


def chunks(count: int, box: int, most: int | None = None) -> Iterator[Int[np.ndarray, " m"]]:
    """Yield the indices 0 to ``count - 1`` in turn, as many at a time as fit a fixed share of memory.

    Parameters
    ----------
    count
        How many images there are.
    box
        Their edge in pixels.
    most
        Fewer at a time than would fit.
    """
    fitting = max(1, _MOST_PIXELS // box**2)
    step = fitting if most is None else min(most, fitting)
    for start in range(0, count, step):
        yield np.arange(start, min(count, start + step))
