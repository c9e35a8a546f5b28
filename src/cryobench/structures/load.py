"""Structures from files."""

from __future__ import annotations

from pathlib import Path

import gemmi
import numpy as np

from cryobench.core import FormatError
from cryobench.structures.atoms import Atoms

SUFFIXES = (".pdb", ".ent", ".cif", ".mmcif", ".pdb.gz", ".ent.gz", ".cif.gz", ".mmcif.gz")
"""File names that :func:`load_structure` reads."""


def load_structure(path: Path) -> Atoms:
    """Read the atoms of a PDB or mmCIF file, gzipped or not.

    The first model; of alternate locations the first; without hydrogens and waters. Chains and residue numbers are the
    author's, as they are printed in papers.

    Raises
    ------
    FormatError
        If the file is missing, of another kind, damaged, or holds no atom.
    """
    if not path.name.lower().endswith(SUFFIXES):
        raise FormatError(f"{path}: not a structure file: expected one of {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise FormatError(f"{path}: no such file: give the path of a PDB or mmCIF file")
    try:
        structure = gemmi.read_structure(str(path))
    except (OSError, ValueError, RuntimeError, EOFError, IndexError) as error:
        raise FormatError(f"{path}: cannot be read as a structure ({error})") from error
    if not len(structure):
        raise FormatError(f"{path}: holds no atom: it may be damaged, or not be a PDB or mmCIF file")
    structure.remove_alternative_conformations()
    structure.remove_hydrogens()
    structure.remove_waters()
    atoms = [
        (chain.name, residue.seqid.num, atom.name, atom.element.atomic_number, *atom.pos.tolist())
        for chain in structure[0]
        for residue in chain
        for atom in residue
        if atom.element.atomic_number > 0
    ]
    if not atoms:
        raise FormatError(f"{path}: holds no atom: it may be damaged, or not be a PDB or mmCIF file")
    chains, residues, names, numbers, x, y, z = zip(*atoms, strict=True)
    return Atoms(
        coordinates=np.column_stack((x, y, z)).astype(np.float64),
        weights=np.array(numbers, dtype=np.float64),
        chains=np.array(chains),
        residues=np.array(residues, dtype=np.int64),
        names=np.array(names),
        title=structure.info["_struct.title"] if "_struct.title" in structure.info else path.name,  # noqa: SIM401
    )
