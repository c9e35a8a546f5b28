"""The PDB's Chemical Component Dictionary, as biotite brings it."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping

import numpy as np


@functools.cache
def component_elements(residue_name: str) -> Mapping[str, str]:
    """Return the element symbol of each atom of a component, by atom name; nothing if it is not in the dictionary."""
    names, symbols = _columns("chem_comp_atom", residue_name, "atom_id", "type_symbol")
    return dict(zip(names, symbols, strict=True))


@functools.cache
def component_hydrogens(residue_name: str) -> Mapping[str, int]:
    """Return how many hydrogens each heavy atom of a component carries within a chain, by atom name.

    Hydrogens that the dictionary marks as leaving when the component is linked to others are not counted.
    """
    names, leaving = _columns("chem_comp_atom", residue_name, "atom_id", "pdbx_leaving_atom_flag")
    elements = component_elements(residue_name)
    hydrogens = {n for n, leaves in zip(names, leaving, strict=True) if elements[n] in {"H", "D"} and leaves != "Y"}
    firsts, seconds = _columns("chem_comp_bond", residue_name, "atom_id_1", "atom_id_2")
    return Counter(
        here
        for pair in zip(firsts, seconds, strict=True)
        for here, there in (pair, pair[::-1])
        if there in hydrogens and here not in hydrogens
    )


def _columns(category: str, residue_name: str, *columns: str) -> list[list[str]]:
    from biotite.structure.info import get_from_ccd  # noqa: PLC0415 (slow to import)

    found = [get_from_ccd(category, residue_name, column) for column in columns]
    return [[] if column is None else np.asarray(column.as_array(str, "")).tolist() for column in found]
