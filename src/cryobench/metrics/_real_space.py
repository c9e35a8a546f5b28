"""Correlation of two maps in real space.

Pearson's coefficient over the voxels, each weighted by a soft mask: means, variances and covariance are weighted ones.
Low frequencies hold most of the power of a map, and so decide most of its correlation.
"""

from __future__ import annotations

import math

import numpy as np

from cryobench.core import InputError, MetricCard
from cryobench.core.maps import MapLike, is_constant, require_map, require_mask
from cryobench.metrics._registry import METRICS

REAL_SPACE_CORRELATION = METRICS.add(
    "real-space-correlation",
    MetricCard(
        name="real-space-correlation",
        label="Real-space correlation",
        summary="Pearson correlation between the voxels of a recovered map and those of the true one, weighted by a "
        "soft mask. Dominated by low frequencies.",
        reference="Jones et al., Acta Cryst. A47 (1991) 110; in a mask: Roseman, Acta Cryst. D56 (2000) 1332",
        range=(-1.0, 1.0),
        direction="higher",
        unit="",
    ),
)


def real_space_correlation(volume: MapLike, reference: MapLike, mask: MapLike | None = None) -> float:
    """Return the Pearson correlation of two maps over their voxels.

    Parameters
    ----------
    volume, reference
        Maps of the same grid, shape (D, D, D).
    mask
        Weight of each voxel, at least 0; shape (D, D, D). Without it every voxel counts as much.

    Raises
    ------
    InputError
        If a map or the mask is constant, not finite or of another grid, the mask is empty or negative somewhere, or a
        map is constant where the mask is not 0.
    """
    a = require_map(volume, "the volume")
    b = require_map(reference, "the reference", volume, "the volume")
    weights = None
    if mask is not None:
        weights = require_mask(mask, volume, "the volume")
        inside = weights > 0
        for name, data in (("the volume", a), ("the reference", b)):
            if is_constant(data[inside]):
                raise InputError(f"{name} is constant where the mask is not 0: there is nothing to correlate there")
    # Twice through the maps, since sums of squares about another point than the mean lose digits; plane by plane, so
    # that no map is held in double precision.
    total, sum_a, sum_b = 0.0, 0.0, 0.0
    for z, (plane_a, plane_b) in enumerate(zip(a, b, strict=True)):
        w = np.ones(plane_a.shape) if weights is None else weights[z].astype(np.float64)
        total += float(w.sum())
        sum_a += float((w * plane_a).sum())
        sum_b += float((w * plane_b).sum())
    mean_a, mean_b = sum_a / total, sum_b / total
    cross, square_a, square_b = 0.0, 0.0, 0.0
    for z, (plane_a, plane_b) in enumerate(zip(a, b, strict=True)):
        from_a, from_b = plane_a.astype(np.float64) - mean_a, plane_b.astype(np.float64) - mean_b
        weighted_a = from_a if weights is None else weights[z] * from_a
        weighted_b = from_b if weights is None else weights[z] * from_b
        cross += float((weighted_a * from_b).sum())
        square_a += float((weighted_a * from_a).sum())
        square_b += float((weighted_b * from_b).sum())
    # Rounding can lead past the ends of the range.
    return min(1.0, max(-1.0, cross / (math.sqrt(square_a) * math.sqrt(square_b))))
