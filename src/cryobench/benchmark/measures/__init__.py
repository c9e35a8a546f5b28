"""Measures: metrics joined to what a submission claims and what a dataset knows, each with its floor and ceiling."""

from cryobench.benchmark.measures import classes as classes
from cryobench.benchmark.measures import latents as latents
from cryobench.benchmark.measures import poses as poses
from cryobench.benchmark.measures.claim import NEEDS, Claim, PoseFreedom, Reference
from cryobench.benchmark.measures.reading import Reading
from cryobench.benchmark.measures.registry import MEASURES, Measure
from cryobench.benchmark.measures.scoring import Measured, family, measure_submission

__all__ = [
    "MEASURES",
    "NEEDS",
    "Claim",
    "Measure",
    "Measured",
    "PoseFreedom",
    "Reading",
    "Reference",
    "family",
    "measure_submission",
]
