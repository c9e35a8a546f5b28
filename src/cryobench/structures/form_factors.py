"""Electron scattering factors of atoms, as sums of Gaussians."""

from __future__ import annotations

import gemmi
import numpy as np
from jaxtyping import Float64, Int

from cryobench.core import InputError


def electron_gaussians(
    numbers: Int[np.ndarray, " N"],
) -> tuple[Float64[np.ndarray, "N 5"], Float64[np.ndarray, "N 5"]]:
    """Return the amplitudes a (Å) and the B-like widths b (Å^2) of neutral atoms' elastic electron scattering factors.

    The factor at the spatial frequency k (1/Å) is the sum over the five terms of a exp(-b k^2 / 4).

    Parameters
    ----------
    numbers
        Atomic numbers, 1 to 98, shape (N,).

    Raises
    ------
    InputError
        If an atomic number has no tabulated factor.

    References
    ----------
    International Tables for Crystallography C (2004), table 4.3.2.2, as gemmi holds it.
    """
    known, index = np.unique(numbers, return_inverse=True)
    table = np.array([_coefficients(int(number)) for number in known]).reshape(-1, 10)
    return table[index, :5], table[index, 5:]


def _coefficients(number: int) -> list[float]:
    # gemmi answers numbers beyond its table with zeros, and raises at those that are no element.
    found = gemmi.Element(number).c4322 if 1 <= number <= 98 else None
    if found is None:
        raise InputError(
            f"atomic number {number} has no tabulated electron scattering factor, only 1 to 98 have: "
            "leave those atoms out, or choose another kind of density, such as molmap"
        )
    return list(found.get_coefs())
