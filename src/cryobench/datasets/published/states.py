"""The states of an archive: their names, what they lie along, and the true latent of each particle."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int32

from cryobench.core import Coordinate, CryobenchError, Progress, State
from cryobench.datasets.published.labels import Given
from cryobench.datasets.published.layout import Layout
from cryobench.datasets.published.releases import Release
from cryobench.datasets.recipes.tomotwin_100 import MASSES
from cryobench.datasets.states import Ensemble
from cryobench.structures import ResidueRange, fab_geometry, load_structure

_UNUSED = "the published ground-truth latents are not used: the angles say the same"
_ORDER = Coordinate(name="number", unit="", cyclic=False)


@dataclass(frozen=True, eq=False)
class TrueStates:
    """The S states of an archive, and the true latent of each of its N particles.

    Parameters
    ----------
    states, coordinate
        As in :class:`~cryobench.core.Truth`.
    latents
        Shape (N, k).
    latent_meaning
        What the columns are.
    notes
        What a reader has to know about where they come from.
    """

    states: tuple[State, ...]
    coordinate: Coordinate
    latents: Float32[np.ndarray, "N k"]
    latent_meaning: str
    notes: tuple[str, ...] = ()


def true_states(
    layout: Layout, labels: Int32[np.ndarray, " N"], given: Given, release: Release, progress: Progress
) -> TrueStates:
    """Return the states of an archive, but for frames of a trajectory, with what can be trusted of their truth.

    Parameters
    ----------
    layout
        Where the files are: names of volumes name the states.
    labels
        State of each particle, shape (N,).
    given
        What the file of ground-truth latents says.
    release
        What the archive holds.
    progress
        Told of structures read.
    """
    counts = np.bincount(labels, minlength=release.states).tolist()
    names = state_names(layout, release)
    if release.latent == "turn":
        return _turned(counts, labels, () if given.latents is None else (_UNUSED,))
    if given.latents is None and release.latent == "linker":
        found, why = _fab_geometry(layout, release, progress)
        if found is not None:
            return _tethered(names, counts, labels, *found)
        return _unordered(names, counts, labels, (why,))
    if given.latents is None:
        return _unordered(names, counts, labels, ())
    states, coordinate = _named(names, counts)
    meaning = f"the {given.latents.shape[1]} columns of the published file of ground-truth latents"
    return TrueStates(states, coordinate, given.latents, meaning)


def state_names(layout: Layout, release: Release) -> list[str]:
    """Return the names of the states: those of their volumes, without the running number, or numbers."""
    stems = [path.stem for path in layout.volumes] or [f"{state:03d}" for state in range(release.states)]
    without = [re.sub(r"^[0-9]+_", "", stem) for stem in stems]
    return without if len(set(without)) == len(without) else stems


def _turned(counts: Sequence[int], labels: Int32[np.ndarray, " N"], notes: tuple[str, ...]) -> TrueStates:
    angles = 360.0 * np.arange(len(counts)) / len(counts)
    radians = np.deg2rad(angles)
    states = tuple(
        State(index=i, name=f"{angle:.7g}°", images=counts[i], variables={"angle": float(angle)})
        for i, angle in enumerate(angles)
    )
    return TrueStates(
        states,
        Coordinate(name="angle", unit="degrees", cyclic=True),
        np.column_stack((np.cos(radians), np.sin(radians))).astype(np.float32)[labels],
        "cosine and sine of the angle by which the moving part is turned",
        (f"the angle of a state is its number times {360 / len(counts):g}°", *notes),
    )


def _tethered(
    names: Sequence[str],
    counts: Sequence[int],
    labels: Int32[np.ndarray, " N"],
    distances: Float64[np.ndarray, " S"],
    turns: Float64[np.ndarray, " S"],
) -> TrueStates:
    radians = np.deg2rad(turns)
    states = tuple(
        State(
            index=i,
            name=name,
            images=counts[i],
            variables={"distance": float(distances[i]), "dihedral": float(turns[i])},
        )
        for i, name in enumerate(names)
    )
    return TrueStates(
        states,
        Coordinate(name="distance", unit="Å", cyclic=False),
        np.column_stack((distances, np.cos(radians), np.sin(radians))).astype(np.float32)[labels],
        "distance in Å between the centres of mass of the moving part and of the rest; cosine and sine of the dihedral "
        "of the moving part",
        ("distance and dihedral of the Fab are computed from the structures in pdbs",),
    )


def _unordered(
    names: Sequence[str], counts: Sequence[int], labels: Int32[np.ndarray, " N"], notes: tuple[str, ...]
) -> TrueStates:
    states, coordinate = _named(names, counts)
    return TrueStates(
        states,
        coordinate,
        np.eye(len(counts), dtype=np.float32)[labels],
        "one column for each state: 1 for the particle's own, 0 for the others",
        notes,
    )


def _named(names: Sequence[str], counts: Sequence[int]) -> tuple[tuple[State, ...], Coordinate]:
    """Return states by their names: with the masses of complexes that are known, else in order."""
    masses = [MASSES.get(name.lower()) for name in names]
    known = [mass for mass in masses if mass is not None]
    if len(known) == len(names):
        coordinate, values = Coordinate(name="mass", unit="kDa", cyclic=False), known
    else:
        coordinate, values = _ORDER, [float(i) for i in range(len(names))]
    states = tuple(
        State(index=i, name=name, images=counts[i], variables={coordinate.name: values[i]})
        for i, name in enumerate(names)
    )
    return states, coordinate


def _fab_geometry(
    layout: Layout, release: Release, progress: Progress
) -> tuple[tuple[np.ndarray, np.ndarray] | None, str]:
    """Return distance and dihedral of the Fab in each structure of the archive, or None and why not."""
    unknown = "so no distance between two states is known"
    if len(layout.structures) != release.states:
        return None, f"pdbs has {len(layout.structures)} structures for {release.states} states, {unknown}"
    moving = tuple(ResidueRange.parse(part) for part in release.moving)
    linker = tuple(ResidueRange.parse(part) for part in release.linker)
    found = np.empty((release.states, 2))
    advance = progress("Reading structures", release.states)
    for state, path in enumerate(layout.structures):
        try:
            found[state] = fab_geometry(load_structure(path), moving, linker)
        except CryobenchError as error:
            return None, f"{layout.name(path)} does not give the Fab's place ({error}), {unknown}"
        advance(1)
    return (found[:, 0], found[:, 1]), ""


def frame_states(ensemble: Ensemble, labels: Int32[np.ndarray, " N"]) -> TrueStates:
    """Return states that are frames of a trajectory, along the components of their motion."""
    return TrueStates(
        ensemble.states, ensemble.coordinate, ensemble.latents[labels], ensemble.latent_meaning, ensemble.notes
    )


def numbered_frames(labels: Int32[np.ndarray, " N"], given: Given, release: Release) -> TrueStates:
    """Return states that are frames of a trajectory which is not there."""
    counts = np.bincount(labels, minlength=release.states).tolist()
    states = tuple(
        State(index=i, name=f"frame {i}", images=count, variables={"frame": float(i)}) for i, count in enumerate(counts)
    )
    coordinate = Coordinate(name="frame", unit="", cyclic=False)
    if given.latents is not None:
        meaning = f"the {given.latents.shape[1]} columns of the published file of ground-truth latents"
        return TrueStates(states, coordinate, given.latents, meaning)
    return TrueStates(
        states,
        coordinate,
        labels[:, None].astype(np.float32),
        "number of the frame, which is no distance between structures",
        ("without the trajectory the true latent is the number of the frame: scores of latents mean nothing",),
    )
