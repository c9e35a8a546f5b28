"""A made-up leaderboard: two builds, claims, corrections, a stand-in, and names that would break a careless page."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable
from typing import Any, Literal

from cryobench.core import (
    Coordinate,
    DatasetCard,
    EntryCost,
    EntryDataset,
    EntryMethod,
    EntryScore,
    Evidence,
    Interval,
    LeaderboardEntry,
    MethodCard,
    MethodRun,
    MetricCard,
    ResultsDocument,
    Score,
    slug,
)
from cryobench.metrics import METRICS

NASTY_METHOD = "<script>alert(1)</script>"
NASTY_DATASET = "\"IgG\" & 'Fab' → ø漢字 <img src=x onerror=alert(2)>"
STAND_IN = "A synthetic antibody takes the place of 1HZH."
FIRST_BUILD, SECOND_BUILD = (hashlib.sha256(text).hexdigest() for text in (b"first", b"second"))
PUBLISHED = EntryDataset(id="igg-1d", title="IgG-1D", checksum=FIRST_BUILD)
OTHER_BUILD = EntryDataset(id="igg-1d", title="IgG-1D", checksum=SECOND_BUILD)
ODD = EntryDataset(id=NASTY_DATASET, title=NASTY_DATASET, checksum=FIRST_BUILD)
STOOD_IN = EntryDataset(id="igg-1d:standin", title="IgG-1D", checksum=SECOND_BUILD, stand_in=STAND_IN)
HELD_BACK = EntryDataset(id="private", title="Held back", commitment=FIRST_BUILD)


def entry(
    dataset: EntryDataset,
    method: str,
    level: float,
    day: int,
    *,
    status: Literal["claimed", "rerun"] = "claimed",
    version: str = "1.0",
    kind: Literal["fixed-pose", "ab-initio"] = "fixed-pose",
    number: int = 1,
    supersedes: str | None = None,
    role: Literal["method", "ceiling", "floor"] = "method",
    half: float = 0.01,
    metrics: tuple[MetricCard, ...] = (METRICS["fsc-auc"], METRICS["fsc-resolution"], METRICS["information-imbalance"]),
) -> LeaderboardEntry:
    """Return an entry whose scores follow from its level: the area, a resolution, an information imbalance."""
    scores = []
    for card in metrics:
        value = level if card.direction == "higher" else round(20 * (1 - level) if card.unit else 1 - level, 6)
        width = half if not card.unit else 20 * half
        for convention, factor in (("published", 0.49), ("standard", 1.0)) if card.name == "fsc-auc" else (("", 1.0),):
            v, w = value * factor, width * factor
            scores.append(
                EntryScore(
                    metric=card.name,
                    protocol="per-conformation" if card.name.startswith("fsc") else "all particles",
                    convention=convention,
                    statistic="mean",
                    value=v,
                    spread=2 * w,
                    interval=Interval(low=v - w, high=v + w, kind="95 % bootstrap over states"),
                    n=100,
                    floor=0.3 * factor if card.direction == "higher" else None,
                    ceiling=0.95 * factor if card.direction == "higher" else None,
                    flags=("2 of 100 never cross 0.143",) if card.unit and level < 0.5 else (),
                )
            )  # fmt: skip
    digest = hashlib.sha256(f"{dataset.id} {method} {level} {version} {status}".encode()).hexdigest()
    return LeaderboardEntry(
        id=f"{slug(dataset.id)}.{slug(method)}.{status}.{number}",
        status=status,
        added=datetime.date(2026, 1, 1) + datetime.timedelta(days=day),
        supersedes=supersedes,
        dataset=dataset,
        method=EntryMethod(name=method, version=version, kind=kind, role=role, summary="What it does, in a line."),
        metrics=metrics,
        scores=tuple(scores),
        cost=EntryCost(seconds=3600 * level, device="1 GPU", peak_memory_mb=4096),
        evidence=Evidence(
            results=digest,
            submission=digest[::-1],
            claim=digest if status == "rerun" else None,
            provenance={"cryobench": "0.1.0", "Seed": "1", NASTY_METHOD: NASTY_DATASET},
        ),
    )


def runs() -> tuple[LeaderboardEntry, ...]:
    """Return entries that are no quotes."""
    return (
        entry(PUBLISHED, "cryodrgn", 0.71, 0, status="rerun", version="3.4.1"),
        entry(PUBLISHED, "recovar", 0.78, 40, status="rerun", version="1.0.5"),
        entry(PUBLISHED, "cryodrgn", 0.775, 90, status="rerun", version="4.3.1", number=2,
              supersedes="igg-1d.cryodrgn.rerun.1"),
        entry(PUBLISHED, "oracle", 0.93, 10, status="rerun", role="ceiling"),
        entry(PUBLISHED, "ppca", 0.52, 10, status="rerun"),
        entry(PUBLISHED, "cryodrgn2", 0.41, 60, status="rerun", kind="ab-initio"),
        entry(PUBLISHED, NASTY_METHOD, 0.85, 20),
        entry(PUBLISHED, NASTY_METHOD, 0.80, 70, version="1.1", number=2,
              supersedes=f"igg-1d.{slug(NASTY_METHOD)}.claimed.1"),
        entry(PUBLISHED, "3dflex", 0.66, 30, kind="ab-initio", metrics=(METRICS["fsc-auc"],)),
        entry(OTHER_BUILD, "ppca", 0.61, 100),
        entry(ODD, NASTY_METHOD, 0.6, 5),
        entry(ODD, "ppca", 0.5, 6, metrics=(METRICS["information-imbalance"],)),
        entry(STOOD_IN, "ppca", 0.55, 15, status="rerun"),
        entry(STOOD_IN, NASTY_METHOD, 0.65, 16),
        entry(HELD_BACK, "ppca", 0.44, 110),
    )  # fmt: skip


def results(
    *,
    dataset: DatasetCard | None = None,
    methods: dict[str, float] | None = None,
    version: str = "1.0",
    checksum: str = "a" * 64,
    change: Callable[[dict[str, Any]], None] = lambda document: None,
) -> str:
    """Return the text of a results file: an area for each method, and a control; ``change`` may spoil it."""
    card = METRICS["fsc-auc"]
    levels = {"oracle": 0.9, **(methods or {"ppca": 0.6})}
    here = DatasetCard(id="igg-1d", title="IgG-1D", summary="", stand_in="", facts={}, checksum=FIRST_BUILD)
    document = ResultsDocument(
        dataset=dataset or here,
        coordinate=Coordinate(name="angle", unit="°", cyclic=True),
        methods=tuple(
            MethodCard(name=name, version=version, role="ceiling" if name == "oracle" else "method", summary="")
            for name in levels
        ),
        runs=tuple(
            MethodRun(method=name, kind="fixed-pose", checksum=checksum, seconds=12.5, device="cpu") for name in levels
        ),
        scores=tuple(
            Score(
                metric=card, method=name, protocol="per-conformation", convention=convention, statistic="mean",
                value=value * factor, spread=0.02, n=24, floor=0.3 * factor, ceiling=0.95 * factor,
                interval=Interval(low=(value - 0.05) * factor, high=(value + 0.05) * factor, kind="95 % bootstrap"),
            )
            for name, value in levels.items()
            for convention, factor in (("published", 0.49), ("standard", 1.0))
        ),
        comparisons=(),
        curves=(),
        provenance={"cryobench": "0.1.0", "Seed": "7", "Checksum of dataset.json (SHA-256)": FIRST_BUILD},
    )  # fmt: skip
    content = json.loads(document.model_dump_json())
    change(content)
    return json.dumps(content, indent=1)
