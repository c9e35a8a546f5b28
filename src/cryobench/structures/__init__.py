"""Atoms, their motions, and the density they make."""

from cryobench.structures.atoms import Atoms
from cryobench.structures.choice import AtomChoice
from cryobench.structures.clashes import atoms_within, contacts
from cryobench.structures.density import CUTOFF, Density, render_density, sigma_of_resolution
from cryobench.structures.fetch import cached_structures, structure_file, structure_files
from cryobench.structures.linker import LinkerStates, draw_linker_states, fab_geometry
from cryobench.structures.load import load_structure
from cryobench.structures.masks import moving_region_mask, soft_mask, union_map, variance_map
from cryobench.structures.mass import heavy_mass_kda, mass_kda
from cryobench.structures.motion import ResidueRange, select, turn_about_psi
from cryobench.structures.trajectory import Trajectory, superposed

__all__ = [
    "CUTOFF",
    "AtomChoice",
    "Atoms",
    "Density",
    "LinkerStates",
    "ResidueRange",
    "Trajectory",
    "atoms_within",
    "cached_structures",
    "contacts",
    "draw_linker_states",
    "fab_geometry",
    "heavy_mass_kda",
    "load_structure",
    "mass_kda",
    "moving_region_mask",
    "render_density",
    "select",
    "sigma_of_resolution",
    "soft_mask",
    "structure_file",
    "structure_files",
    "superposed",
    "turn_about_psi",
    "union_map",
    "variance_map",
]
