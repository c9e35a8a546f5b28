"""Noise of any colour, drawn at the box of the finished images with the law it would have after the crop."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from jaxtyping import Complex64, Float32, Float64, Int

from cryobench.core import FormatError, InputError, stream
from cryobench.imaging.spec import Colour, PowerLawNoise, SpectrumNoise
from cryobench.io import read_text
from cryobench.ops.fft import images_to_fourier
from cryobench.ops.threads import get_threads


def noise_amplitudes(colour: Colour, box: int, pixel_size: float, output_box: int) -> Float32[np.ndarray, "d h"]:
    """Return what white noise at the output box is multiplied by, frequency by frequency, shape (d, d/2 + 1).

    The result is noise that has variance 1 over all pixels of the simulated box, cropped: each frequency below Nyquist
    of the output box keeps its power, times (d / D)^4 as values keep their scale, and Nyquist is left out.

    Parameters
    ----------
    colour
        Its spectrum; the scale of it does not matter.
    box, pixel_size
        The simulated box D and its pixel size in Å.
    output_box
        The box d.

    Raises
    ------
    InputError
        If the spectrum is 0 at every frequency of the simulated box.
    """
    power = _power(colour, _radii(box) / (box * pixel_size))
    # Columns other than the first and the last stand for two: the mirrored half of the plane.
    weights = np.full(box // 2 + 1, 2.0)
    weights[[0, -1]] = 1.0
    total = (power * weights).sum() / box**2
    if not total > 0:
        raise InputError(
            f"the noise spectrum has no power up to {np.sqrt(0.5) / pixel_size:.3g} 1/Å, the highest frequency of the "
            f"images at {pixel_size:g} Å: its frequencies are to be in 1/Å"
        )
    amplitudes = np.sqrt(_power(colour, _radii(output_box) / (box * pixel_size)) / total) * (output_box / box)
    if output_box < box:
        amplitudes[output_box // 2] = 0.0
        amplitudes[:, -1] = 0.0
    return np.asarray(amplitudes, dtype=np.float32)


def draw_noise(
    seed: int, indices: Int[np.ndarray, " n"], amplitudes: Float32[np.ndarray, "d h"]
) -> Complex64[np.ndarray, "n d h"]:
    """Return the half transforms of noise images, each drawn for its own particle index, shape (n, d, d/2 + 1)."""
    box = len(amplitudes)
    white = np.empty((len(indices), box, box), dtype=np.float32)

    def fill(row: int) -> None:
        stream(seed, "noise", int(indices[row])).standard_normal(dtype=np.float32, out=white[row])

    with ThreadPoolExecutor(get_threads()) as pool:
        list(pool.map(fill, range(len(indices))))
    transforms = images_to_fourier(white)
    transforms *= amplitudes
    return transforms


def read_spectrum(path: Path) -> tuple[tuple[float, float], ...]:
    """Read a radial noise spectrum: rows of two numbers, frequency in 1/Å and power; ``#`` begins a comment.

    Raises
    ------
    FormatError
        If the file is missing, or a row is not two numbers.
    """
    points = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        words = line.split("#")[0].replace(",", " ").split()
        if not words:
            continue
        try:
            frequency, power = (float(word) for word in words)
        except ValueError as error:
            raise FormatError(f"{path}: row {number} is '{line}': expected a frequency in 1/Å and a power") from error
        points.append((frequency, power))
    return tuple(points)


def _radii(box: int) -> Float64[np.ndarray, "D H"]:
    """Return |k| on the half transform of a box, in units of 1/(box pixel size)."""
    ky, kx = np.fft.fftfreq(box, 1 / box), np.arange(box // 2 + 1)
    return np.asarray(np.hypot(ky[:, None], kx))


def _power(colour: Colour, frequencies: Float64[np.ndarray, "D H"]) -> Float64[np.ndarray, "D H"]:
    """Return the spectrum at frequencies in 1/Å."""
    if isinstance(colour, PowerLawNoise):
        lowest = frequencies[0, 1]
        return np.asarray((np.maximum(frequencies, lowest) / lowest) ** colour.exponent)
    if isinstance(colour, SpectrumNoise):
        known, power = np.array(colour.points).T
        return np.asarray(np.interp(frequencies, known, power))
    return np.ones_like(frequencies)
