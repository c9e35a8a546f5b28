"""What is drawn of latents beside their scores: neighbourhood curves, the imbalance plane, the regression."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cryobench.benchmark.measures import Claim, Measured, Reference
from cryobench.benchmark.measures.latents import latents_of, regression_of
from cryobench.benchmark.measures.scoring import part_of, shuffled
from cryobench.benchmark.measures.space import Space
from cryobench.core import Curve, ImbalancePoint, Recovery, Score
from cryobench.metrics import INFORMATION_IMBALANCE, NEIGHBOURHOOD_SIMILARITY, NUISANCE_IMBALANCE, neighborhood_curve

CURVE_PARTICLES = 10_000
"""Particles of the curve at most, a random choice of them where there are more."""

RADII_PERCENT = (0.5, *map(float, range(1, 21)))


def neighbourhood_curve(measured: Measured, reference: Reference, method: str, seed: int) -> Curve:
    """Return the % of matching neighbours over the radius of the neighbourhood in % of the particles."""
    claim, known, protocol = _drawn(measured, reference, seed)
    return _curve(known.space, latents_of(claim), method, protocol)


def neighbourhood_bounds(measured: Measured, reference: Reference, seed: int) -> tuple[Curve, Curve]:
    """Return the same of the latents shuffled (floor), and of the true ones (ceiling)."""
    claim, known, protocol = _drawn(measured, reference, seed)
    spaces = {"floor": latents_of(shuffled(claim, 0, seed)), "ceiling": known.space}
    floor, ceiling = (_curve(known.space, space, name, protocol) for name, space in spaces.items())
    return floor, ceiling


def _drawn(measured: Measured, reference: Reference, seed: int) -> tuple[Claim, Reference, str]:
    claim, known = part_of(measured.claim, reference, CURVE_PARTICLES, seed)
    count = len(known)
    return claim, known, "all particles" if count == len(reference) else f"{count:,} particles drawn"


def _curve(true: Space, space: Space, name: str, protocol: str) -> Curve:
    most = max(1, round(max(RADII_PERCENT) / 100 * len(true)))
    found = neighborhood_curve(true.near(most), space.near(most), RADII_PERCENT)
    return Curve(
        metric=NEIGHBOURHOOD_SIMILARITY,
        method=name,
        protocol=protocol,
        convention="standard",
        label="Matching neighbours (%)",
        x=tuple(found.radius_percent.tolist()),
        x_label="Neighbourhood radius",
        x_unit="% of particles",
        mean=tuple(found.matching_percent.tolist()),
        item_names=(),
        items=(),
    )


def imbalance_points(scores: Sequence[Score]) -> tuple[ImbalancePoint, ...]:
    """Return the places of spaces in the imbalance plane, with those of the shuffled latents."""
    cards = {INFORMATION_IMBALANCE.name, NUISANCE_IMBALANCE.name}
    found = {score.parameters["from"]: score for score in scores if score.metric.name in cards}
    points = []
    for way, score in found.items():
        name = str(way).removeprefix("latent to ")
        back = found.get(f"{name} to latent")
        if back is None or score.floor is None or back.floor is None:
            continue
        points.append(
            ImbalancePoint(
                method=score.method,
                space=name,
                to_space=score.value,
                from_space=back.value,
                floor_to_space=score.floor,
                floor_from_space=back.floor,
            )
        )
    return tuple(points)


def recovery(measured: Measured, reference: Reference, seed: int) -> Recovery | None:
    """Return the true coordinate of each particle and what its latent foretells; None where there is nothing to."""
    values = reference.truth.values().astype(np.float64)
    if np.ptp(values) == 0:
        return None
    found = regression_of(measured.claim, reference, "neighbours", seed)
    return Recovery(reference.truth.coordinate, values, found.predicted, "mean of 10 neighbours, held out")
