"""Metrics put together by what they are of, so that a wide table can be read part by part.

A metric that is not listed is shown under "Other": a new one needs nothing here.
"""

from __future__ import annotations

_FAMILIES = {
    "Maps": (
        "fsc-auc", "fsc-auc-moving", "fsc-resolution", "local-resolution", "state-identification",
        "real-space-correlation", "volume-overlap", "chamfer-distance",
    ),
    "Latents": (
        "neighborhood-similarity", "information-imbalance", "nuisance-imbalance", "latent-regression",
        "latent-regression-error", "distance-correlation", "trustworthiness", "continuity",
    ),
    "Classes": (
        "class-accuracy", "adjusted-rand-index", "adjusted-mutual-information", "class-purity",
        "population-total-variation", "population-jensen-shannon", "population-wasserstein",
    ),
    "Poses": (
        "rotation-error", "rotations-within", "rotation-frobenius", "translation-error", "pose-entanglement",
    ),
}  # fmt: skip
_OF = {name: family for family, names in _FAMILIES.items() for name in names}
# One measure of each kind that a reader looks at first.
_MAIN = (
    "fsc-auc", "fsc-resolution", "state-identification", "neighborhood-similarity", "information-imbalance",
    "latent-regression", "class-accuracy", "rotation-error", "translation-error",
)  # fmt: skip
OTHER = "Other"
ORDER = (*_FAMILIES, OTHER)


def family(metric: str) -> str:
    """Return what a metric is of."""
    return _OF.get(metric, OTHER)


def is_main(metric: str) -> bool:
    """Return whether a metric is among those that a reader looks at first."""
    return metric in _MAIN
