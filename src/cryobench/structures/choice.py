"""Which atoms of a file are taken, and how much each of them counts."""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Bool, Int

from cryobench.core import Strict
from cryobench.structures.structure_file import AtomTable

_WATERS = {
    "HOH", "DOD", "WAT", "H2O", "OH2", "SOL", "SPC", "SPCE", "TIP", "TIP2", "TIP3", "TIP4", "TIP5", "TP3", "TP4", "TP5",
    "T3P", "T4P", "T5P", "TP3M", "T3H", "T4H", "T5H",
}  # fmt: skip


class AtomChoice(Strict):
    """Which atoms of a file are taken.

    Parameters
    ----------
    alternates
        Of a residue with alternate locations, the one that comes first, the one of the highest mean occupancy, or all
        of them. All of them are counted fully unless occupancies are used.
    hydrogens, waters
        Whether hydrogens (deuterium is one) and waters are taken. Waters go by their usual names; a residue of such a
        name that has carbon is none.
    occupancies
        Whether an atom's weight is its atomic number, or that times its occupancy. A missing occupancy counts as 1.
    """

    alternates: Literal["first", "highest-occupancy", "all"] = "first"
    hydrogens: bool = False
    waters: bool = False
    occupancies: Literal["ignore", "use"] = "ignore"


HEAVY_ATOMS = AtomChoice()
"""The default: heavy atoms, at their first location, without waters, each counted fully."""


def chosen_rows(table: AtomTable, numbers: Int[np.ndarray, " N"], choice: AtomChoice) -> Bool[np.ndarray, " N"]:
    """Return which atoms of a table are taken, given their atomic numbers (0, which is no element, never is)."""
    chosen = numbers > 0
    if not choice.hydrogens:
        chosen &= numbers > 1
    if not choice.waters:
        chosen &= ~np.isin(table.residue_names, sorted(_WATERS - set(table.residue_names[numbers == 6].tolist())))
    if choice.alternates != "all":
        chosen &= _one_location(table, by_occupancy=choice.alternates == "highest-occupancy")
    return chosen


def _one_location(table: AtomTable, *, by_occupancy: bool) -> Bool[np.ndarray, " N"]:
    """Return the atoms without alternates, and those of one alternate location of each residue.

    Residues of different kinds at one place in the chain are alternates too.
    """
    kept = table.alternates == ""
    occupancies = np.where(np.isnan(table.occupancies), 1.0, table.occupancies)
    places: dict[tuple[str, int, str], dict[str, list[int]]] = {}
    for i in np.flatnonzero(~kept).tolist():
        place = (str(table.chains[i]), int(table.residues[i]), str(table.insertions[i]))
        places.setdefault(place, {}).setdefault(str(table.alternates[i]), []).append(i)
    for locations in places.values():
        rows = list(locations.values())
        kept[max(rows, key=lambda atoms: float(occupancies[atoms].mean())) if by_occupancy else rows[0]] = True
    return np.asarray(kept)
