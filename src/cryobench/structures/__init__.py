"""Atoms, their motions, and the density they make."""

from cryobench.structures.atoms import Atoms
from cryobench.structures.density import render_density, sigma_of_resolution
from cryobench.structures.load import load_structure
from cryobench.structures.masks import soft_mask
from cryobench.structures.motion import ResidueRange, select, turn_about_psi

__all__ = [
    "Atoms",
    "ResidueRange",
    "load_structure",
    "render_density",
    "select",
    "sigma_of_resolution",
    "soft_mask",
    "turn_about_psi",
]
