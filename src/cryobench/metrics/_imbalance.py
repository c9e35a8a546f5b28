"""Information imbalance: how well near neighbours in one space predict near neighbours in another.

From A to B it is 2/(N k) times the sum, over points i and their k nearest neighbours j in A, of the rank of j among
the neighbours of i in B, where the nearest has rank 1. It is near 0 where nearness in A implies nearness in B, and near
1 where it says nothing. It has a direction: a space that holds another and more besides predicts it, and not the other
way round.

Ties go to the smaller index, in neighbours and in ranks. So of S equal clusters of identical points, in the other
space drawn or in this one, a perfect match is about 1/S, not 0.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int32

from cryobench.core import InputError, MetricCard
from cryobench.metrics._registry import METRICS
from cryobench.ops.distances import Space, prepare_space, require_same_points
from cryobench.ops.neighbours import Neighbours, neighbour_rows, require_neighbours
from cryobench.ops.ranks import rank_rows

INFORMATION_IMBALANCE = METRICS.add(
    "information-imbalance",
    MetricCard(
        name="information-imbalance",
        label="Information imbalance",
        summary="Mean rank, in one space, of the nearest neighbours that particles have in another, times 2/N. "
        "About 0 where the other space predicts this one, about 1 where it says nothing of it.",
        reference="Glielmo et al., PNAS Nexus 1 (2022) pgac039",
        range=(0.0, None),
        direction="lower",
        unit="",
    ),
)

_PART = 8192


def information_imbalance(a: Float[np.ndarray, "n p"], b: Float[np.ndarray, "m q"], k: int = 1) -> tuple[float, float]:
    """Return the information imbalance from A to B, and from B to A.

    Parameters
    ----------
    a, b
        The same n points in two spaces, Euclidean.
    k
        Number of nearest neighbours that predict, 1 to n - 1.

    Raises
    ------
    InputError
        If the numbers of points differ, k is out of range, a value is not finite, or all points of a space are equal:
        such a space predicts nothing and cannot be predicted.

    References
    ----------
    Glielmo et al., PNAS Nexus 1 (2022) pgac039.
    """
    first, second = _varied_spaces(a, b, k)
    scale = 2.0 / (len(first) ** 2 * k)
    return int(_rank_sums(first, second, k).sum()) * scale, int(_rank_sums(second, first, k).sum()) * scale


def imbalance_per_point(
    a: Float[np.ndarray, "n p"], b: Float[np.ndarray, "m q"], k: int = 1
) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    """Return what each point contributes: 2/N times the mean rank of its neighbours, from A to B and from B to A.

    Their means are :func:`information_imbalance`, whose parameters and errors these are.
    """
    first, second = _varied_spaces(a, b, k)
    scale = 2.0 / (len(first) * k)
    return _rank_sums(first, second, k) * scale, _rank_sums(second, first, k) * scale


def conditional_ranks(points: Float[np.ndarray, "n d"], neighbours: Neighbours) -> Int32[np.ndarray, "n k"]:
    """Return the rank that each neighbour, found in another space, has among those of its point in this one.

    The nearest other point has rank 1, the farthest n - 1; ties go to the smaller index.

    Raises
    ------
    InputError
        If the numbers of points differ or a value is not finite.
    """
    require_same_points(len(neighbours), len(points))
    return rank_rows(prepare_space(points), np.ascontiguousarray(neighbours.indices), 0)


def _varied_spaces(a: Float[np.ndarray, "n p"], b: Float[np.ndarray, "m q"], k: int) -> tuple[Space, Space]:
    require_same_points(len(a), len(b))
    spaces = prepare_space(a, "the first space"), prepare_space(b, "the second space")
    require_neighbours(len(a), k)
    for space, name in zip(spaces, ("first", "second"), strict=True):
        if (space.exact == space.exact[0]).all():
            raise InputError(f"all points of the {name} space are equal: it predicts nothing; leave it out")
    return spaces


def _rank_sums(space: Space, other: Space, k: int) -> Float64[np.ndarray, " n"]:
    """Return for each point the sum of the ranks, in the other space, of its k nearest neighbours in this one."""
    n = len(space)
    sums = np.empty(n)
    part = max(256, min(_PART, 2**23 // k // 8 * 8))
    for start in range(0, n, part):
        found = neighbour_rows(space, k, start, min(n, start + part))
        sums[start : start + len(found)] = rank_rows(other, found, start).sum(axis=1, dtype=np.int64)
    return sums
