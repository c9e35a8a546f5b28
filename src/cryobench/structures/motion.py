"""Moving part of a structure."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from cryobench.core import InputError
from cryobench.ops.rotations import rotation_about_axis
from cryobench.structures.atoms import Atoms


@dataclass(frozen=True)
class ResidueRange:
    """Residues ``first`` to ``last`` (inclusive) of a chain."""

    chain: str
    first: int
    last: int

    @classmethod
    def parse(cls, text: str) -> ResidueRange:
        """Read ``"H:1-230"``, or ``"H:230"`` for one residue.

        Raises
        ------
        InputError
            If the text is something else.
        """
        match = re.fullmatch(r"([^:\s]+):(-?\d+)(?:-(-?\d+))?", text.strip())
        if match is None:
            raise InputError(f"'{text}' is not a range of residues: write it as H:1-230 (chain:first-last)")
        first = int(match[2])
        return cls(match[1], first, int(match[3]) if match[3] else first)

    def __str__(self) -> str:
        return f"{self.chain}:{self.first}" + (f"-{self.last}" if self.last != self.first else "")


def select(atoms: Atoms, ranges: tuple[ResidueRange, ...]) -> Bool[np.ndarray, " N"]:
    """Return which atoms belong to any of the ranges.

    Raises
    ------
    InputError
        If a range selects no atom.
    """
    chosen = np.zeros(len(atoms), dtype=bool)
    for part in ranges:
        found = atoms.select(part.chain, part.first, part.last)
        if not found.any():
            chains = ", ".join(dict.fromkeys(atoms.chains.tolist()))
            raise InputError(
                f"the structure has no residue in {part} (its chains: {chains}): "
                "name the part that moves with --moving, and its bond with --axis or its linker with --linker"
            )
        chosen |= found
    return chosen


def residues_in_order(atoms: Atoms, chain: str) -> tuple[ResidueRange, ...]:
    """Return the residues of a chain, one range each, in the order of its atoms: numbers may have gaps."""
    return tuple(ResidueRange(chain, n, n) for n in dict.fromkeys(atoms.residues[atoms.chains == chain].tolist()))


def turn_about_psi(atoms: Atoms, moving: tuple[ResidueRange, ...], residue: ResidueRange, degrees: float) -> Atoms:
    """Turn part of a structure about the CA-C bond (psi) of a residue.

    Parameters
    ----------
    atoms
        The structure.
    moving
        The residues that move. The O of ``residue``, which hangs on the far side of the bond, moves if the residue
        after it does.
    residue
        The one residue whose bond is the axis, right-handed from CA to C.
    degrees
        Angle of the turn.

    Raises
    ------
    InputError
        If the residues or the two atoms of the axis are missing.
    """
    chosen = select(atoms, moving)
    here = select(atoms, (residue,))
    ends = [np.flatnonzero(here & (atoms.names == name)) for name in ("CA", "C")]
    if any(len(end) != 1 for end in ends):
        raise InputError(f"residue {residue} needs one CA and one C atom to turn about: choose another --axis")
    oxygen = here & np.isin(atoms.names, ("O", "OXT"))
    chosen = (chosen & ~oxygen) | (oxygen & _next_moves(atoms, here, chosen))
    start, stop = (atoms.coordinates[end[0]] for end in ends)
    rotation = rotation_about_axis(stop - start, degrees)
    coordinates = atoms.coordinates.copy()
    coordinates[chosen] = (coordinates[chosen] - start) @ rotation.T + start
    return atoms.moved(coordinates)


def _next_moves(atoms: Atoms, residue: Bool[np.ndarray, " N"], chosen: Bool[np.ndarray, " N"]) -> bool:
    """Return whether the residue after one, in the order of the chain, is among the chosen atoms."""
    last = int(np.flatnonzero(residue)[-1])
    after = np.flatnonzero(atoms.chains[last + 1 :] == atoms.chains[last])
    return bool(after.size and chosen[last + 1 + after[0]])
