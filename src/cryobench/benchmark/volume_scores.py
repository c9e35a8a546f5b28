"""What the volumes of a method add up to: scores over all of them and for each state, and a table of every one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cryobench.benchmark.tables import csv_text
from cryobench.benchmark.volumes import PER_CONFORMATION, VolumeScores
from cryobench.core import MetricCard, Score
from cryobench.core.words import never_falls
from cryobench.metrics import (
    CONVENTIONS,
    FSC_AUC,
    FSC_AUC_MOVING,
    FSC_RESOLUTION,
    REAL_SPACE_CORRELATION,
    THRESHOLDS,
    bootstrap_mean,
)

Parameters = dict[str, float | int | str]


@dataclass(frozen=True, eq=False)
class VolumeItems:
    """One value for each volume of a method, and what it is of."""

    metric: MetricCard
    convention: str
    values: np.ndarray
    parameters: Parameters
    ceiling: float | None
    flags: tuple[str, ...]


def volume_items(scores: VolumeScores, mask: str) -> Iterator[VolumeItems]:
    """Yield the values of each metric; ``mask`` says in words which one the FSC was taken in."""
    items = scores.items
    failed = sum(bool(item.failure) for item in items)
    flags: tuple[str, ...] = (f"{failed} of {len(items)} volumes could not be scored and count as 0",) if failed else ()
    negated = sum(any("negated" in flag for flag in item.curves["standard"].flags) for item in items)
    if negated:
        flags += (f"{negated} of {len(items)} volumes are negated",)
    for convention in CONVENTIONS:
        ceiling = items[0].curves[convention].ceiling if convention == "published" else 1.0
        yield VolumeItems(FSC_AUC, convention, scores.aucs(convention), {"mask": mask}, ceiling, flags)
    if items[0].moving is not None:
        moving = np.array([item.moving["standard"].auc for item in items if item.moving is not None])
        yield VolumeItems(FSC_AUC_MOVING, "standard", moving, {}, 1.0, flags)
    real_space = np.array([item.real_space for item in items])
    yield VolumeItems(REAL_SPACE_CORRELATION, "", real_space, {"mask": mask}, 1.0, flags)


def resolution_items(scores: VolumeScores) -> Iterator[VolumeItems]:
    """Yield the resolution of each volume that could be scored, for each threshold."""
    curves = [item.curves["standard"] for item in scores.items if not item.failure]
    for threshold in THRESHOLDS if curves else ():
        never = sum(not curve.crosses(threshold) for curve in curves)
        flags = [never_falls(never, len(curves), threshold)] if never else []
        if len(curves) < len(scores.items):
            flags.append(f"{len(scores.items) - len(curves)} volumes that could not be scored are left out")
        values = np.array([curve.resolution(threshold) for curve in curves])
        yield VolumeItems(FSC_RESOLUTION, "standard", values, {"threshold": threshold}, None, tuple(flags))


def volume_score_records(scores: VolumeScores, mask: str, seed: int) -> list[Score]:
    """Return mean and median over all volumes.

    Intervals are those of the mean: over states where there is one volume of each, else over particles, and within
    states where each has several.
    """
    over, groups = resampled(scores)
    records = []
    for found in (*volume_items(scores, mask), *resolution_items(scores)):
        same = len(found.values) == len(scores.items)
        interval = bootstrap_mean(found.values, over if same else "volumes", seed, groups if same else None)
        of_mean = interval.model_copy(update={"kind": f"{interval.kind}, of the mean"})
        for statistic, value in (("mean", found.values.mean()), ("median", np.median(found.values))):
            records.append(
                Score(
                    metric=found.metric,
                    method=scores.method,
                    protocol=scores.protocol,
                    convention=found.convention,
                    statistic=statistic,
                    value=float(value),
                    spread=float(found.values.std()),
                    interval=interval if statistic == "mean" else of_mean,
                    n=len(found.values),
                    parameters=found.parameters,
                    flags=found.flags,
                    ceiling=found.ceiling,
                )
            )
    return records


def resampled(scores: VolumeScores) -> tuple[str, np.ndarray | None]:
    """Return what a bootstrap draws, in words, and the groups that it draws within."""
    if scores.protocol == PER_CONFORMATION:
        return "states", None
    states = np.array([item.state for item in scores.items])
    if np.unique(states, return_counts=True)[1].min() < 2:  # within a state of one item, nothing could vary
        return "particles", None
    return "particles within states", states


def per_state_text(scored: Iterable[VolumeScores], names: Sequence[str], mask: str) -> str:
    """Return mean, standard deviation and median of each state as comma-separated values."""
    head = ("method", "protocol", "metric", "convention", "state", "n", "mean", "std", "median")
    rows = []
    for scores in scored:
        states = np.array([item.state for item in scores.items])
        for found in volume_items(scores, mask):
            for state in np.unique(states).tolist():
                values = found.values[states == state]
                row = [scores.method, scores.protocol, found.metric.name, found.convention, names[state], len(values)]
                rows.append([*row, *(repr(float(v)) for v in (values.mean(), values.std(), np.median(values)))])
    return csv_text(head, rows)


def per_item_text(scored: Iterable[VolumeScores], names: Sequence[str]) -> str:
    """Return a row for each volume and convention as comma-separated values."""
    head = ["method", "protocol", "convention", "particle", "state", "auc", "auc_over_ceiling"]
    for threshold in THRESHOLDS:
        head += [f"resolution_{threshold:g}_angstrom", f"crosses_{threshold:g}"]
    head += ["auc_moving", "real_space_correlation", "flags"]
    rows = []
    for scores in scored:
        for convention in CONVENTIONS:
            for item in scores.items:
                curve = item.curves[convention]
                row = [scores.method, scores.protocol, convention, item.particle, names[item.state]]
                row += [repr(curve.auc), repr(curve.auc_over_ceiling)]
                for threshold in THRESHOLDS:
                    crosses = str(curve.crosses(threshold)).lower()
                    row += ["", ""] if item.failure else [f"{curve.resolution(threshold):.4f}", crosses]
                moving = "" if item.moving is None else repr(item.moving[convention].auc)
                flags = item.failure or "; ".join(curve.flags)
                rows.append([*row, moving, repr(item.real_space), flags])
    return csv_text(head, rows)
