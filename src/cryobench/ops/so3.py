"""Even grids on the sphere and on the rotation group."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64, Int

from cryobench.ops.rotations import rotation_from_relion


def so3_grid_size(level: int) -> int:
    """Return the number of rotations of :func:`so3_grid`, 72 * 8^level."""
    return 72 << 3 * level


def so3_grid(level: int, numbers: Int[np.ndarray, " n"] | None = None) -> Float64[np.ndarray, "n 3 3"]:
    """Return rotations of the Hopf grid of a level: all of them, or those with the given numbers.

    The viewing directions are the HEALPix centres of nside = 2^level, and each has 6 * 2^level in-plane angles: the
    counts of cryoDRGN's ``grid_SO3``. Nearest neighbours are 60 / 2^level degrees apart, or a little less.

    The order is fixed and runs through the group in strides of about its golden section, so that any run of
    consecutive rotations is spread over the group: particles are numbered state by state, and no state may be seen
    from one side alone.

    Parameters
    ----------
    level
        At least 0.
    numbers
        Numbers of the wanted rotations, in [0, 72 * 8^level); None for all in order.

    Returns
    -------
    Active rotations R in double precision, shape (n, 3, 3).

    Notes
    -----
    Yershova, Jain, LaValle and Mitchell (2010), Int. J. Robotics Research 29, 801: the in-plane angle psi is that of
    the Hopf fibration, measured from the frame that is carried along the meridian from the north pole, so that
    neighbouring directions have neighbouring frames. In RELION's angles it is rot + psi.
    """
    size, in_plane = so3_grid_size(level), 6 * 2**level
    wanted = np.arange(size) if numbers is None else np.asarray(numbers, dtype=np.int64)
    place = wanted * _stride(size) % size
    directions = healpix_angles(2**level)[place // in_plane]
    hopf = (place % in_plane + 0.5) * (360.0 / in_plane)
    return rotation_from_relion(np.column_stack((directions, hopf - directions[:, 0])))


def _stride(size: int) -> int:
    """Return the first number from the golden section of ``size`` up that has no divisor in common with it."""
    stride = int(size * (math.sqrt(5) - 1) / 2)
    while math.gcd(stride, size) > 1:
        stride += 1
    return stride


def healpix_angles(nside: int) -> Float64[np.ndarray, "n 2"]:
    """Return the centres of the 12 nside^2 pixels of HEALPix in ring order, as longitude and colatitude in degrees.

    These are RELION's rot and tilt of the direction (cos rot sin tilt, sin rot sin tilt, cos tilt).

    Notes
    -----
    Gorski et al. (2005), Astrophysical Journal 622, 759, equations 2 to 9. The southern half mirrors the northern.
    Rings that have a centre at longitude 0 begin with it, as in the authors' software; equation 9 ends with it.
    """
    angles = []
    for ring in range(1, 4 * nside):
        from_pole = min(ring, 4 * nside - ring)
        if from_pole < nside:  # polar cap
            height, pixels, offset = 1 - from_pole**2 / (3 * nside**2), 4 * from_pole, 0.5
        else:  # equatorial belt: every other ring begins at longitude 0, the others half a pixel further
            height, pixels, offset = 4 / 3 - 2 * from_pole / (3 * nside), 4 * nside, 0.5 + (from_pole - nside) % 2 / 2
        height = math.copysign(height, 2 * nside - ring)
        longitudes = (np.arange(1, pixels + 1) - offset) * (360.0 / pixels)
        angles.append(np.column_stack((longitudes, np.full(pixels, np.rad2deg(math.acos(height))))))
    return np.concatenate(angles)
