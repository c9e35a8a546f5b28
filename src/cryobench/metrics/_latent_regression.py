"""Regression of the true collective variable on the latent coordinates, judged on particles held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Int, Int32

from cryobench.core import InputError, MetricCard, stream
from cryobench.core.checks import require_finite
from cryobench.metrics._distance_correlation import on_circle
from cryobench.metrics._registry import METRICS
from cryobench.ops.neighbours import nearest_neighbours

RegressionModel = Literal["neighbours", "linear"]
REGRESSION_MODELS: tuple[RegressionModel, ...] = ("neighbours", "linear")

LATENT_REGRESSION = METRICS.add(
    "latent-regression",
    MetricCard(
        name="latent-regression",
        label="R² of the collective variable",
        summary="Share of the variance of the true collective variable that a regression on the latent coordinates "
        "foretells of particles held out. 0 is as good as the mean of the others; below 0 is worse.",
        reference="Stone, J. R. Stat. Soc. B 36 (1974) 111; Mardia & Jupp, Directional Statistics (2000)",
        range=(None, 1.0),
        direction="higher",
        unit="",
    ),
)
LATENT_REGRESSION_ERROR = METRICS.add(
    "latent-regression-error",
    MetricCard(
        name="latent-regression-error",
        label="Error of the collective variable",
        summary="Mean distance between the true collective variable of particles held out and what a regression on "
        "the latent coordinates foretells, in the unit of the variable, the shorter way round where it is circular.",
        reference="Stone, J. R. Stat. Soc. B 36 (1974) 111",
        range=(0.0, None),
        direction="lower",
        unit="of the variable",
    ),
)


@dataclass(frozen=True, eq=False)
class LatentRegression:
    """What a regression foretells of particles held out.

    Parameters
    ----------
    r_squared
        1 - Σ loss / Σ loss of the mean of all, the loss being the squared error or, for a circular variable,
        1 - cos(error) against the circular mean.
    mean_absolute_error
        In the unit of the variable.
    predicted
        What is foretold of each particle, shape (N,). Circular: from 0 to the period.
    absolute_errors
        Its distance from the truth, shape (N,).
    """

    r_squared: float
    mean_absolute_error: float
    predicted: Float64[np.ndarray, " N"]
    absolute_errors: Float64[np.ndarray, " N"]


def latent_regression(
    latents: Float[np.ndarray, "N d"],
    variable: Float[np.ndarray, " M"],
    period: float | None = None,
    model: RegressionModel = "neighbours",
    neighbours: int = 10,
    folds: int = 5,
    seed: int = 0,
) -> LatentRegression:
    """Return how well the collective variable of particles can be foretold from the latents of others.

    Each particle is foretold by a model that was fitted without its fold. A circular variable is foretold as a point
    in the plane of cosine and sine; its angle is what counts.

    Parameters
    ----------
    latents
        Shape (N, d).
    variable
        True collective variable of each particle, shape (N,).
    period
        Of a circular variable, in its unit (360 for degrees); None where it is none.
    model
        ``"neighbours"``, the mean over the nearest particles of the other folds (Euclidean, ties by index), or
        ``"linear"``, least squares with a constant.
    neighbours
        How many nearest particles, where they are used.
    folds, seed
        Number of folds, and the seed that deals the particles out to them.

    Raises
    ------
    InputError
        If lengths do not fit, the variable is constant, a value is not finite, or there are too few particles.

    References
    ----------
    Stone, J. R. Stat. Soc. B 36 (1974) 111. Mardia and Jupp, Directional Statistics (2000), for circular variance.
    """
    n = len(latents)
    if n != len(variable):
        raise InputError(f"{n} latents and {len(variable)} values of the variable: give both of the same particles")
    require_finite("latents", latents)
    require_finite("the variable", variable)
    if model not in REGRESSION_MODELS:
        raise InputError(f"model '{model}': choose one of {REGRESSION_MODELS}")
    if not 2 <= folds <= n:
        raise InputError(f"{folds} folds of {n} particles: choose from 2 to the number of particles")
    others = n - -(-n // folds)
    if model == "neighbours" and not 1 <= neighbours <= others:
        raise InputError(f"{neighbours} neighbours among {others} particles of other folds: choose from 1 to {others}")
    values = variable.astype(np.float64)
    targets = values[:, None] if period is None else on_circle(values, period)
    if np.ptp(targets, axis=0).max() <= 1e-12 * np.abs(targets).max():
        raise InputError(f"the variable is {values[0]:g} for every particle: there is nothing to recover")

    fold = np.empty(n, dtype=np.int64)
    fold[stream(seed, "regression folds").permutation(n)] = np.arange(n) % folds
    if model == "linear":
        found = _linear(latents.astype(np.float64), targets, fold)
    else:
        found = targets[_held_out_neighbours(latents, fold, neighbours)].mean(axis=1)
    if period is None:
        predicted = found[:, 0]
        errors = np.abs(predicted - values)
        losses, baseline = errors**2, (values - values.mean()) ** 2
    else:
        turn = period / (2 * np.pi)
        predicted = np.arctan2(found[:, 1], found[:, 0]) * turn % period
        errors = np.abs((predicted - values + period / 2) % period - period / 2)
        mean = np.arctan2(*targets.mean(axis=0)[::-1]) * turn
        losses, baseline = 1 - np.cos(errors / turn), 1 - np.cos((values - mean) / turn)
    return LatentRegression(
        r_squared=float(1 - losses.sum() / baseline.sum()),
        mean_absolute_error=float(errors.mean()),
        predicted=predicted,
        absolute_errors=errors,
    )


def _linear(
    latents: Float64[np.ndarray, "N d"], targets: Float64[np.ndarray, "N t"], fold: Int[np.ndarray, " N"]
) -> Float64[np.ndarray, "N t"]:
    found = np.empty_like(targets)
    for number in range(int(fold.max()) + 1):
        out = fold == number
        centre, mean = latents[~out].mean(axis=0), targets[~out].mean(axis=0)
        within, beyond = latents[~out] - centre, latents[out] - centre
        # Normal equations by einsum, whose sums do not hang on the number of threads.
        variances, axes = np.linalg.eigh(np.einsum("ni,nj->ij", within, within))
        # Directions that hardly vary foretell nothing.
        used = variances > 1e-12 * max(variances[-1], np.finfo(np.float64).tiny)
        axes = axes[:, used]
        products = np.einsum("ni,nt->it", within, targets[~out] - mean)
        slopes = (axes / variances[used]) @ (axes.T @ products)
        found[out] = np.einsum("ni,it->nt", beyond, slopes) + mean
    return found


def _held_out_neighbours(
    latents: Float[np.ndarray, "N d"], fold: Int[np.ndarray, " N"], k: int
) -> Int32[np.ndarray, "N k"]:
    """Return the k nearest particles of the other folds of each particle, in the order of their distance."""
    n = len(latents)
    # Of so many neighbours, hardly ever fewer than k are of other folds.
    lists = nearest_neighbours(latents, min(n - 1, 3 * k + 10)).indices
    others = fold[lists] != fold[:, None]
    first = np.argsort(~others, axis=1, kind="stable")[:, :k]
    chosen = np.take_along_axis(lists, first, axis=1) if lists.shape[1] >= k else np.zeros((n, k), dtype=np.int32)
    points = latents.astype(np.float64)
    for i in np.flatnonzero(others.sum(axis=1) < k):
        away = np.flatnonzero(fold != fold[i])
        squares = ((points[away] - points[i]) ** 2).sum(axis=1)
        chosen[i] = away[np.argsort(squares, kind="stable")[:k]]
    return chosen
