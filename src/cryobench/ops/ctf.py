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
from jaxtyping import Complex64, Float


def evaluate_ctf(
    table: Float[np.ndarray, "n 7"],
    box: int,
    pixel_size: float,
    b_factor: float = 0.0,
    dtype: type[np.float32 | np.float64] = np.float32,
) -> Float[np.ndarray, "n D H"]:
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
    dtype
        Type of the result; it is computed in double precision in any case.
    """
    out = np.empty((len(table), box, box // 2 + 1), dtype=dtype)
    ky = np.fft.fftfreq(box, pixel_size)
    _ctf_kernel(table.astype(np.float64), ky, np.arange(box // 2 + 1) / (box * pixel_size), b_factor, out)
    return out


def evaluate_ctf_plane(
    table: Float[np.ndarray, "n 7"],
    box: int,
    pixel_size: float,
    b_factor: float = 0.0,
    dtype: type[np.float32 | np.float64] = np.float32,
) -> Float[np.ndarray, "n D D"]:
    """Return the CTF of each image on the whole plane, frequency zero at [D/2, D/2], shape (n, D, D).

    The parameters are those of :func:`evaluate_ctf`. Row and column 0 hold the frequency -1/(2 pixel size).
    """
    out = np.empty((len(table), box, box), dtype=dtype)
    frequencies = np.fft.fftshift(np.fft.fftfreq(box, pixel_size))
    _ctf_kernel(table.astype(np.float64), frequencies, frequencies, b_factor, out)
    return out


def apply_optics(
    transforms: Complex64[np.ndarray, "n D H"],
    table: Float[np.ndarray, "n 7"] | None,
    displacements: Float[np.ndarray, "n 2"],
    scales: Float[np.ndarray, " n"],
    pixel_size: float,
    b_factor: float = 0.0,
) -> None:
    """Displace images, multiply them by their CTF and by a factor, in one pass and in place.

    Parameters
    ----------
    transforms
        Centred half transforms of n images, changed.
    table
        CTF parameters as in :func:`evaluate_ctf`; ``None`` leaves CTF and envelope out.
    displacements
        (x, y) by which the content of each image moves, in pixels.
    scales
        Factor of each image.
    pixel_size, b_factor
        Å and Å^2.
    """
    optics = np.zeros((len(transforms), 7)) if table is None else table.astype(np.float64)
    shifts, factors = displacements.astype(np.float64), scales.astype(np.float64)
    _optics_kernel(transforms, optics, table is not None, shifts, factors, pixel_size, b_factor)


@numba.njit(cache=True)
def electron_wavelength(voltage_kv: float) -> float:
    """Return the relativistic wavelength of an electron in Å, for a voltage in kV."""
    volts = voltage_kv * 1e3
    return 12.2639 / math.sqrt(volts + 0.97845e-6 * volts * volts)


@numba.njit(cache=True)
def _constants(row):  # type: ignore[no-untyped-def]
    """Return the numbers with which :func:`_value` computes the CTF of one image."""
    angle, wavelength, contrast = math.radians(row[2]), electron_wavelength(row[3]), row[5]
    return (
        0.5 * (row[0] + row[1]),
        0.5 * (row[0] - row[1]) * math.cos(2 * angle),
        0.5 * (row[0] - row[1]) * 2.0 * math.sin(2 * angle),
        -math.pi * wavelength,
        0.5 * math.pi * row[4] * 1e7 * wavelength**3,
        # sqrt(1 - w^2) sin(g) - w cos(g) = sin(g - arcsin(w))
        math.radians(row[6]) + math.asin(contrast),
    )


@numba.njit(cache=True, inline="always")
def _value(constants, kx, ky, b_factor):  # type: ignore[no-untyped-def]
    mean, along, across, quadratic, quartic, phase = constants
    k2 = kx * kx + ky * ky
    # df k^2 without an arctangent: k^2 cos 2(phi - angle) = (kx^2 - ky^2) cos 2a + 2 kx ky sin 2a
    defocus_k2 = mean * k2 + along * (kx * kx - ky * ky) + across * kx * ky
    value = math.sin(quadratic * defocus_k2 + quartic * k2 * k2 - phase)
    return value if b_factor == 0.0 else value * math.exp(-0.25 * b_factor * k2)


@numba.njit(parallel=True, cache=True)
def _ctf_kernel(table, along_y, along_x, b_factor, out):  # type: ignore[no-untyped-def]
    for i in numba.prange(len(table)):
        constants = _constants(table[i])
        for y in range(len(along_y)):
            for x in range(len(along_x)):
                out[i, y, x] = _value(constants, along_x[x], along_y[y], b_factor)


@numba.njit(parallel=True, cache=True)
def _optics_kernel(transforms, table, with_ctf, displacements, scales, pixel_size, b_factor):  # type: ignore[no-untyped-def]
    n, box, half = transforms.shape
    step = 1.0 / (box * pixel_size)
    for i in numba.prange(n):
        constants = _constants(table[i] if with_ctf else np.array([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]))
        phase_x, phase_y = -2.0 * math.pi * displacements[i, 0] / box, -2.0 * math.pi * displacements[i, 1] / box
        along_x = np.empty(half, dtype=np.complex128)
        for x in range(half):
            along_x[x] = complex(math.cos(phase_x * x), math.sin(phase_x * x))
        for y in range(box):
            row = y if y < box // 2 else y - box
            along_y = complex(math.cos(phase_y * row), math.sin(phase_y * row)) * scales[i]
            ky = row * step
            for x in range(half):
                value = _value(constants, x * step, ky, b_factor) if with_ctf else 1.0
                transforms[i, y, x] *= value * along_y * along_x[x]
