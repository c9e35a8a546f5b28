"""Words that a command and a page share: which of two methods is better, and what a parameter of a score says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cryobench.core.dataset import DatasetCard
from cryobench.core.results import Comparison

_ALIGNMENT = {
    "none": "volumes as they are",
    "one": "aligned by one transform",
    "each": "each volume aligned by itself",
}


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: ``"1 file"``, ``"2,000 files"``, ``"no files"``."""
    return f"{f'{count:,}' if count else 'no'} {noun}{'' if count == 1 else 's'}"


def verdict(comparison: Comparison) -> str:
    """Return which of two methods is better, or that they cannot be told apart."""
    if not comparison.distinguishable:
        return "not distinguishable"
    first_better = (comparison.difference > 0) == (comparison.metric.direction == "higher")
    return f"{comparison.first if first_better else comparison.second} is better"


def titled(title: str, dataset: DatasetCard | None) -> str:
    """Return a title that says if the numbers below it are of data that stands in for the published one."""
    return f"{title} (STAND-IN DATA)" if dataset is not None and dataset.stand_in else title


def never_falls(never: int, curves: int, threshold: float) -> str:
    """Return what is said of curves that do not reach a threshold before Nyquist."""
    return f"{never} of {curves} curves never fall below {threshold:g}: Nyquist counts"


_ALL_NEVER_FALL = re.compile(r"([0-9]+) of \1 curves never fall below .*")


def at_limit(flags: Iterable[str]) -> bool:
    """Return whether a score's flags say that a resolution is Nyquist's, beyond which nothing was measured."""
    return any(_ALL_NEVER_FALL.fullmatch(flag) for flag in flags)


def interval_words(kind: str) -> str:
    """Return the kind of an interval, and what it leaves out where that is easily forgotten."""
    within = "within states" in kind
    return f"{kind} (the states stay the same: it says nothing of how other states would score)" if within else kind


def parameter_words(name: str, value: float | int | str) -> str:
    """Return a parameter of a score as words: ``"k = 10"``, ``"aligned by one transform"``, ``"1,000 images"``."""
    if name == "alignment" and str(value) in _ALIGNMENT:
        return _ALIGNMENT[str(value)]
    if name == "images" and isinstance(value, int):
        return f"{value:,} image{'' if value == 1 else 's'}"
    return f"{name} = {value}"
