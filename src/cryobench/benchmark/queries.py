"""The particles whose volumes are wanted of a method."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int64

from cryobench.core import Truth
from cryobench.metrics import representatives, strided_particles


def wanted_particles(
    truth: Truth, latents: Float32[np.ndarray, "N d"] | None, n: int = 100, seed: int = 0
) -> Int64[np.ndarray, " q"]:
    """Return the particles that both protocols ask for, ascending: one for each state, and ``n`` of all.

    Parameters
    ----------
    truth
        States of the particles.
    latents
        The method's, by which the particle of a state is chosen; None takes the first of each.
    n
        Number of the per-image protocol.
    seed
        Nothing is drawn at random.
    """
    del seed
    per_state = representatives(truth.labels, len(truth.states), latents)
    return np.union1d(per_state, strided_particles(len(truth), min(n, len(truth)))).astype(np.int64)
