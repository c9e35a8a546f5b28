"""Atomic numbers from element symbols, or from atom names where a file leaves the symbols out."""

from __future__ import annotations

import functools
import logging
import re

import numpy as np
from jaxtyping import Int

from cryobench.structures._components import component_elements

logger = logging.getLogger(__name__)

_TABLE = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb "
    "Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au "
    "Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts "
    "Og"
)
SYMBOLS = tuple(_TABLE.split())
"""Element symbols in the order of the atomic numbers, from 1."""

_NUMBERS = {symbol.upper(): number for number, symbol in enumerate(SYMBOLS, start=1)} | {"D": 1, "T": 1}
_DUMMY = {"X", "XX"}
_CHARMM_IONS = {
    "SOD": "NA", "CLA": "CL", "POT": "K", "CAL": "CA", "CES": "CS", "LIT": "LI", "RUB": "RB", "BAR": "BA", "CAD": "CD",
}  # fmt: skip


def atomic_numbers(symbols: np.ndarray, residue_names: np.ndarray, names: np.ndarray) -> Int[np.ndarray, " N"]:
    """Return the atomic number of each atom, shape (N,); deuterium and tritium are hydrogen, 0 is none.

    A dummy atom (X) has none. A symbol that is missing or no element is inferred: from the residue if it is an ion of
    one atom, from the component of the dictionary that has an atom of that name, or else from the name's letters.
    Where in its columns the name stands is not looked at: programs for molecular dynamics do not keep to it.
    """
    kinds, kind = np.unique(np.char.upper(symbols), return_inverse=True)
    numbers = np.array([_NUMBERS.get(str(symbol), 0) for symbol in kinds], dtype=np.int64)[kind]
    unsure = np.array([str(symbol) not in _NUMBERS.keys() | _DUMMY for symbol in kinds], dtype=bool)[kind]
    if unsure.any():
        of = np.char.add(np.char.add(residue_names[unsure], " "), names[unsure])
        pairs, pair = np.unique(of, return_inverse=True)
        numbers[unsure] = np.array([_inferred(*str(text).split(" ", 1)) for text in pairs], dtype=np.int64)[pair]
        logger.info("elements of %d atoms inferred from their names", np.count_nonzero(unsure))
        unknown = unsure & (numbers == 0)
        if unknown.any():
            listed = ", ".join(sorted(set(names[unknown].tolist()))[:10])
            logger.warning("%d atoms left out: no element fits their names (%s)", np.count_nonzero(unknown), listed)
    return numbers


@functools.cache
def _inferred(residue_name: str, name: str) -> int:
    letters, residue_letters = (re.sub("[^A-Z]", "", text.upper()) for text in (name, residue_name))
    if letters == residue_letters:
        ion = _CHARMM_IONS.get(letters, letters)
        if ion in _NUMBERS:
            return _NUMBERS[ion]
    component = component_elements(residue_name).get(name, "").upper()
    if component in _NUMBERS:
        return _NUMBERS[component]
    if letters[:1] in {"C", "N", "O", "S", "H", "D"}:
        return _NUMBERS[letters[0]]
    return _NUMBERS.get(letters[:2], _NUMBERS.get(letters[:1], 0))
