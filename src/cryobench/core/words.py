"""Words that a command and a page share: which of two methods is better, and what a parameter of a score says."""

from __future__ import annotations

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


def parameter_words(name: str, value: float | int | str) -> str:
    """Return a parameter of a score as words: ``"k = 10"``, ``"aligned by one transform"``, ``"1,000 images"``."""
    if name == "alignment" and str(value) in _ALIGNMENT:
        return _ALIGNMENT[str(value)]
    if name == "images" and isinstance(value, int):
        return f"{value:,} image{'' if value == 1 else 's'}"
    return f"{name} = {value}"
