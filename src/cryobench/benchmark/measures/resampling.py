"""Resamples of the particles, for numbers that are no mean over them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int64

from cryobench.core import stream

RESAMPLES = 200


def resamples(count: int, seed: int, times: int = RESAMPLES) -> Iterator[Int64[np.ndarray, " n"]]:
    """Yield draws of the particles with replacement, the same ones for the same seed and count."""
    generator = stream(seed, f"resamples {count}")
    for _ in range(times):
        yield generator.integers(count, size=count)
