"""The registry of measures: each takes numbers of a claim, given the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from cryobench.benchmark.measures.claim import Claim, Need, Reference
from cryobench.benchmark.measures.reading import Reading
from cryobench.core import MetricCard, Registry

Family = Literal["latents", "poses"]
Read = Callable[[Claim, Reference, int], Sequence[Reading]]


@dataclass(frozen=True)
class Measure:
    """A way to score claims.

    Parameters
    ----------
    name
        By which it is asked for.
    family
        Which command takes it.
    needs
        What a claim must have.
    metrics
        What its readings are of.
    read
        Takes the readings of a claim: the same ones in the same order for every claim. The seed is that of what is
        random in it.
    shuffles
        How many shuffles of a claim make its floor, two or more.
    most
        Above so many particles the readings are of a random part of so many of them; None for no limit. It may depend
        on the truth.
    most_bounds
        The same for floor and ceiling.
    """

    name: str
    family: Family
    needs: Need
    metrics: tuple[MetricCard, ...]
    read: Read
    shuffles: int = 10
    most: int | Callable[[Reference], int] | None = None
    most_bounds: int | None = None


MEASURES: Registry[Measure] = Registry("measure")


def add_measure(measure: Measure) -> Measure:
    """Add a measure to the registry under its name."""
    return MEASURES.add(measure.name, measure)
