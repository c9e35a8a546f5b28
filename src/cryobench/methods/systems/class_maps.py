"""Maps and probabilities of classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64

from cryobench.core import FormatError, Particles
from cryobench.methods.systems.cryosparc_table import Table

_SUM_TOLERANCE = 1e-2


def rows_of_classes(
    table: Table, particles: Particles, classes: Sequence[int], maps: Iterable[int], pattern: str
) -> Int64[np.ndarray, " N"]:
    """Return the row of each particle in the tables of classes.

    Parameters
    ----------
    table
        Made of the table of each class, or of one of all.
    particles
        Those of the dataset.
    classes
        The class of each table; none where one has all.
    maps
        Classes that have a map.
    pattern
        How tables of classes are named, for messages.

    Raises
    ------
    FormatError
        If a particle has no row; where a class has a map and no table, that table is named.
    """
    try:
        return table.rows_of(particles)
    except FormatError as error:
        without = sorted(set(maps) - set(classes)) if classes else []
        if not without:
            raise
        raise FormatError(
            f"{table.paths[0].parent}: a map of class {without[0]} and no {pattern.format(without[0])}: particles are "
            "missing; copy the table of each class there"
        ) from error


def maps_of_classes(
    maps: Mapping[int, Path], labels: Int32[np.ndarray, " N"], source: str, pattern: str
) -> dict[int, Path]:
    """Return the map of each class that has particles; none where there is no map at all.

    Parameters
    ----------
    maps
        By class.
    labels
        Class of each particle, shape (N,).
    source, pattern
        Where the maps are and how they are named, for messages.

    Raises
    ------
    FormatError
        If a class with particles has no map, but others have.
    """
    if not maps:
        return {}
    wanted = np.unique(labels).tolist()
    missing = [k for k in wanted if k not in maps]
    if missing:
        raise FormatError(
            f"{source}: no map of class {missing[0]} (from 0), which has {np.count_nonzero(labels == missing[0]):,} "
            f"particles, but maps of others: expected {pattern} of each class"
        )
    return {k: maps[k] for k in wanted}


def sound_posteriors(
    posteriors: Float64[np.ndarray, "N K"] | None, classes: Sequence[int]
) -> tuple[Float32[np.ndarray, "N K"] | None, tuple[str, ...]]:
    """Return probabilities if they are some, of every class from 0; else why they are left out."""
    if posteriors is None:
        return None, ()
    if list(classes) != list(range(len(classes))):
        return None, (f"Posteriors of classes {', '.join(map(str, classes))} alone are left out.",)
    far = np.abs(posteriors.sum(axis=1) - 1) > _SUM_TOLERANCE
    if (posteriors < 0).any() or far.any():
        return None, ("Posteriors that do not sum to 1 are left out.",)
    return posteriors.astype(np.float32), ()
