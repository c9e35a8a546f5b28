"""The random streams of many particles, one after another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

from cryobench.core import stream


def particle_streams(seed: int, stage: str, indices: Int[np.ndarray, " n"]) -> Iterator[np.random.Generator]:
    """Yield, for each index, a generator that gives the numbers of ``stream(seed, stage, index)``.

    It is one generator, moved to each particle's block of counters in turn: ten times faster than making one for each
    particle. So draw from it before asking for the next.

    Parameters
    ----------
    seed, stage
        As for :func:`cryobench.core.stream`.
    indices
        Particle indices, at least 0, in any order.

    Raises
    ------
    ValueError
        If an index is negative.
    """
    if indices.size and indices.min() < 0:
        raise ValueError(f"particle indices are at least 0, not {indices.min()}")
    generator = stream(seed, stage)
    fresh = generator.bit_generator.state
    for index in indices.tolist():
        fresh["state"]["counter"][3] = index
        generator.bit_generator.state = fresh
        yield generator
