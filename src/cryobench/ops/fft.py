"""Discrete Fourier transforms of images and volumes whose origin is the pixel with index D/2.

Transforms are "centred": frequency zero has the phase of the origin, so a symmetric object has a real transform. They
are stored as half transforms of real input, in the layout of ``rfftn``: the last axis holds kx = 0 ... D/2, the others
run through 0 ... D/2-1, -D/2 ... -1. Nothing is normalised going forward; the inverse divides by the number of pixels.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from jaxtyping import Complex64, Float32

from cryobench.core.errors import InputError
from cryobench.ops.threads import get_threads


def images_to_fourier(images: Float32[np.ndarray, "n D D"]) -> Complex64[np.ndarray, "n D H"]:
    """Return the centred half transforms of images, shape (n, D, D/2 + 1)."""
    shifted = scipy.fft.ifftshift(images, axes=(-2, -1))
    return np.asarray(scipy.fft.rfft2(shifted, axes=(-2, -1), workers=get_threads(), overwrite_x=True))


def fourier_to_images(transforms: Complex64[np.ndarray, "n D H"]) -> Float32[np.ndarray, "n D D"]:
    """Return the images of centred half transforms; the inverse of :func:`images_to_fourier`."""
    box = transforms.shape[-2]
    images = scipy.fft.irfft2(transforms, s=(box, box), axes=(-2, -1), workers=get_threads())
    return np.asarray(scipy.fft.fftshift(images, axes=(-2, -1)))


def volume_to_fourier(volume: Float32[np.ndarray, "D D D"]) -> Complex64[np.ndarray, "D D H"]:
    """Return the centred half transform of a volume, shape (D, D, D/2 + 1)."""
    return np.asarray(scipy.fft.rfftn(scipy.fft.ifftshift(volume), workers=get_threads(), overwrite_x=True))


def fourier_to_volume(transform: Complex64[np.ndarray, "D D H"]) -> Float32[np.ndarray, "D D D"]:
    """Return the volume of a centred half transform; the inverse of :func:`volume_to_fourier`."""
    box = transform.shape[0]
    volume = scipy.fft.irfftn(transform, s=(box, box, box), workers=get_threads())
    return np.asarray(scipy.fft.fftshift(volume))


def signed_frequencies(box: int) -> np.ndarray:
    """Return the integer frequencies of a full axis in transform order: 0 ... D/2-1, -D/2 ... -1."""
    return np.fft.fftfreq(box, 1 / box).astype(np.int64)


def _kept(box: int) -> np.ndarray:
    """Return the frequencies below Nyquist of a box, in transform order."""
    frequencies = signed_frequencies(box)
    return np.asarray(frequencies[frequencies != -(box // 2)])


def crop_images(images: Float32[np.ndarray, "n D D"], box: int) -> Float32[np.ndarray, "n d d"]:
    """Downsample images by cropping their transforms; values keep their scale, and each image its mean.

    Frequencies below the Nyquist frequency of the smaller box are kept; Nyquist itself, whose sign is ambiguous, is
    not.

    Raises
    ------
    InputError
        If ``box`` is odd or larger than the images.
    """
    old = images.shape[-1]
    if box == old:
        return images
    _require_smaller(box, old)
    rows = _kept(box)
    small = np.zeros((len(images), box, box // 2 + 1), dtype=np.complex64)
    small[:, rows, : box // 2] = images_to_fourier(images)[:, rows, : box // 2] * np.float32((box / old) ** 2)
    return fourier_to_images(small)


def crop_volume(volume: Float32[np.ndarray, "D D D"], box: int) -> Float32[np.ndarray, "d d d"]:
    """Downsample a volume as :func:`crop_images` does images.

    Raises
    ------
    InputError
        If ``box`` is odd or larger than the volume.
    """
    old = volume.shape[-1]
    if box == old:
        return volume
    _require_smaller(box, old)
    rows = _kept(box)
    large = volume_to_fourier(volume)
    small = np.zeros((box, box, box // 2 + 1), dtype=np.complex64)
    index = np.ix_(rows, rows, np.arange(box // 2))
    small[index] = large[index] * np.float32((box / old) ** 3)
    return fourier_to_volume(small)


def pad_volume(volume: Float32[np.ndarray, "d d d"], box: int) -> Float32[np.ndarray, "D D D"]:
    """Upsample a volume by padding its transform with zeros; values keep their scale.

    It is the inverse of :func:`crop_volume` for volumes without higher frequencies: those below the Nyquist frequency
    of the volume are kept, Nyquist itself is not.

    Raises
    ------
    InputError
        If ``box`` is odd or smaller than the volume.
    """
    old = volume.shape[-1]
    if box == old:
        return volume
    if box % 2 or box < old:
        raise InputError(f"cannot pad a box of {old} to {box}: choose an even number of at least {old}")
    rows = _kept(old)
    large = np.zeros((box, box, box // 2 + 1), dtype=np.complex64)
    source = np.ix_(rows, rows, np.arange(old // 2))
    large[source] = volume_to_fourier(volume)[source] * np.float32((box / old) ** 3)  # negative frequencies index alike
    return fourier_to_volume(large)


def _require_smaller(box: int, old: int) -> None:
    if box % 2 or not 2 <= box <= old:
        raise InputError(f"cannot crop a box of {old} to {box}: choose an even number from 2 to {old}")
