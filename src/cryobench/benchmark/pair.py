"""Two maps against each other."""

from __future__ import annotations

from dataclasses import dataclass

from cryobench.core import Volume
from cryobench.metrics import (
    CONVENTIONS,
    Convention,
    FSCCurve,
    fsc_of_transforms,
    real_space_correlation,
    transform_map,
)


@dataclass(frozen=True, eq=False)
class PairScores:
    """FSC of two maps in each convention, and their correlation in real space, all within the mask if there is one."""

    curves: dict[Convention, FSCCurve]
    real_space: float


def compare_maps(volume: Volume, reference: Volume, mask: Volume | None = None) -> PairScores:
    """Return how well two maps agree.

    Raises
    ------
    InputError
        If the grids differ, or a map has nothing to correlate.
    """
    first, second = transform_map(volume, mask, "the volume"), transform_map(reference, mask, "the reference")
    curves = {convention: fsc_of_transforms(first, second, convention) for convention in CONVENTIONS}
    return PairScores(curves, real_space_correlation(volume, reference, mask))
