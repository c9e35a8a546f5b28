"""Biological assemblies: copies of the chains in a file, where its operators put them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int

from cryobench.structures.structure_file import AssemblyPart, AtomTable

Assembled = tuple[Int[np.ndarray, " M"], Float64[np.ndarray, "M 3"], np.ndarray]


def assembled(table: AtomTable, rows: Int[np.ndarray, " N"], parts: Sequence[AssemblyPart]) -> Assembled:
    """Return the atoms of an assembly.

    Parameters
    ----------
    table, rows
        The atoms of a file, and which of them are taken.
    parts
        What the assembly is made of.

    Returns
    -------
    Of each atom, in the order of the operators: its row in the table, its position in Å, and its chain. The first copy
    of chain A is called A, the others A-2, A-3 and so on, each with the ligands that the same operator moved.
    """
    all_rows, all_positions, all_chains = [rows[:0]], [np.empty((0, 3))], [np.empty(0, "U1")]
    copies: dict[str, list[bytes]] = {}
    for part in parts:
        inside = rows[np.isin(table.units[rows], part.units)]
        names, name = np.unique(table.chains[inside], return_inverse=True)
        for operator in part.operators:
            called = np.array([_copy_name(str(chain), copies, operator.tobytes()) for chain in names], dtype=np.str_)
            all_rows.append(inside)
            all_positions.append(table.coordinates[inside] @ operator[:, :3].T + operator[:, 3])
            all_chains.append(called[name])
    return np.concatenate(all_rows), np.concatenate(all_positions), np.concatenate(all_chains)


def _copy_name(chain: str, copies: dict[str, list[bytes]], operator: bytes) -> str:
    known = copies.setdefault(chain, [])
    if operator not in known:
        known.append(operator)
    number = known.index(operator) + 1
    return chain if number == 1 else f"{chain}-{number}"
