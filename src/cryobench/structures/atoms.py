"""Atoms as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int

from cryobench.core.checks import require_finite, require_shape

_PER_ATOM = ("weights", "numbers", "b_factors", "chains", "residues", "residue_names", "names")


@dataclass(frozen=True, eq=False, kw_only=True)
class Atoms:
    """A molecular structure.

    Parameters
    ----------
    coordinates
        Positions (x, y, z) in Å, shape (N, 3).
    weights
        What each atom adds to the density, shape (N,): its atomic number Z, unless a coarse model spreads the electrons
        of the atoms it leaves out over those it has, or occupancies were asked for.
    numbers
        Atomic number Z of each atom, shape (N,).
    b_factors
        Isotropic B-factor of each atom in Å², shape (N,).
    chains, residues, residue_names, names
        Chain name, residue number, residue name (as ``ALA``) and atom name of each atom, shape (N,).
    title
        What the structure is.
    """

    coordinates: Float64[np.ndarray, "N 3"]
    weights: Float64[np.ndarray, " N"]
    numbers: Int[np.ndarray, " N"]
    b_factors: Float64[np.ndarray, " N"]
    chains: np.ndarray
    residues: Int[np.ndarray, " N"]
    residue_names: np.ndarray
    names: np.ndarray
    title: str

    def __post_init__(self) -> None:
        n = len(self.coordinates)
        require_shape("coordinates", self.coordinates, (n, 3))
        require_finite("coordinates", self.coordinates)
        for name in _PER_ATOM:
            require_shape(name, getattr(self, name), (n,))
        for name in ("weights", "b_factors"):
            require_finite(name, getattr(self, name))

    def __len__(self) -> int:
        return len(self.coordinates)

    def moved(self, coordinates: Float64[np.ndarray, "N 3"]) -> Atoms:
        """Return the same atoms at other positions, in Å."""
        return replace(self, coordinates=coordinates)

    def chosen(self, mask: Bool[np.ndarray, " N"]) -> Atoms:
        """Return the atoms at which ``mask`` is true, shape (N,), in their order, under the same title."""
        parts = {name: getattr(self, name)[mask] for name in ("coordinates", *_PER_ATOM)}
        return Atoms(**parts, title=self.title)

    def select(self, chain: str, first: int, last: int) -> Bool[np.ndarray, " N"]:
        """Return which atoms belong to residues ``first`` to ``last`` (inclusive) of a chain."""
        return np.asarray((self.chains == chain) & (self.residues >= first) & (self.residues <= last))

    def centre(self) -> Float64[np.ndarray, " 3"]:
        """Return the weighted mean position in Å."""
        return np.asarray(np.average(self.coordinates, axis=0, weights=self.weights))
