"""Which state each particle of an archive is in, and what its file of ground-truth latents says."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int32

from cryobench.core import FormatError
from cryobench.datasets.published.layout import Layout
from cryobench.datasets.published.releases import Release
from cryobench.io import read_array, read_array_pickle


class Given(NamedTuple):
    """What the file of ground-truth latents holds: the state of each particle, latents of each, or neither."""

    labels: Int32[np.ndarray, " N"] | None = None
    latents: Float32[np.ndarray, "N k"] | None = None
    notes: tuple[str, ...] = ()


def labels_of(layout: Layout, counts: tuple[int, ...], release: Release) -> Int32[np.ndarray, " N"]:
    """Return the state of each particle, shape (N,).

    Parameters
    ----------
    layout
        Where the files are.
    counts
        Number of images of each stack. Where there are as many stacks as states, each stack is a state; otherwise the
        published numbers of images of the states say it.
    release
        What the archive should hold.

    Raises
    ------
    FormatError
        If neither does.
    """
    sizes = counts if len(counts) == release.states else release.images
    if sum(sizes) != sum(counts):
        raise FormatError(
            f"{layout.archive}: {len(counts)} stacks hold {sum(counts):,} images, but {release.words()} was "
            "published: expected a stack for each state, or as many images; unpack the archive again, or name the "
            "dataset that it is of"
        )
    return np.repeat(np.arange(release.states, dtype=np.int32), sizes)


def given_truth(layout: Layout, labels: Int32[np.ndarray, " N"], release: Release) -> Given:
    """Return what the file of ground-truth latents says, once it agrees with the order of the stacks.

    Parameters
    ----------
    layout
        Where the file is, if there is one.
    labels
        State of each particle by the order of the stacks, shape (N,).
    release
        What the archive should hold.

    Raises
    ------
    FormatError
        If it holds neither the states nor latents of the particles, or states that disagree.
    """
    path = layout.latents
    if path is None:
        return Given(notes=("the archive has no file of ground-truth latents",))
    name = layout.name(path)
    content = read_array(path) if path.suffix == ".npy" else read_array_pickle(path)
    try:
        found = np.asarray(content)
    except ValueError as error:
        raise FormatError(f"{path}: not an array ({error}): expected a row for each particle or state") from error
    if found.ndim not in {1, 2} or found.dtype.kind not in "fiu" or not np.isfinite(found).all():
        raise FormatError(
            f"{path}: shape {found.shape}, type {found.dtype}: expected finite numbers, a row for each particle or "
            "state"
        )
    flat = found.ravel() if found.ndim == 1 or found.shape[1] == 1 else None
    if flat is not None and len(flat) == len(labels) and (flat == np.round(flat)).all():
        return Given(labels=_agreed(flat.astype(np.int64), labels, str(path)), notes=())
    if release.distrusted:
        return Given(notes=(f"the published ground-truth latents ({name}) are not used: {release.distrusted}",))
    rows = found.reshape(len(found), -1).astype(np.float32)
    if len(rows) == len(labels):
        return Given(latents=rows)
    if len(rows) == release.states:
        return Given(latents=rows[labels])
    raise FormatError(
        f"{path}: {len(rows):,} rows: expected one for each of {len(labels):,} particles or of {release.states} states"
    )


def _agreed(found: np.ndarray, labels: Int32[np.ndarray, " N"], source: str) -> Int32[np.ndarray, " N"]:
    """Return the states that a file gives, counted from 0, once they are those of the stacks."""
    found = found - found.min()
    wrong = np.flatnonzero(found != labels)
    if wrong.size:
        first = wrong[0]
        raise FormatError(
            f"{source}: says that particle {first} is in state {found[first]}, but its stack is that of state "
            f"{labels[first]} ({wrong.size:,} of {len(labels):,} particles differ): the order of the stacks does not "
            "go with this file; unpack the archive again"
        )
    return labels
