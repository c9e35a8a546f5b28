"""Backbone torsions (phi, psi) of a linker between two parts of a structure.

A linker runs, in the order of its chain, from a part that moves (before it) to a part that stays (after it). Setting
its torsions turns everything before each bond and leaves everything after it, so bond lengths and angles are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int

from cryobench.core import InputError
from cryobench.ops.rotations import rotation_about_axis
from cryobench.structures.atoms import Atoms
from cryobench.structures.motion import ResidueRange, residues_in_order, select

_BEFORE_PHI = ("N", "H", "HN", "H1", "H2", "H3", "D")
_AFTER_PSI = ("C", "O", "OXT")
_PEPTIDE_BOND = 2.0  # no C-N bond is as long, Å
_RING_BOND = 2.0  # from N to CD of proline, Å


def dihedral(points: Float64[np.ndarray, "4 3"]) -> float:
    """Return the dihedral angle of four points in degrees, -180 to 180, with the sign of IUPAC.

    It is positive where the last bond, seen along the middle one, is turned clockwise from the first.
    """
    first, middle, last = np.diff(points, axis=0)
    left, right = np.cross(first, middle), np.cross(middle, last)
    return float(np.rad2deg(np.arctan2(np.linalg.norm(middle) * (first @ right), left @ right)))


@dataclass(frozen=True, eq=False)
class Linker:
    """The L residues of a linker, with the atoms that each of their bonds turns; :func:`find_linker` makes it.

    Parameters
    ----------
    atoms
        The structure of N atoms.
    moving, between, stays
        Which atoms belong to the part that moves, to the linker, and to the part that stays, shape (N,).
    residues
        The residues whose torsions turn, in the order of the chain.
    bonds
        Indices of the two atoms of each bond that turns, shape (2L, 2): N-CA and CA-C of each residue in turn.
    first_bond
        For each atom the first bond whose turn moves it, shape (N,): 0 in the moving part, 2L in the part that stays,
        and either or a number between them in the linker.
    torsions
        Phi and psi of each residue as they are, in degrees, shape (L, 2).
    ends
        Indices of the C before the linker and the N after it.
    """

    atoms: Atoms
    moving: Bool[np.ndarray, " N"]
    between: Bool[np.ndarray, " N"]
    stays: Bool[np.ndarray, " N"]
    residues: tuple[ResidueRange, ...]
    bonds: Int[np.ndarray, "B 2"]
    first_bond: Int[np.ndarray, " N"]
    torsions: Float64[np.ndarray, "L 2"]
    ends: tuple[int, int]

    def motions(self, torsions: Float64[np.ndarray, "L 2"]) -> Float64[np.ndarray, "B 3 4"]:
        """Return the rigid motions (rotation, then shift in Å) that give the linker its torsions in degrees.

        Motion b, shape (3, 4), moves the atoms whose ``first_bond`` is b.
        """
        # Turning the atoms before a bond by an angle lowers its torsion by that angle. What an earlier bond turns lies
        # wholly before the later ones, so every axis is still where it was when its turn comes.
        turns = -(torsions - self.torsions).ravel()
        motion = np.eye(4)
        motions = np.empty((len(self.bonds), 3, 4))
        for b in reversed(range(len(self.bonds))):
            start, stop = self.atoms.coordinates[self.bonds[b]]
            step = np.eye(4)
            step[:3, :3] = rotation_about_axis(stop - start, float(turns[b]))
            step[:3, 3] = start - step[:3, :3] @ start
            motion = motion @ step
            motions[b] = motion[:3]
        return motions

    def coordinates(self, torsions: Float64[np.ndarray, "L 2"]) -> Float64[np.ndarray, "N 3"]:
        """Return the coordinates in Å with the torsions given in degrees, shape (L, 2)."""
        coordinates = self.atoms.coordinates.copy()
        for b, motion in enumerate(self.motions(torsions)):
            chosen = self.first_bond == b
            coordinates[chosen] = coordinates[chosen] @ motion[:, :3].T + motion[:, 3]
        return coordinates


def find_linker(atoms: Atoms, moving: tuple[ResidueRange, ...], linker: tuple[ResidueRange, ...]) -> Linker:
    """Return the bonds of a linker and the atoms that each of them turns.

    Residues between the first and the last of the linker that it doesn't name keep their torsions.

    Parameters
    ----------
    atoms
        The structure.
    moving
        The part that moves: it holds the residue before the linker, and all that is bound to it.
    linker
        The residues whose phi and psi turn, all of one chain.

    Raises
    ------
    InputError
        If the linker isn't in the structure, lies in several chains, doesn't join the moving part to the rest, has a
        gap, or has a residue without N, CA or C, or a proline.
    """
    moves = select(atoms, moving)
    named, span = _span(atoms, moves, linker)
    masks = [select(atoms, (part,)) for part in span]
    backbones = [_backbone(atoms, part) for part in span]
    for k in range(len(span) - 1):
        _require_bond(atoms, span[k : k + 2], backbones[k]["C"], backbones[k + 1]["N"])

    first_bond = np.where(moves, 0, 2 * len(named))
    bonds: list[tuple[int, int]] = []
    torsions: list[tuple[float, float]] = []
    for k in range(1, len(span) - 1):
        here = masks[k]
        first_bond[here] = len(bonds)
        if span[k] not in named:
            continue
        n, ca, c = backbones[k].values()
        _require_no_ring(atoms, span[k], n)
        first_bond[here & ~np.isin(atoms.names, _BEFORE_PHI)] += 1
        first_bond[here & np.isin(atoms.names, _AFTER_PSI)] += 1
        bonds += [(n, ca), (ca, c)]
        path = atoms.coordinates[[backbones[k - 1]["C"], n, ca, c, backbones[k + 1]["N"]]]
        torsions.append((dihedral(path[:4]), dihedral(path[1:])))
    between = np.any(masks[1:-1], axis=0)
    return Linker(
        atoms=atoms,
        moving=moves,
        between=between,
        stays=~(moves | between),
        residues=named,
        bonds=np.array(bonds),
        first_bond=first_bond,
        torsions=np.array(torsions),
        ends=(backbones[0]["C"], backbones[-1]["N"]),
    )


def set_backbone_torsions(
    atoms: Atoms,
    moving: tuple[ResidueRange, ...],
    linker: tuple[ResidueRange, ...],
    phi: Float64[np.ndarray, " L"],
    psi: Float64[np.ndarray, " L"],
) -> Atoms:
    """Return a structure whose linker has the torsions given; the moving part follows it as a rigid body.

    Phi (about N-CA) of a residue carries its N and all before it, psi (about CA-C) its CA and side chain too. C and O
    of the last residue, and all after it, stay.

    Parameters
    ----------
    atoms, moving, linker
        As for :func:`find_linker`.
    phi, psi
        Torsions of the L linker residues in the order of the chain, in degrees.

    Raises
    ------
    InputError
        As :func:`find_linker` does, and if there are more or fewer torsions than residues.
    """
    found = find_linker(atoms, moving, linker)
    count = len(found.residues)
    if (len(phi), len(psi)) != (count, count):
        raise InputError(
            f"the linker has {count} residues, but there are {len(phi)} phi and {len(psi)} psi: give {count}"
        )
    return atoms.moved(found.coordinates(np.column_stack((phi, psi))))


def _span(
    atoms: Atoms, moves: Bool[np.ndarray, " N"], linker: tuple[ResidueRange, ...]
) -> tuple[tuple[ResidueRange, ...], tuple[ResidueRange, ...]]:
    """Return the residues of a linker, and all from the one before the first to the one after the last, in order."""
    chosen = select(atoms, linker)
    chains = list(dict.fromkeys(part.chain for part in linker))
    if len(chains) != 1:
        raise InputError(f"the linker lies in chains {', '.join(chains)}: name residues of one chain")
    order = residues_in_order(atoms, chains[0])
    numbers = set(atoms.residues[chosen].tolist())
    places = [k for k, part in enumerate(order) if part.first in numbers]
    first, last = places[0], places[-1]
    if first == 0 or last == len(order) - 1:
        raise InputError(f"the linker reaches the end of chain {chains[0]}: it needs a residue before and one after it")
    before, after = select(atoms, order[:first]), select(atoms, order[first : last + 2])
    if not moves[before].all() or moves[after].any():
        raise InputError(
            f"the moving part has to hold chain {chains[0]} up to residue {order[first - 1]}, just before the linker, "
            f"and nothing of it from {order[first]} to {order[last + 1]}: the linker joins its end to the rest"
        )
    return tuple(order[place] for place in places), order[first - 1 : last + 2]


def _backbone(atoms: Atoms, residue: ResidueRange) -> dict[str, int]:
    """Return the index of N, CA and C of a residue."""
    here = select(atoms, (residue,))
    found = {name: np.flatnonzero(here & (atoms.names == name)) for name in ("N", "CA", "C")}
    wrong = [f"{len(at)} {name}" for name, at in found.items() if len(at) != 1]
    if wrong:
        raise InputError(
            f"residue {residue}, of the linker or next to it, has {', '.join(wrong)} atoms, expected one each of N, CA "
            "and C: choose a linker whose backbone is complete"
        )
    return {name: int(at[0]) for name, at in found.items()}


def _require_bond(atoms: Atoms, residues: tuple[ResidueRange, ...], c: int, n: int) -> None:
    length = float(np.linalg.norm(atoms.coordinates[n] - atoms.coordinates[c]))
    if length > _PEPTIDE_BOND:
        raise InputError(
            f"residues {residues[0]} and {residues[1]} are not bound: C and N are {length:.1f} Å apart: "
            "choose a linker without a gap in its chain"
        )


def _require_no_ring(atoms: Atoms, residue: ResidueRange, n: int) -> None:
    here = select(atoms, (residue,)) & (atoms.names == "CD")
    if (np.linalg.norm(atoms.coordinates[here] - atoms.coordinates[n], axis=1) < _RING_BOND).any():
        raise InputError(
            f"residue {residue} is a proline, whose ring holds phi: leave it out of the linker, to move rigidly"
        )
