"""How far estimated shifts are from the true ones, once the freedom of origin is taken out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from cryobench.align import best_offset, offset_shifts, require_rotations
from cryobench.core import InputError, MetricCard
from cryobench.core.checks import require_finite
from cryobench.metrics._registry import METRICS

TRANSLATION_ERROR = METRICS.add(
    "translation-error",
    MetricCard(
        name="translation-error",
        label="Shift error",
        summary="Distance in the image between each estimated shift and the true one, after the three-dimensional "
        "offset of the map's origin that explains most of the differences.",
        reference="Jeon et al., CryoBench, NeurIPS 2024",
        range=(0.0, None),
        direction="lower",
        unit="Å",
    ),
)


@dataclass(frozen=True, eq=False)
class TranslationError:
    """Errors of N shifts.

    Parameters
    ----------
    distance
        Length of what the offset leaves of each difference, in Å, shape (N,).
    offset
        Where the estimated map's particle sits in the frame of the rotations, (x, y, z) in Å, shape (3,). Without
        rotations it is the mean difference in the image, and z is 0.
    """

    distance: Float64[np.ndarray, " N"]
    offset: Float64[np.ndarray, " 3"]


def translation_error(
    estimated: Float[np.ndarray, ...],
    true: Float[np.ndarray, ...],
    rotations: Float[np.ndarray, ...] | None = None,
) -> TranslationError:
    """Return the errors of shifts after the best offset of the map's origin, by least squares.

    A map whose particle sits at o has the shifts t + (x and y of R o).

    Parameters
    ----------
    estimated, true
        Shifts (x, y) in Å that centre each image, of the same N particles, shape (N, 2).
    rotations
        Rotations of the particles, shape (N, 3, 3): the true ones, or estimated ones in the frame of the true.
        Without them nothing but a shift that all images share is taken out.

    Raises
    ------
    InputError
        If shapes or lengths do not fit, or a value is not finite.
    """
    if estimated.ndim != 2 or estimated.shape[1:] != (2,) or estimated.shape != true.shape or not len(true):
        raise InputError(
            f"estimated shifts of shape {estimated.shape} and true ones of shape {true.shape}: expected (N, 2) for both"
        )
    require_finite("estimated shifts", estimated)
    require_finite("true shifts", true)
    differences = estimated.astype(np.float64) - true.astype(np.float64)
    if rotations is None:
        offset = np.append(differences.mean(axis=0), 0.0)
        left = differences - offset[:2]
    else:
        turns = require_rotations("rotations", rotations)
        if len(turns) != len(differences):
            raise InputError(f"{len(turns)} rotations for {len(differences)} shifts: give those of the same particles")
        offset = best_offset(differences, turns)
        left = differences - offset_shifts(offset, turns)
    return TranslationError(np.hypot(left[:, 0], left[:, 1]), offset)
