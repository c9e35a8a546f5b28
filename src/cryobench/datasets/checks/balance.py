"""How many images each state has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int64

from cryobench.datasets.checks.finding import Finding

_MOST_UNUSED = 10


def check_balance(
    labels: Int64[np.ndarray, " N"], states: int | None, stated: Sequence[int] | None = None
) -> list[Finding]:
    """Return how evenly particles are spread over states.

    Parameters
    ----------
    labels
        State of each particle, shape (N,).
    states
        How many there are, where it is known.
    stated
        Number of images of each, where a manifest says so.
    """
    if states is None and labels.max() >= _MOST_UNUSED * len(labels):
        words = f"labels run up to {labels.max():,} for {len(labels):,} particles"
        return [Finding(check="labels", status="fault", words=words, advice="a label is the index of a state, from 0")]
    count = int(labels.max()) + 1 if states is None else states
    outside = np.flatnonzero((labels < 0) | (labels >= count))
    if outside.size:
        first = outside[0]
        words = f"{outside.size:,} labels lie outside 0 to {count - 1}, first {labels[first]} at particle {first}"
        advice = "a label is the index of a state, from 0: renumber them, or bring the missing volumes"
        return [Finding(check="labels", status="fault", words=words, advice=advice)]
    images = np.bincount(labels, minlength=count)
    effective = effective_number(images)
    values = {
        "states": float(count),
        "effective": effective,
        "fewest": float(images.min()),
        "most": float(images.max()),
    }
    if stated is not None and len(stated) == count and (images != np.asarray(stated)).any():
        state = int(np.flatnonzero(images != np.asarray(stated))[0])
        words = f"state {state} has {images[state]:,} labels, but dataset.json says {stated[state]:,} images"
        advice = "bring back the labels that were written with this dataset.json"
        return [Finding(check="labels", status="fault", words=words, advice=advice, values=values)]
    each = f"{images.min():,}" if images.min() == images.max() else f"{images.min():,} to {images.max():,}"
    words = f"{count:,} states of {each} images, effective number {effective:.1f}"
    empty = np.flatnonzero(images == 0)
    if empty.size:
        advice = "leave these states out, or renumber the labels: no method can find what no image shows"
        words = f"{empty.size:,} of {words}; no image of state {empty[0]}"
        return [Finding(check="labels", status="warning", words=words, advice=advice, values=values)]
    return [Finding(check="labels", status="ok", words=words, values=values)]


def effective_number(images: Int64[np.ndarray, " S"]) -> float:
    """Return exp of the entropy of the shares: the number of equal states that are as uneven as these."""
    shares: Float64[np.ndarray, " S"] = images[images > 0] / images.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
