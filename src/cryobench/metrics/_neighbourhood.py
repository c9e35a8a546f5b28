"""Neighbourhood similarity: whether particles that are near in one space are near in the other.

At k it is the mean over particles of |kNN_A(i) and kNN_B(i)| / k. The ``standard`` convention leaves the particle
itself out, so that a perfect match is 1. The ``published`` one counts it as one of its k + 1 neighbours and divides by
k, so that a perfect match is (k + 1)/k.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Int32

from cryobench.core import InputError, MetricCard
from cryobench.metrics._registry import METRICS
from cryobench.ops.neighbours import nearest_neighbours

NEIGHBOURHOOD_SIMILARITY = METRICS.add(
    "neighborhood-similarity",
    MetricCard(
        name="neighborhood-similarity",
        label="Neighborhood similarity",
        summary="Mean over particles of the fraction of their k nearest neighbours in the true latent space that are "
        "also among their k nearest in the method's latent space, the particle itself left out. Chance is k/(N - 1).",
        reference="Jeon et al., CryoBench, NeurIPS 2024",
        range=(0.0, 1.0),
        direction="higher",
        unit="",
    ),
)


def shared_neighbours(a: Int32[np.ndarray, "n k"], b: Int32[np.ndarray, "n k"]) -> Float64[np.ndarray, " n"]:
    """Return for each point the fraction of its k neighbours that two lists of neighbours share, shape (n,)."""
    if a.shape != b.shape:
        raise InputError(f"neighbours of shapes {a.shape} and {b.shape} cannot be compared: use the same points and k")
    merged = np.sort(np.concatenate((a, b), axis=1), axis=1)
    return np.asarray((merged[:, 1:] == merged[:, :-1]).sum(axis=1) / a.shape[1])


def neighborhood_similarity(
    a: Float[np.ndarray, "n p"],
    b: Float[np.ndarray, "m q"],
    k: int,
    convention: Literal["published", "standard"] = "standard",
) -> float:
    """Return the neighbourhood similarity of two spaces at k neighbours.

    Parameters
    ----------
    a, b
        The same n points in two spaces, Euclidean; ties are broken by index.
    k
        Number of neighbours, 1 to n - 1.
    convention
        ``"standard"`` or ``"published"``; see the module.

    Raises
    ------
    InputError
        If the numbers of points differ or k is out of range.
    """
    if len(a) != len(b):
        raise InputError(f"spaces of {len(a)} and {len(b)} points cannot be compared: give the same points in both")
    shared = float(shared_neighbours(nearest_neighbours(a, k), nearest_neighbours(b, k)).mean())
    return shared if convention == "standard" else shared + 1.0 / k
