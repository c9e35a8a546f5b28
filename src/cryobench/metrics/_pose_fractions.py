"""Other numbers of rotation errors: how many are small, and their squared Frobenius norm."""

from __future__ import annotations

from cryobench.core import MetricCard
from cryobench.metrics._registry import METRICS

ROTATIONS_WITHIN = METRICS.add(
    "rotations-within",
    MetricCard(
        name="rotations-within",
        label="Rotations within",
        summary="Fraction of the particles whose rotation is off by less than an angle, after the best frame and hand.",
        reference="Jeon et al., CryoBench, NeurIPS 2024",
        range=(0.0, 1.0),
        direction="higher",
        unit="",
    ),
)
ROTATION_FROBENIUS = METRICS.add(
    "rotation-frobenius",
    MetricCard(
        name="rotation-frobenius",
        label="Squared Frobenius error",
        summary="Squared Frobenius norm of the difference between the estimated rotation and the true one, after the "
        "best frame and hand: 8 sin²(angle/2).",
        reference="Jeon et al., CryoBench, NeurIPS 2024",
        range=(0.0, 8.0),
        direction="lower",
        unit="",
    ),
)
