"""Trustworthiness and continuity: whether a latent space invents neighbours, and whether it loses any.

With U_i the k nearest points to i in the latent space and r(i, j) the rank of j from i in the true one,

    T(k) = 1 - 2 / (N k (2N - 3k - 1)) Σ_i Σ_{j in U_i} max(0, r(i, j) - k)

is the trustworthiness. Continuity is the same with the two spaces exchanged. Ties are broken by index.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from cryobench.core import InputError, MetricCard
from cryobench.core.checks import require_finite
from cryobench.metrics._registry import METRICS
from cryobench.ops.neighbour_ranks import neighbour_ranks
from cryobench.ops.neighbours import nearest_neighbours

_REFERENCE = "Venna & Kaski, ICANN 2001, LNCS 2130, 485"

TRUSTWORTHINESS = METRICS.add(
    "trustworthiness",
    MetricCard(
        name="trustworthiness",
        label="Trustworthiness",
        summary="How little the neighbours in the method's latent space are far apart in the true one: 1 where none of "
        "the k nearest is further than k-th there. About 0.5 by chance.",
        reference=_REFERENCE,
        range=(0.0, 1.0),
        direction="higher",
        unit="",
    ),
)
CONTINUITY = METRICS.add(
    "continuity",
    MetricCard(
        name="continuity",
        label="Continuity",
        summary="How little the neighbours in the true latent space are far apart in the method's: 1 where none of the "
        "k nearest is further than k-th there. About 0.5 by chance.",
        reference=_REFERENCE,
        range=(0.0, 1.0),
        direction="higher",
        unit="",
    ),
)


def trustworthiness(
    true: Float[np.ndarray, "N p"], latents: Float[np.ndarray, "M q"], k: int
) -> Float64[np.ndarray, " N"]:
    """Return the trustworthiness of each particle's neighbourhood, shape (N,); the mean is that of the space.

    Parameters
    ----------
    true, latents
        The same N particles in the true and in the method's latent space, shapes (N, p) and (N, q).
    k
        Number of neighbours, at least 1 and below N/2.

    Raises
    ------
    InputError
        If the numbers of points differ, k is out of range or a value is not finite.

    References
    ----------
    Venna and Kaski, ICANN 2001, LNCS 2130, 485.
    """
    return _kept(true, latents, k)


def continuity(true: Float[np.ndarray, "N p"], latents: Float[np.ndarray, "M q"], k: int) -> Float64[np.ndarray, " N"]:
    """Return the continuity of each particle's neighbourhood, shape (N,); arguments of :func:`trustworthiness`."""
    return _kept(latents, true, k)


def trustworthiness_chance(n: int, k: int) -> float:
    """Return trustworthiness and continuity where the neighbours among n points are drawn at random."""
    _require_neighbours(n, k)
    # The mean of max(0, r - k) over ranks r from 1 to n - 1, k times a particle.
    return 1.0 - (n - 1 - k) * (n - k) / ((n - 1) * (2 * n - 3 * k - 1))


def _kept(ranked: Float[np.ndarray, "N p"], searched: Float[np.ndarray, "M q"], k: int) -> Float64[np.ndarray, " N"]:
    n = len(ranked)
    if n != len(searched):
        raise InputError(f"spaces of {n} and {len(searched)} points cannot be compared: give the same points in both")
    _require_neighbours(n, k)
    require_finite("latents", ranked)
    require_finite("latents", searched)
    ranks = neighbour_ranks(ranked, nearest_neighbours(searched, k).indices)
    ranks -= k
    excess = np.maximum(ranks, 0, out=ranks).sum(axis=1, dtype=np.int64)
    return np.asarray(1.0 - excess * (2.0 / (k * (2 * n - 3 * k - 1))))


def _require_neighbours(n: int, k: int) -> None:
    if not 1 <= k < n / 2:
        raise InputError(f"{k} neighbours asked for among {n} points: choose at least 1 and fewer than half of them")
