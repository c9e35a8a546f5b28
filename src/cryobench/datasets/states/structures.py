"""States given as structures, or as parts of one: compositions rather than motions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from cryobench.core import Coordinate, InputError, Progress, State, Strict, Volume
from cryobench.datasets.states.base import (
    Ensemble,
    Rendering,
    Setting,
    Source,
    StatesBase,
    VolumeMaker,
    atoms_of,
    radius_of,
    require_fit,
)
from cryobench.structures import AtomChoice, Atoms, ResidueRange, heavy_mass_kda, mass_kda

MASS = "mass"
_MASS_TOLERANCE = 0.05


class Member(Strict):
    """One composition: a structure, or those parts of it that ``select`` names.

    ``assembly`` is the number of a biological assembly, or None for the atoms as they are in the file. ``select`` lists
    chains (``"BY"``) and ranges of residues (``"BA:1-561"``). ``mass_kda`` is what the literature says of it.
    """

    name: str
    source: Source
    assembly: str | None = None
    select: tuple[str, ...] = ()
    mass_kda: float | None = Field(default=None, gt=0)


class Structures(StatesBase):
    """States given as structures, in this order.

    In a ``shared`` frame all are moved alike, so that the heaviest one is centred; otherwise each is centred by itself.
    """

    kind: Literal["structures"] = "structures"
    members: tuple[Member, ...] = Field(min_length=1)
    frame: Literal["own", "shared"] = "own"
    rendering: Rendering

    def facts(self) -> dict[str, str]:
        """Return what a reader asks about the states, label by label."""
        sources = list(dict.fromkeys(source.words() for source in self.sources()))
        listed = ", ".join(sources if len(sources) <= 4 else [*sources[:2], "...", sources[-1]])
        frames = {"own": "each centred by itself", "shared": "in one frame, the heaviest one centred"}
        parts = ", in parts" if any(member.select for member in self.members) else ""
        return self.rendering.facts() | {"Structures": f"{listed}{parts}; {frames[self.frame]}"}

    def summary(self, count: int) -> str:
        """Return how many structures there are."""
        return f"Images of {count} given structure{'s' if count > 1 else ''}."

    def sources(self) -> tuple[Source, ...]:
        """Return the structure of each member."""
        return tuple(member.source for member in self.members)

    def with_sources(self, sources: Sequence[Source]) -> Structures:
        """Return the same with other structures."""
        members = zip(self.members, sources, strict=True)
        return self.model_copy(
            update={"members": tuple(member.model_copy(update={"source": source}) for member, source in members)}
        )

    def source_name(self, state: int) -> str:
        """Return the name of the structure of a member."""
        return self.members[state].source.name

    def volume_maker(self, count: int, setting: Setting) -> VolumeMaker:
        """Return what renders the members."""
        centre = None
        if self.frame == "shared":
            heaviest = max(range(count), key=lambda state: self._atoms(state, setting).weights.sum())
            centre = self.rendering.centre_of(self._atoms(heaviest, setting))
        return self._maker(centre, setting)

    def ensemble(self, images: tuple[int, ...], setting: Setting, progress: Progress) -> Ensemble:
        """Return the members, after a look at each."""
        masses, weights, centres, points = [], [], [], []
        notes: list[str] = []
        advance = progress("Reading structures", len(self.members))
        for state in range(len(self.members)):
            atoms = self._atoms(state, setting)
            masses.append(mass_kda(atoms))
            notes += _mass_note(self.members[state], masses[-1], setting.paths[state])
            weights.append(atoms.weights.sum())
            centres.append(self.rendering.centre_of(atoms))
            points.append(atoms.coordinates.astype(np.float32))
            advance(1)
        shared = centres[int(np.argmax(weights))] if self.frame == "shared" else None
        for member, own, coordinates in zip(self.members, centres, points, strict=True):
            radius = radius_of(coordinates - (own if shared is None else shared))
            require_fit(radius, self.rendering, setting.imaging, f"the shifted structure '{member.name}'")
        return composition_ensemble(
            [member.name for member in self.members],
            masses,
            images,
            self._maker(shared, setting),
            self.rendering.resolution,
            tuple(notes),
        )

    def _maker(self, centre: np.ndarray | None, setting: Setting) -> VolumeMaker:
        def volume(state: int) -> Volume:
            atoms = self._atoms(state, setting)
            moved = atoms.moved(atoms.coordinates - (self.rendering.centre_of(atoms) if centre is None else centre))
            return self.rendering.render(moved, setting.imaging)

        return volume

    def _atoms(self, state: int, setting: Setting) -> Atoms:
        member = self.members[state]
        atoms = atoms_of(member.source, setting.paths[state], self.rendering.atoms, member.assembly)
        return chosen_atoms(atoms, member.select, member.name) if member.select else atoms


def composition_ensemble(
    names: Sequence[str],
    masses: Sequence[float],
    images: tuple[int, ...],
    volume: Callable[[int], Volume],
    resolution: float,
    notes: tuple[str, ...] = (),
) -> Ensemble:
    """Return the states of a mixture: they differ in what is there, so that none is nearer to another than a third."""
    return Ensemble(
        states=tuple(
            State(index=i, name=name, images=n, variables={MASS: round(float(mass), 3)})
            for i, (name, mass, n) in enumerate(zip(names, masses, images, strict=True))
        ),
        latents=np.eye(len(names), dtype=np.float32),
        latent_meaning="one column for each state: 1 for the particle's own, 0 for the others",
        coordinate=Coordinate(name=MASS, unit="kDa", cyclic=False),
        volume=volume,
        resolution=resolution,
        notes=notes,
    )


def chosen_atoms(atoms: Atoms, select: Sequence[str], name: str) -> Atoms:
    """Return the atoms of some chains (``"BY"``) and ranges of residues (``"BA:1-561"``).

    Raises
    ------
    InputError
        If a part selects no atom.
    """
    chosen = np.zeros(len(atoms), dtype=bool)
    for part in select:
        if ":" in part:
            residues = ResidueRange.parse(part)
            found = atoms.select(residues.chain, residues.first, residues.last)
        else:
            found = atoms.chains == part
        if not found.any():
            raise InputError(f"'{name}': the structure has nothing in {part}: {_what_there_is(atoms, part)}")
        chosen |= found
    return atoms.chosen(chosen)


def _what_there_is(atoms: Atoms, part: str) -> str:
    chain = part.partition(":")[0]
    residues = atoms.residues[atoms.chains == chain]
    if residues.size:
        return f"chain {chain} has residues {residues.min()} to {residues.max()}"
    return f"name some of its chains, {', '.join(dict.fromkeys(atoms.chains.tolist()))}"


def _mass_note(member: Member, mass: float, path: Path | None) -> list[str]:
    """Return what to say where the mass of a member is not that of the literature."""
    if member.mass_kda is None or abs(mass / member.mass_kda - 1) <= _MASS_TOLERANCE:
        return []
    deposited = heavy_mass_kda(atoms_of(member.source, path, AtomChoice(alternates="all", waters=True)))
    what = "its atoms" if member.assembly is None else f"assembly {member.assembly}"
    return [
        f"'{member.name}' has {mass:.0f} kDa ({what}, hydrogens included) and {member.mass_kda:g} kDa in the published "
        f"table; the heavy atoms of the whole entry as deposited, waters included, have {deposited:.0f} kDa"
    ]
