"""Image formation, in this order: project, shift, CTF, noise, contrast sign, Fourier crop."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int

from cryobench.core import CTFParameters, Poses, Volume, stream
from cryobench.ops.ctf import evaluate_ctf
from cryobench.ops.fft import crop_images, crop_volume, fourier_to_images
from cryobench.ops.shift import displace
from cryobench.ops.slices import SliceGrid, extract_slices, slice_grid


class Projector:
    """Makes clean images of one volume.

    Parameters
    ----------
    volume
        The density, in arbitrary units.
    """

    def __init__(self, volume: Volume) -> None:
        self._grid: SliceGrid = slice_grid(volume.data[None])
        self._pixel_size = volume.pixel_size

    def project(self, poses: Poses, ctf: CTFParameters | None = None) -> Float32[np.ndarray, "n D D"]:
        """Return projections, shifted, and with the CTF applied if one is given; shape (n, D, D).

        Values are sums of voxels along the line of sight. Each particle is displaced by minus its stored shift.
        """
        slices = extract_slices(self._grid, poses.rotations)[..., 0]
        slices = displace(slices, -poses.shifts / self._pixel_size)
        if ctf is not None:
            slices *= evaluate_ctf(ctf.table, self._grid.box, self._pixel_size)
        return fourier_to_images(slices)


def add_noise(
    clean: Float32[np.ndarray, "n D D"], sigma: float, seed: int, indices: Int[np.ndarray, " n"]
) -> Float32[np.ndarray, "n D D"]:
    """Return images with white Gaussian noise of standard deviation ``sigma``, drawn for each particle's index."""
    noisy = np.empty_like(clean)
    for row, index in enumerate(indices):
        noise = stream(seed, "noise", int(index)).standard_normal(clean.shape[1:], dtype=np.float32)
        noisy[row] = clean[row] + np.float32(sigma) * noise
    return noisy


def finish(noisy: Float32[np.ndarray, "n D D"], sign: int, box: int) -> Float32[np.ndarray, "n d d"]:
    """Return images times the contrast sign, cropped in Fourier space to a box."""
    return crop_images(np.float32(sign) * noisy, box)


def downsample_volume(volume: Volume, box: int) -> Volume:
    """Return a volume cropped in Fourier space to a box, as :func:`finish` crops its images."""
    return Volume(crop_volume(volume.data, box), volume.pixel_size * volume.box / box)
