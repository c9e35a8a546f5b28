"""What each metric needs of a submission, as the measures have it."""

from __future__ import annotations

from dataclasses import dataclass

from cryobench.benchmark.measures import MEASURES
from cryobench.core import Submission
from cryobench.metrics import METRICS

VOLUMES = "volumes"


@dataclass(frozen=True)
class Computable:
    """Metrics that need the same part of a submission, and whether it is there."""

    needs: str
    metrics: tuple[str, ...]
    there: bool


def metric_needs() -> dict[str, tuple[str, ...]]:
    """Return the parts of a submission any of which lets a metric be computed, by the metric's name.

    Metrics of measures need what their measures need; all others compare maps, and need volumes.
    """
    found: dict[str, tuple[str, ...]] = dict.fromkeys(METRICS, ())
    for name in MEASURES:
        measure = MEASURES[name]
        for card in measure.metrics:
            found[card.name] = tuple(dict.fromkeys((*found[card.name], measure.needs)))
    return {name: needs or (VOLUMES,) for name, needs in found.items()}


def computable_metrics(submission: Submission) -> tuple[Computable, ...]:
    """Return the metrics by what they need, and whether a submission has it.

    A metric that any of several parts will do for is listed with each of them.
    """
    parts = {
        "latents": submission.latents is not None,
        "labels or posteriors": submission.labels is not None or submission.posteriors is not None,
        "poses": submission.poses is not None,
        VOLUMES: submission.volumes is not None,
    }
    needs = metric_needs()
    return tuple(
        Computable(part, tuple(name for name, alternatives in needs.items() if part in alternatives), there)
        for part, there in parts.items()
    )
