"""The contrast transfer function (CTF).

``CTF(s) = sqrt(1 - w^2) sin(g) - w cos(g)`` with ``g = 2 pi (-0.5 df lam s^2 + 0.25 Cs lam^3 s^4) - phase shift``,
where s is the spatial frequency in 1/Å, df the defocus in Å (underfocus positive) along the direction of s, w the
amplitude contrast and lam the wavelength of the electron. At s = 0 it is -w where there is no phase shift. An envelope
``exp(-B s^2 / 4)`` may multiply it.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from jaxtyping import Float32


def evaluate_ctf(
    table: Float32[np.ndarray, "n 7"], box: int, pixel_size: float, b_factor: float = 0.0
) -> Float32[np.ndarray, "n D H"]:
    """Return the CTF of each image on the half transform, shape (n, D, D/2 + 1).

    Parameters
    ----------
    table
        Defocus U, V (Å), angle of U (degrees), voltage (kV), Cs (mm), amplitude contrast, phase shift (degrees) of
        each image: the columns of :data:`cryobench.core.CTF_COLUMNS`.
    box
        Edge D of the image in pixels.
    pixel_size
        Edge of a pixel in Å.
    b_factor
        B of the envelope in Å^2.
    """
    out = np.empty((len(table), box, box // 2 + 1), dtype=np.float32)
    _ctf_kernel(table.astype(np.float64), pixel_size, b_factor, out)
    return out


@numba.njit(cache=True)
def electron_wavelength(voltage_kv: float) -> float:
    """Return the relativistic wavelength of an electron in Å, for a voltage in kV."""
    volts = voltage_kv * 1e3
    return 12.2639 / math.sqrt(volts + 0.97845e-6 * volts * volts)


@numba.njit(parallel=True, cache=True)
def _ctf_kernel(table, pixel_size, b_factor, out):  # type: ignore[no-untyped-def]
    n, box, half = out.shape
    step = 1.0 / (box * pixel_size)
    for i in numba.prange(n):
        mean = 0.5 * (table[i, 0] + table[i, 1])
        difference = 0.5 * (table[i, 0] - table[i, 1])
        angle = math.radians(table[i, 2])
        wavelength = electron_wavelength(table[i, 3])
        cs = table[i, 4] * 1e7
        w = table[i, 5]
        phase = math.radians(table[i, 6])
        amplitude = math.sqrt(1.0 - w * w)
        c2, s2 = math.cos(2 * angle), math.sin(2 * angle)
        quadratic = -math.pi * wavelength
        quartic = 0.5 * math.pi * cs * wavelength**3
        for y in range(box):
            ky = (y if y < box // 2 else y - box) * step
            for x in range(half):
                kx = x * step
                k2 = kx * kx + ky * ky
                # df k^2 without an arctangent: k^2 cos 2(phi - angle) = (kx^2 - ky^2) cos 2a + 2 kx ky sin 2a
                defocus_k2 = mean * k2 + difference * ((kx * kx - ky * ky) * c2 + 2.0 * kx * ky * s2)
                g = quadratic * defocus_k2 + quartic * k2 * k2 - phase
                value = amplitude * math.sin(g) - w * math.cos(g)
                out[i, y, x] = value * math.exp(-0.25 * b_factor * k2)
