"""Neighbourhood similarity as it is drawn: over the radius of the neighbourhood, and by the published protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int

from cryobench.core import InputError
from cryobench.metrics._neighbourhood import NeighbourConvention, neighborhood_similarity
from cryobench.ops.distances import require_same_points
from cryobench.ops.neighbours import Neighbours

PUBLISHED_NEIGHBOURS = tuple(range(200, 4001, 200))
"""Numbers of neighbours of the published protocol."""

PUBLISHED_STRIDE = 5
"""Of the published protocol: every fifth particle, from each of the first five."""

RADII_PERCENT = tuple(float(percent) for percent in range(1, 21))
"""Radii of a curve, in % of the points: those of the published protocol where it thins 100,000 particles to 20,000."""


@dataclass(frozen=True, eq=False)
class NeighbourhoodCurve:
    """Matching neighbours over the radius of the neighbourhood.

    Parameters
    ----------
    k
        Numbers of neighbours.
    radius_percent
        The same in % of all points.
    matching_percent
        Neighbours that the spaces share, in % of k.
    """

    k: Int[np.ndarray, " r"]
    radius_percent: Float64[np.ndarray, " r"]
    matching_percent: Float64[np.ndarray, " r"]


@dataclass(frozen=True, eq=False)
class StridedSimilarity:
    """Neighbourhood similarity of the parts that every so many-th point makes, in the ``published`` convention.

    Parameters
    ----------
    k
        Numbers of neighbours, the same whatever the thinning.
    hits
        For each start and k, the mean over points of how many neighbours are shared, the point itself counted.
    """

    k: Int[np.ndarray, " c"]
    hits: Float64[np.ndarray, "starts c"]

    @property
    def similarity(self) -> Float64[np.ndarray, "starts c"]:
        """Hits over k: a perfect match is (k + 1)/k."""
        return np.asarray(self.hits / self.k)

    @property
    def mean(self) -> Float64[np.ndarray, " c"]:
        """Mean of the similarity over starts."""
        return np.asarray(self.similarity.mean(axis=0))

    @property
    def spread(self) -> Float64[np.ndarray, " c"]:
        """Standard deviation of the similarity over starts."""
        return np.asarray(self.similarity.std(axis=0))


def neighborhood_curve(
    a: Float[np.ndarray, "n p"] | Neighbours,
    b: Float[np.ndarray, "m q"] | Neighbours,
    radii_percent: Sequence[float] = RADII_PERCENT,
    convention: NeighbourConvention = "standard",
) -> NeighbourhoodCurve:
    """Return the % of matching neighbours over the radius of the neighbourhood in % of all points.

    Parameters
    ----------
    a, b
        The same n points in two spaces, or their neighbours.
    radii_percent
        Each is rounded to the nearest whole number of neighbours, which the curve then names; radii that round to the
        same number, or to none, are drawn once or not.
    convention
        As for :func:`neighborhood_similarity`.

    Raises
    ------
    InputError
        If no radius holds a neighbour or one holds all points, and as :func:`neighborhood_similarity`.
    """
    n = len(a)
    k = np.unique(np.rint(np.asarray(radii_percent, dtype=np.float64) / 100 * n).astype(np.int64))
    k = k[k != 0]
    if not k.size:
        raise InputError(f"no radius of {tuple(radii_percent)} % holds one of {n} points: ask for larger ones")
    return NeighbourhoodCurve(k, 100 * k / n, 100 * neighborhood_similarity(a, b, k, convention))


def published_neighborhood_similarity(
    a: Float[np.ndarray, "n p"],
    b: Float[np.ndarray, "m q"],
    k: Sequence[int] = PUBLISHED_NEIGHBOURS,
    stride: int = PUBLISHED_STRIDE,
) -> StridedSimilarity:
    """Return the neighbourhood similarity as published: of every fifth point, from each of the first five.

    k is the same as it would be for all points, so a neighbourhood of k covers five times as much of the space.

    Parameters
    ----------
    a, b
        The same n points in two spaces.
    k
        Numbers of neighbours, each below the number of points of the smallest part.
    stride
        Every so many-th point makes a part.

    Raises
    ------
    InputError
        If a part is too small for the largest k, and as :func:`neighborhood_similarity`.

    References
    ----------
    Jeon et al., CryoBench, NeurIPS 2024.
    """
    require_same_points(len(a), len(b))
    counts = np.asarray(k, dtype=np.int64)
    if stride < 1 or len(a) // stride <= counts.max(initial=0):
        raise InputError(f"every {stride}-th of {len(a)} points leaves {len(a) // max(stride, 1)}: "
                         f"too few for {counts.max(initial=0)} neighbours; ask for fewer")  # fmt: skip
    parts = [neighborhood_similarity(a[s::stride], b[s::stride], counts, "published") for s in range(stride)]
    return StridedSimilarity(counts, np.array(parts) * counts)
