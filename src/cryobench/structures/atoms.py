"""Atoms as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int

from cryobench.core.checks import require_finite, require_shape


@dataclass(frozen=True, eq=False)
class Atoms:
    """A molecular structure.

    Parameters
    ----------
    coordinates
        Positions (x, y, z) in Å, shape (N, 3).
    weights
        What each atom adds to the density, shape (N,): its atomic number Z, unless a coarse model spreads the electrons
        of the atoms it leaves out over those it has.
    chains, residues, names
        Chain name, residue number and atom name of each atom, shape (N,).
    title
        What the structure is.
    """

    coordinates: Float64[np.ndarray, "N 3"]
    weights: Float64[np.ndarray, " N"]
    chains: np.ndarray
    residues: Int[np.ndarray, " N"]
    names: np.ndarray
    title: str

    def __post_init__(self) -> None:
        n = len(self.coordinates)
        require_shape("coordinates", self.coordinates, (n, 3))
        require_finite("coordinates", self.coordinates)
        for name in ("weights", "chains", "residues", "names"):
            require_shape(name, getattr(self, name), (n,))

    def __len__(self) -> int:
        return len(self.coordinates)

    def moved(self, coordinates: Float64[np.ndarray, "N 3"]) -> Atoms:
        """Return the same atoms at other positions, in Å."""
        return replace(self, coordinates=coordinates)

    def select(self, chain: str, first: int, last: int) -> Bool[np.ndarray, " N"]:
        """Return which atoms belong to residues ``first`` to ``last`` (inclusive) of a chain."""
        return np.asarray((self.chains == chain) & (self.residues >= first) & (self.residues <= last))

    def centre(self) -> Float64[np.ndarray, " 3"]:
        """Return the weighted mean position in Å."""
        return np.asarray(np.average(self.coordinates, axis=0, weights=self.weights))
