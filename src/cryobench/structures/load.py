"""Structures from files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int

from cryobench.core import FormatError, InputError
from cryobench.structures._elements import atomic_numbers
from cryobench.structures._mmcif import parse_mmcif
from cryobench.structures._pdb import parse_pdb
from cryobench.structures.assembly import Assembled, assembled
from cryobench.structures.atoms import Atoms
from cryobench.structures.choice import HEAVY_ATOMS, AtomChoice, chosen_rows
from cryobench.structures.structure_file import StructureFile

_PDB, _MMCIF, _BINARY = (".pdb", ".ent"), (".cif", ".mmcif"), (".bcif",)
SUFFIXES = tuple(suffix + packed for packed in ("", ".gz") for suffix in (*_PDB, *_MMCIF, *_BINARY))
"""File names that :func:`load_structure` reads."""


def load_structure(path: Path, choice: AtomChoice = HEAVY_ATOMS, assembly: str | None = None) -> Atoms:
    """Read the atoms of a PDB, mmCIF or BinaryCIF file, gzipped or not.

    Parameters
    ----------
    path
        The file. Its first model is read.
    choice
        Which atoms are taken: by default heavy atoms at their first location, without waters.
    assembly
        Biological assembly to build, such as ``"1"``; by default the coordinates as they are in the file.

    Returns
    -------
    Atoms
        Chains and residue numbers are the author's, as they are printed in papers; further copies of chain A are
        called A-2, A-3 and so on. Elements that the file leaves out are inferred from atom names. The title is the
        file's, or else its name.

    Raises
    ------
    FormatError
        If the file is missing, of another kind, damaged, or holds no atom.
    InputError
        If it has no such assembly, or the atoms have no weight.
    """
    file = read_structure_file(path)
    table = file.table
    numbers = atomic_numbers(table.symbols, table.residue_names, table.names)
    rows = np.flatnonzero(chosen_rows(table, numbers, choice))
    atoms = rows, table.coordinates[rows], table.chains[rows]
    if assembly is not None:
        atoms = _assembly(path, file, rows, assembly)
    return as_atoms(path, file, numbers, choice, atoms)


def read_structure_file(path: Path) -> StructureFile:
    """Return everything that is read from a structure file.

    Raises
    ------
    FormatError
        If the file is missing, of another kind, damaged, or holds no atom.
    """
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise FormatError(f"{path}: not a structure file: expected one of {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise FormatError(f"{path}: no such file: give the path of a PDB or mmCIF file")
    kind = name.removesuffix(".gz")
    try:
        content = path.read_bytes()
        if name.endswith(".gz"):
            content = gzip.decompress(content)
        file = parse_pdb(content) if kind.endswith(_PDB) else parse_mmcif(content, binary=kind.endswith(_BINARY))
    except Exception as error:  # the parsers raise many kinds at damaged files
        raise FormatError(f"{path}: cannot be read as a structure ({_why(error)})") from error
    if not len(file.table):
        raise FormatError(f"{path}: holds no atom: it may be damaged, or not be a PDB or mmCIF file")
    lost = ~np.isfinite(file.table.coordinates).all(axis=1)
    if lost.any():
        raise FormatError(f"{path}: atom {int(np.argmax(lost)) + 1} has no position: the file may be damaged")
    return file


def as_atoms(
    path: Path, file: StructureFile, numbers: Int[np.ndarray, " N"], choice: AtomChoice, chosen: Assembled
) -> Atoms:
    """Return chosen atoms (rows, positions in Å, chains) of a file whose atomic numbers are known.

    Raises
    ------
    FormatError
        If there are none.
    InputError
        If they have no weight.
    """
    rows, coordinates, chains = chosen
    if not len(rows):
        raise FormatError(f"{path}: holds no atom of those asked for (its {len(file.table):,} atoms are left out)")
    table = file.table
    return Atoms(
        coordinates=coordinates,
        weights=_weights(path, numbers[rows], table.occupancies[rows], choice),
        numbers=numbers[rows],
        b_factors=np.nan_to_num(table.b_factors[rows]),
        chains=chains,
        residues=table.residues[rows],
        residue_names=table.residue_names[rows],
        names=table.names[rows],
        title=file.title or path.name,
    )


def _weights(
    path: Path, numbers: Int[np.ndarray, " N"], occupancies: Float64[np.ndarray, " N"], choice: AtomChoice
) -> Float64[np.ndarray, " N"]:
    weights = numbers.astype(np.float64)
    if choice.occupancies == "ignore":
        return weights
    weights *= np.where(np.isnan(occupancies), 1.0, occupancies)
    if weights.min() < 0 or not weights.any():
        wrong = "an occupancy is below 0" if weights.min() < 0 else "every occupancy is 0"
        raise InputError(f"{path}: {wrong}: choose to ignore the occupancies (occupancies = ignore)")
    return weights


def _assembly(path: Path, file: StructureFile, rows: Int[np.ndarray, " N"], name: str) -> Assembled:
    try:
        assemblies = file.assemblies()
    except Exception as error:  # as above
        raise FormatError(f"{path}: its biological assemblies cannot be read ({_why(error)})") from error
    if not assemblies:
        raise InputError(f"{path}: describes no biological assembly: ask for none, or get the file from the PDB")
    if name not in assemblies:
        raise InputError(f"{path}: has no biological assembly '{name}': choose from {', '.join(assemblies)}")
    return assembled(file.table, rows, assemblies[name])


def _why(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
