"""Clean images of a volume: projected, shifted, with the CTF, at any box up to the volume's own."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex64, Float, Float32

from cryobench.core import CTFParameters, Poses, Volume
from cryobench.ops.ctf import apply_optics
from cryobench.ops.fft import crop_volume, fourier_to_images
from cryobench.ops.slices import SliceGrid, extract_slices, slice_grid


class Projector:
    """Makes clean images of one volume.

    Slices, shifts, CTF and crop all act on frequencies one by one. So an image at a smaller box is made there directly,
    from the frequencies that survive the crop, and is the image that the crop of the large one would be.

    Parameters
    ----------
    volume
        The density, in arbitrary units.
    box
        Largest box of the images that will be asked for, the volume's own by default.
    """

    def __init__(self, volume: Volume, box: int | None = None) -> None:
        self._grid: SliceGrid = slice_grid(volume.data[None], slice_box=box)
        self._pixel_size = volume.pixel_size

    def transforms(
        self,
        poses: Poses,
        ctf: CTFParameters | None = None,
        box: int | None = None,
        scales: Float[np.ndarray, " n"] | None = None,
        b_factor: float = 0.0,
    ) -> Complex64[np.ndarray, "n d h"]:
        """Return the centred half transforms of :meth:`project`'s images, shape (n, d, d/2 + 1).

        Parameters
        ----------
        poses
            Of the n images. Each particle is displaced by minus its stored shift.
        ctf
            CTF parameters of the n images; ``None`` leaves the CTF out.
        box
            Box d of the images, by default the projector's. They have the pixel size of the crop.
        scales
            Factor of each image.
        b_factor
            B of the CTF's envelope in Å^2.
        """
        box = self._grid.slice_box if box is None else box
        ratio = box / self._grid.box
        slices = extract_slices(self._grid, poses.rotations, box)[..., 0]
        factors = np.full(len(poses), ratio**2) if scales is None else scales * ratio**2
        pixel_size = self._pixel_size / ratio
        table = None if ctf is None else ctf.table
        apply_optics(slices, table, -poses.shifts / pixel_size, factors, pixel_size, b_factor)
        return slices

    def project(
        self, poses: Poses, ctf: CTFParameters | None = None, box: int | None = None
    ) -> Float32[np.ndarray, "n d d"]:
        """Return projections, shifted, and with the CTF applied if one is given; shape (n, d, d).

        Values are sums of voxels along the line of sight; a smaller box keeps their scale.
        """
        return fourier_to_images(self.transforms(poses, ctf, box))


def downsample_volume(volume: Volume, box: int) -> Volume:
    """Return a volume cropped in Fourier space to a box, as images are."""
    return Volume(crop_volume(volume.data, box), volume.pixel_size * volume.box / box)
