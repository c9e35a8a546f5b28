"""Real structures that come with the package: the 50S ribosomal subunit, and how it grows.

Where the atoms are from is written in ``data/README.md``.
"""

from __future__ import annotations

import functools
import io
import json
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from jaxtyping import Bool

from cryobench.structures.atoms import Atoms
from cryobench.structures.motion import ResidueRange, select

ATOMS_FILE = "4v5d_50S.npz"
STATES_FILE = "ribosome_states.json"


@functools.cache
def ribosome_50s() -> Atoms:
    """Return the 50S subunit of the T. thermophilus ribosome: 90,710 atoms of protein and RNA, chains B0 to BZ.

    Coordinates in Å are those of the entry, to 0.001 Å, and not centred. Chain BA is the 23S rRNA, in E. coli
    numbering; BB is the 5S rRNA. Ions, ligands and hydrogens are left out.

    References
    ----------
    PDB entry 4V5D: Voorhees et al., Nat. Struct. Mol. Biol. 16, 528 (2009). CC0.
    """
    with np.load(io.BytesIO(_content(ATOMS_FILE)), allow_pickle=False) as stored:
        return Atoms(
            coordinates=np.cumsum(stored["steps"], axis=0) / 1000,
            weights=stored["numbers"].astype(np.float64),
            numbers=stored["numbers"].astype(np.int64),
            b_factors=stored["centi_b_factors"] / 100,
            chains=stored["chains"].astype(str),
            residues=stored["residues"].astype(np.int64),
            residue_names=stored["residue_names"].astype(str),
            names=stored["names"].astype(str),
            title="50S subunit of the Thermus thermophilus ribosome (PDB 4V5D, without ions)",
        )


@dataclass(frozen=True)
class RibosomeState:
    """A partly assembled 50S subunit.

    Parameters
    ----------
    adds
        What this state has more than the one before.
    rrna
        The parts of the 23S rRNA that are there.
    chains
        Names of the chains that are there whole: proteins, and the 5S rRNA once it has joined.
    """

    adds: str
    rrna: tuple[ResidueRange, ...]
    chains: tuple[str, ...]

    def mask(self, subunit: Atoms) -> Bool[np.ndarray, " N"]:
        """Return which atoms of :func:`ribosome_50s` belong to this state.

        Raises
        ------
        InputError
            If the atoms lack a part of the 23S rRNA.
        """
        return select(subunit, self.rrna) | np.isin(subunit.chains, self.chains)


@functools.cache
def ribosome_states() -> tuple[RibosomeState, ...]:
    """Return 16 states of assembly, each the one before and more: 209 to 1,280 kDa.

    The order follows what is known of assembly, domain by domain of the 23S rRNA, each with proteins that bind it. It
    stands in for the models of Qin et al. (2023), and is not theirs.
    """
    rrna: tuple[ResidueRange, ...] = ()
    chains: tuple[str, ...] = ()
    states = []
    for step in json.loads(_content(STATES_FILE))["states"]:
        rrna += tuple(map(ResidueRange.parse, step["rrna"]))
        chains += tuple(step["chains"])
        states.append(RibosomeState(step["adds"], rrna, chains))
    return tuple(states)


def _content(name: str) -> bytes:
    return files("cryobench.structures").joinpath("data", name).read_bytes()
