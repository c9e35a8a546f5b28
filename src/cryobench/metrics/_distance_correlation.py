"""Distance correlation: whether a latent space depends on the truth in any way at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from cryobench.core import InputError, MetricCard
from cryobench.core.checks import require_finite
from cryobench.metrics._registry import METRICS
from cryobench.ops.distance_sums import distance_sums

DISTANCE_CORRELATION = METRICS.add(
    "distance-correlation",
    MetricCard(
        name="distance-correlation",
        label="Distance correlation",
        summary="Correlation of the doubly centred distances between particles in the true and in the method's latent "
        "space. 1 where the two are similar figures; 0, with very many particles, where they are independent.",
        reference="Székely, Rizzo & Bakirov, Ann. Statist. 35 (2007) 2769",
        range=(0.0, 1.0),
        direction="higher",
        unit="",
    ),
)


@dataclass(frozen=True)
class DistanceCorrelation:
    """The distance correlation of two spaces.

    Parameters
    ----------
    value
        The sample distance correlation, 0 to 1. Above 0 by chance where particles are few.
    corrected_square
        Its bias-corrected square, whose mean is 0 where the spaces are independent; it can be below 0.
    """

    value: float
    corrected_square: float


def distance_correlation(true: Float[np.ndarray, "N p"], latents: Float[np.ndarray, "M q"]) -> DistanceCorrelation:
    """Return the distance correlation of two spaces, exact for any number of particles.

    It takes time with the square of N, and memory with N.

    Parameters
    ----------
    true, latents
        The same N particles in two spaces, shapes (N, p) and (N, q). A circular variable goes on a circle first:
        :func:`on_circle`.

    Returns
    -------
    Where one space is constant nothing depends on anything: both values are 0, as the definition has it.

    Raises
    ------
    InputError
        If the numbers of points differ, there are fewer than four, or a value is not finite.

    References
    ----------
    Székely, Rizzo and Bakirov, Ann. Statist. 35 (2007) 2769; Székely and Rizzo, J. Multivar. Anal. 117 (2013) 193
    for the correction.
    """
    n = len(true)
    if n != len(latents):
        raise InputError(f"spaces of {n} and {len(latents)} points cannot be compared: give the same points in both")
    if n < 4:
        raise InputError(f"distance correlation needs at least 4 points, not {n}")
    require_finite("the true latents", true)
    require_finite("the latents", latents)
    a, b, aa, bb, ab = distance_sums(_unit_spread(true), _unit_spread(latents))

    def covariances(products: float, first: Float64[np.ndarray, " N"], second: Float64[np.ndarray, " N"]) -> np.ndarray:
        """Return the plain and the corrected squared distance covariance."""
        rows, totals = float((first * second).sum()), float(first.sum()) * float(second.sum())
        plain = products / n**2 - 2 * rows / n**3 + totals / n**4
        corrected = (products - 2 * rows / (n - 2) + totals / ((n - 1) * (n - 2))) / (n * (n - 3))
        return np.array([plain, corrected])

    between = covariances(float(ab.sum()), a, b)
    within = covariances(float(aa.sum()), a, a), covariances(float(bb.sum()), b, b)
    plain, corrected = (
        float(between[i] / np.sqrt(within[0][i] * within[1][i])) if min(within[0][i], within[1][i]) > 1e-12 else 0.0
        for i in range(2)
    )
    return DistanceCorrelation(value=min(float(np.sqrt(max(plain, 0.0))), 1.0), corrected_square=min(corrected, 1.0))


def on_circle(values: Float[np.ndarray, " N"], period: float) -> Float64[np.ndarray, "N 2"]:
    """Return a circular variable as points of the unit circle (cosine, sine), shape (N, 2).

    Parameters
    ----------
    values
        Shape (N,).
    period
        After which the variable is the same again, in its unit: 360 for degrees.

    Raises
    ------
    InputError
        If the period is not above 0.
    """
    if not (np.isfinite(period) and period > 0):
        raise InputError(f"period {period}: expected a number above 0, such as 360 for degrees")
    angles = values.astype(np.float64) * (2 * np.pi / period)
    return np.column_stack((np.cos(angles), np.sin(angles)))


def _unit_spread(points: Float[np.ndarray, "N d"]) -> Float64[np.ndarray, "N d"]:
    """Return points about their mean, at a distance of 1 in the quadratic mean, so that no scale loses digits."""
    centred = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    spread = np.sqrt((centred**2).sum(axis=1).mean())
    # What rounding leaves of a constant is no spread.
    floor = 1e-12 * max(float(np.abs(points).max(initial=0.0)), np.finfo(np.float64).tiny)
    return np.asarray(centred / spread if spread > floor else np.zeros_like(centred))
