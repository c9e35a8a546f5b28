"""What is read from a structure file, before any atom is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int


@dataclass(frozen=True, eq=False)
class AtomTable:
    """All atoms of a file's first model, in its order, as they are written.

    Parameters
    ----------
    coordinates
        Positions (x, y, z) in Å, shape (N, 3).
    occupancies, b_factors
        Shape (N,), the latter in Å²; not a number where the file says nothing.
    symbols
        Element symbols, shape (N,); empty where the file says nothing.
    alternates
        Alternate location, shape (N,); empty where there is but one.
    chains, residues, insertions, residue_names, names
        Author chain name and residue number, insertion code, residue name and atom name, shape (N,).
    units
        What the file builds its assemblies from, shape (N,): chains in PDB, ``label_asym_id`` in mmCIF.
    """

    coordinates: Float64[np.ndarray, "N 3"]
    occupancies: Float64[np.ndarray, " N"]
    b_factors: Float64[np.ndarray, " N"]
    symbols: np.ndarray
    alternates: np.ndarray
    chains: np.ndarray
    residues: Int[np.ndarray, " N"]
    insertions: np.ndarray
    residue_names: np.ndarray
    names: np.ndarray
    units: np.ndarray

    def __len__(self) -> int:
        return len(self.coordinates)


@dataclass(frozen=True, eq=False)
class AssemblyPart:
    """Units, and the operators that each of them is copied with: (rotation | translation in Å), shape (K, 3, 4)."""

    units: tuple[str, ...]
    operators: Float64[np.ndarray, "K 3 4"]


@dataclass(frozen=True, eq=False)
class StructureFile:
    """The atoms of a file, its title (empty if it has none), and what reads its biological assemblies by name."""

    table: AtomTable
    title: str
    assemblies: Callable[[], Mapping[str, tuple[AssemblyPart, ...]]]
