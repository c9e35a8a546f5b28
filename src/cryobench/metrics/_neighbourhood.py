"""Neighbourhood similarity: whether particles that are near in one space are near in the other.

At k it is the mean over particles of |kNN_A(i) and kNN_B(i)| / k. The ``standard`` convention leaves the particle
itself out, so that a perfect match is 1. The ``published`` one counts it as one of its k + 1 neighbours and divides by
k, so that a perfect match is (k + 1)/k.

Each space is given as points, or as :class:`Neighbours` that are at hand already. Points are taken in parts, so the
neighbours of all of them are never held at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Int, Int32

from cryobench.core import InputError, MetricCard
from cryobench.metrics._registry import METRICS
from cryobench.ops.distances import prepare_space, require_same_points
from cryobench.ops.neighbours import Neighbours, neighbour_rows, require_neighbours
from cryobench.ops.overlaps import overlap_counts

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

NeighbourConvention = Literal["published", "standard"]

_HELD = 2**23
"""Neighbours of each space that are held at once: 32 MiB."""


def neighborhood_similarity(
    a: Float[np.ndarray, "n p"] | Neighbours,
    b: Float[np.ndarray, "m q"] | Neighbours,
    k: int | Sequence[int] | Int[np.ndarray, " c"],
    convention: NeighbourConvention = "standard",
) -> Float64[np.ndarray, " c"]:
    """Return the neighbourhood similarity of two spaces at each number of neighbours, shape (number of k,).

    All k cost little more than the largest.

    Parameters
    ----------
    a, b
        The same n points in two spaces, Euclidean, ties broken by index; or their neighbours, at least as many as the
        largest k.
    k
        Numbers of neighbours, each from 1 to n - 1, in any order.
    convention
        ``"standard"`` or ``"published"``; see the module.

    Raises
    ------
    InputError
        If the numbers of points differ, k is out of range or a value is not finite.

    References
    ----------
    Jeon et al., CryoBench, NeurIPS 2024.
    """
    counts = _numbers(k)
    total = np.zeros(len(np.unique(counts)), dtype=np.int64)
    for _, shared in _shared_parts(a, b, counts):
        total += shared.sum(axis=0, dtype=np.int64)
    hits = total[np.unique(counts, return_inverse=True)[1]] / len(a)
    return np.asarray((hits + _itself(convention)) / counts)


def shared_neighbours(
    a: Float[np.ndarray, "n p"] | Neighbours,
    b: Float[np.ndarray, "m q"] | Neighbours,
    k: int | Sequence[int] | Int[np.ndarray, " c"],
    convention: NeighbourConvention = "standard",
) -> Float64[np.ndarray, "n c"]:
    """Return for each point the fraction of its k neighbours that two spaces share, shape (n, number of k).

    Their mean over points is :func:`neighborhood_similarity`, whose parameters and errors these are. It takes 12 bytes
    for each point and k.
    """
    counts = _numbers(k)
    unique, inverse = np.unique(counts, return_inverse=True)
    hits = np.empty((len(a), len(unique)), dtype=np.int32)
    for start, shared in _shared_parts(a, b, counts):
        hits[start : start + len(shared)] = shared
    return np.asarray((hits[:, inverse] + _itself(convention)) / counts)


def _numbers(k: int | Sequence[int] | Int[np.ndarray, " c"]) -> Int[np.ndarray, " c"]:
    counts = np.atleast_1d(np.asarray(k))
    if counts.ndim != 1 or not counts.size or counts.dtype.kind not in "iu":
        raise InputError(f"k is {k!r}: give a whole number of neighbours, or several in a row")
    return counts.astype(np.int64)


def _shared_parts(
    a: Float[np.ndarray, "n p"] | Neighbours, b: Float[np.ndarray, "m q"] | Neighbours, counts: Int[np.ndarray, " c"]
) -> Iterator[tuple[int, Int32[np.ndarray, "part u"]]]:
    """Yield the first of some points, and how many neighbours each of them shares for each different k, ascending."""
    n = len(a)
    require_same_points(n, len(b))
    unique = np.unique(counts)
    for extreme in (unique[0], unique[-1]):
        require_neighbours(n, int(extreme))
    most = int(unique[-1])
    rows_a, rows_b = _rows_of(a, most, "the first space"), _rows_of(b, most, "the second space")
    size = max(256, _HELD // most // 8 * 8)
    for start in range(0, n, size):
        stop = min(n, start + size)
        yield start, overlap_counts(rows_a(start, stop), rows_b(start, stop), unique, n)


def _rows_of(
    given: Float[np.ndarray, "n p"] | Neighbours, k: int, name: str
) -> Callable[[int, int], Int32[np.ndarray, "part k"]]:
    """Return a function that gives the k nearest neighbours of the points from one to another."""
    if isinstance(given, Neighbours):
        indices = given.first(k).indices
        return lambda start, stop: np.ascontiguousarray(indices[start:stop])
    space = prepare_space(given, name)
    return lambda start, stop: neighbour_rows(space, k, start, stop)


def _itself(convention: str) -> int:
    """Return how often a convention counts the point itself.

    Raises
    ------
    InputError
        If there is no such convention.
    """
    if convention not in {"standard", "published"}:
        raise InputError(f"'{convention}' is no convention: choose standard or published")
    return int(convention == "published")
