"""Molecular mass from a structure."""

from __future__ import annotations

import numpy as np

from cryobench.structures._components import component_hydrogens
from cryobench.structures._elements import SYMBOLS
from cryobench.structures.atoms import Atoms


def mass_kda(atoms: Atoms) -> float:
    """Return the mass of the atoms of a structure and of the hydrogens that they carry, in kDa.

    Each heavy atom of a residue that is in the PDB's Chemical Component Dictionary brings the hydrogens bound to it
    there, less those lost when residues are linked; hydrogens in the structure itself stand in only where the residue
    isn't in the dictionary. What is missing from the coordinates, such as a disordered loop, is missing from the mass.
    The ends of chains, disulfides and protonation change it by a few Da. Each location of an atom is counted fully.

    Parameters
    ----------
    atoms
        The structure; chosen without alternates, unless they are all meant to count.
    """
    from biotite.structure.info import mass  # noqa: PLC0415 (slow to import)

    residues, residue = np.unique(atoms.residue_names, return_inverse=True)
    known = np.array([bool(component_hydrogens(str(name))) for name in residues])[residue]
    numbers, counts = np.unique(atoms.numbers[(atoms.numbers > 1) | ~known], return_counts=True)
    total = sum(float(mass(SYMBOLS[z - 1], is_residue=False)) * n for z, n in zip(numbers, counts, strict=True))

    heavy = (atoms.numbers > 1) & known
    kinds, counts = np.unique(np.stack([atoms.residue_names, atoms.names])[:, heavy], axis=1, return_counts=True)
    hydrogens = sum(
        component_hydrogens(str(name)).get(str(atom), 0) * int(n) for name, atom, n in zip(*kinds, counts, strict=True)
    )
    return float(total + hydrogens * mass("H", is_residue=False)) / 1000


def heavy_mass_kda(atoms: Atoms) -> float:
    """Return the mass of the atoms of a structure that are not hydrogen, in kDa, each counted fully."""
    from biotite.structure.info import mass  # noqa: PLC0415 (slow to import)

    numbers, counts = np.unique(atoms.numbers[atoms.numbers > 1], return_counts=True)
    return (
        sum(float(mass(SYMBOLS[z - 1], is_residue=False)) * int(n) for z, n in zip(numbers, counts, strict=True)) / 1000
    )
