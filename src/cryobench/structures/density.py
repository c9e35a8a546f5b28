"""Atoms to density."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from jaxtyping import Float64

from cryobench.core import InputError, Volume
from cryobench.core.checks import require_even_box, require_positive
from cryobench.ops.band_limited import band_limited_gaussians
from cryobench.ops.splat import splat_gaussians
from cryobench.structures.atoms import Atoms
from cryobench.structures.form_factors import electron_gaussians

CUTOFF = 5.0
"""Gaussians are cut at this many standard deviations."""

Density = Literal["molmap", "band-limited", "electron"]
"""How atoms are made a density; see :func:`render_density`."""


def sigma_of_resolution(resolution: float) -> float:
    """Return the standard deviation in Å of the Gaussian that stands for an atom at a resolution in Å.

    The transform of the Gaussian falls to 1/e at the frequency 1/resolution, as in ChimeraX's ``molmap``.
    """
    return resolution / (math.pi * math.sqrt(2.0))


def render_density(atoms: Atoms, resolution: float, box: int, pixel_size: float, kind: Density = "molmap") -> Volume:
    """Return the density of a structure, a sum of Gaussians.

    - ``"molmap"``: a Gaussian for each atom, weighted by its weight (its atomic number, as a rule), sampled at the
      voxels, as ChimeraX's ``molmap`` makes it. A narrow Gaussian has frequencies beyond Nyquist, which fold back: at
      3 Å and 1.5 Å/px, onto what belongs at a quarter of Nyquist another 5 % of it, 14 % at half, and ever more
      towards it.
    - ``"band-limited"``: the same Gaussians after an ideal low-pass filter at Nyquist, so without that folding. The
      map is periodic: atoms near a face of the box, or outside, come in at the opposite one. It rings about sharp
      features, and is negative in places, where the Gaussians hold much at Nyquist.
    - ``"electron"``: electron scattering factors, widened by each atom's B-factor and by the same Gaussian as above,
      which is a B-factor of 8 pi^2 sigma^2 more. Sampled at the voxels as in ``"molmap"``. An atom counts weight /
      atomic number times, so an occupancy in its weight is respected.

    Parameters
    ----------
    atoms
        The structure; its origin is the centre of the box.
    resolution
        Resolution in Å; see :func:`sigma_of_resolution`.
    box, pixel_size
        Edge of the map in voxels, even, and of a voxel in Å.
    kind
        Which of these densities.

    Returns
    -------
    Volume
        Its sum times the voxel volume is the sum of the atoms' weights; for ``"electron"`` of their scattering factors
        at zero angle, in Å. The values of that kind are in 1/Å^2, as in gemmi; times 47.88 V Å^2 they are the
        electrostatic potential in V.

    Raises
    ------
    InputError
        If the box, pixel size, resolution or kind is not allowed, or an atom has no scattering factor.
    """
    require_even_box(box)
    require_positive("pixel size", pixel_size)
    require_positive("resolution", resolution)
    sigma = sigma_of_resolution(resolution)
    if kind == "molmap":
        data = splat_gaussians(atoms.coordinates, atoms.weights, sigma, box, pixel_size, CUTOFF)
    elif kind == "band-limited":
        data = band_limited_gaussians(atoms.coordinates, atoms.weights, sigma, box, pixel_size)
    elif kind == "electron":
        data = splat_gaussians(*_electron_terms(atoms, sigma), box, pixel_size, CUTOFF)
    else:
        raise InputError(f"'{kind}' is no kind of density: choose molmap, band-limited or electron")
    return Volume(data, pixel_size)


def _electron_terms(
    atoms: Atoms, sigma: float
) -> tuple[Float64[np.ndarray, "n 3"], Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    """Return centres, integrals (Å) and widths (Å) of the Gaussians, five for each atom."""
    amplitudes, widths = electron_gaussians(atoms.numbers)
    total = widths + atoms.b_factors[:, None] + 8 * math.pi**2 * sigma**2
    if total.size and total.min() <= 0:
        at = int(np.argmin(total.min(axis=1)))
        raise InputError(
            f"atom {at} ({atoms.names[at]}) has the B-factor {atoms.b_factors[at]:g} Å^2, which sharpens it beyond "
            "what this resolution widens it: mend the structure, or ask for a coarser resolution"
        )
    occupancies = atoms.weights / atoms.numbers
    integrals = occupancies[:, None] * amplitudes
    spread = np.sqrt(total / (8 * math.pi**2))
    return np.repeat(atoms.coordinates, amplitudes.shape[1], axis=0), integrals.ravel(), spread.ravel()
