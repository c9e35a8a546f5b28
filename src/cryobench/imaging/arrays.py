"""Image formation as functions on arrays, for those who bring their own."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32

from cryobench.core import CTFParameters, InputError, Poses, Volume
from cryobench.core.checks import require_even_box, require_finite, require_positive
from cryobench.imaging.images import Projector
from cryobench.ops.ctf import evaluate_ctf_plane
from cryobench.ops.fft import crop_images, crop_volume


def project(
    volume: Float[np.ndarray, "D D D"],
    rotations: Float[np.ndarray, "N 3 3"],
    shifts: Float[np.ndarray, "N 2"] | None = None,
    *,
    pixel_size: float = 1.0,
    box_size: int | None = None,
) -> Float32[np.ndarray, "N d d"]:
    """Return projections of a volume, shape (N, d, d).

    Parameters
    ----------
    volume
        Density indexed ``[z, y, x]``, its origin at index D/2, shape (D, D, D), D even.
    rotations
        Active rotations on (x, y, z), shape (N, 3, 3): density at p lands at R p. The image is the sum along z.
    shifts
        Shifts (x, y) in Å that centre each image, shape (N, 2): the particle is displaced by minus the shift.
    pixel_size
        Edge of a voxel in Å.
    box_size
        Box d of the images, D by default. A smaller one gives what :func:`fourier_crop` makes of the large images, from
        the frequencies that survive alone.

    Raises
    ------
    InputError
        If the box is odd or larger than the volume, or an array has another shape than these.
    """
    given = Volume(_real("volume", volume), float(pixel_size))
    moves = np.zeros((len(rotations), 2), np.float32) if shifts is None else np.asarray(shifts, dtype=np.float32)
    poses = Poses(np.asarray(rotations, dtype=np.float32), moves)
    if box_size is not None:
        _require_box(box_size)
    return Projector(given, box_size).project(poses)


def ctf(
    parameters: CTFParameters, box_size: int, pixel_size: float, b_factor: float = 0.0
) -> Float32[np.ndarray, "N D D"]:
    """Return the CTF of each particle with frequency zero at [D/2, D/2], shape (N, D, D).

    Parameters
    ----------
    parameters
        Of N particles; see :meth:`CTFParameters.from_cryodrgn`.
    box_size
        Edge D of the images in pixels, even. Row and column 0 hold frequency -1/(2 pixel size).
    pixel_size
        Edge of a pixel in Å.
    b_factor
        B of an envelope exp(-B s^2 / 4), in Å^2.

    Raises
    ------
    InputError
        If the box is odd, or the pixel size not above 0.
    """
    _require_box(box_size)
    require_positive("pixel size", pixel_size)
    if not (np.isfinite(b_factor) and b_factor >= 0):
        raise InputError(f"B-factor is {b_factor}, expected a number of at least 0")
    return evaluate_ctf_plane(parameters.table, box_size, float(pixel_size), float(b_factor))


def fourier_crop(
    array: Float[np.ndarray, "*shape"], box_size: int, *, dimensions: int | None = None
) -> Float32[np.ndarray, "*cropped"]:
    """Return an image, a stack of images or a volume downsampled by cropping its Fourier transform.

    Values keep their scale, and so does the mean. Frequencies at Nyquist of the smaller box, whose sign is ambiguous,
    are left out.

    Parameters
    ----------
    array
        An image (D, D), images (N, D, D) or a volume (D, D, D), its origin at index D/2.
    box_size
        Edge d after the crop, even, at most D.
    dimensions
        2 for images, 3 for a volume. By default an array of three equal edges is a volume; so say 2 where a stack may
        happen to hold as many images as their edge.

    Raises
    ------
    InputError
        If the array has another shape, or a box is odd, or ``box_size`` is larger.
    """
    given = _real("array", array)
    if box_size % 2 or given.shape[-1] % 2:
        raise InputError(f"cannot crop a box of {given.shape[-1]} to {box_size}: both have to be even")
    cubic = given.ndim == 3 and len(set(given.shape)) == 1
    if dimensions is None:
        dimensions = 3 if cubic else 2
    if dimensions == 3 and cubic:
        return crop_volume(given, box_size)
    if dimensions == 2 and given.ndim in {2, 3} and given.shape[-1] == given.shape[-2]:
        return crop_images(given.reshape(-1, *given.shape[-2:]), box_size).reshape(
            *given.shape[:-2], box_size, box_size
        )
    raise InputError(f"an array of shape {given.shape} is neither square images nor a cubic volume")


def _real(name: str, array: np.ndarray) -> Float32[np.ndarray, "*shape"]:
    """Return a copy in single precision of an array that holds real, finite numbers."""
    given = np.asarray(array)
    if given.dtype.kind not in "fiu":
        raise InputError(f"{name} holds values of type {given.dtype}: expected real numbers")
    require_finite(name, given)
    return np.array(given, dtype=np.float32)


def _require_box(box_size: int) -> None:
    if not isinstance(box_size, int | np.integer):
        raise InputError(f"box size {box_size!r} is not a whole number of pixels")
    require_even_box(int(box_size))
