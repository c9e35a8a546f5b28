"""Atoms to density."""

from __future__ import annotations

import math

from cryobench.core import Volume
from cryobench.ops.splat import splat_gaussians
from cryobench.structures.atoms import Atoms

CUTOFF = 5.0
"""Gaussians are cut at this many standard deviations."""


def sigma_of_resolution(resolution: float) -> float:
    """Return the standard deviation in Å of the Gaussian that stands for an atom at a resolution in Å.

    The transform of the Gaussian falls to 1/e at the frequency 1/resolution, as in ChimeraX's ``molmap``.
    """
    return resolution / (math.pi * math.sqrt(2.0))


def render_density(atoms: Atoms, resolution: float, box: int, pixel_size: float) -> Volume:
    """Return the density of a structure: a sum of Gaussians weighted by atomic number, as ``molmap`` makes it.

    Parameters
    ----------
    atoms
        The structure; its origin is the centre of the box.
    resolution
        Resolution in Å; see :func:`sigma_of_resolution`.
    box, pixel_size
        Edge of the map in voxels, and of a voxel in Å.

    Returns
    -------
    Volume
        Its sum times the voxel volume is the sum of the atoms' weights.
    """
    sigma = sigma_of_resolution(resolution)
    data = splat_gaussians(atoms.coordinates, atoms.weights, sigma, box, pixel_size, CUTOFF)
    return Volume(data, pixel_size)
