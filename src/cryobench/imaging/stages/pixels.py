"""What every stage does with images: read them in chunks, write them, give them noise, measure their spread."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int

from cryobench.core import Advance, FormatError, InputError, Volume, streams
from cryobench.core.checks import require_positive
from cryobench.imaging.stages.files import Preview, Task, unseen
from cryobench.io import MrcStackWriter, StackImages, read_volume

_PREVIEWED = 9


def read_images(images: StackImages, indices: Int[np.ndarray, " n"]) -> Float32[np.ndarray, "n D D"]:
    """Read images, shape (n, D, D).

    Raises
    ------
    FormatError
        If a pixel is not a number, naming the stack and the image.
    """
    pixels = images.read(indices)
    broken = np.flatnonzero(~np.isfinite(pixels).all(axis=(1, 2)))
    if broken.size:
        number, _, stack = images.select(indices[broken[:1]]).names[0].partition("@")
        raise FormatError(
            f"{stack}: image {int(number)}, counted from 1, holds a value that is not finite: every pixel must be a "
            "number; leave the image out, or make it anew"
        )
    return pixels


def read_map(path: Path, pixel_size: float | None = None) -> Volume:
    """Read a map; ``pixel_size`` (Å) takes the place of the one in its header.

    Raises
    ------
    FormatError
        If it cannot be read, or a voxel is not a number.
    """
    if pixel_size is not None:
        require_positive("--apix", pixel_size)
    volume = read_volume(path, pixel_size)
    if not np.isfinite(volume.data).all():
        raise FormatError(f"{path}: holds a value that is not finite: every voxel must be a number")
    return volume


def write_stack(
    task: Task, images: Iterable[Float32[np.ndarray, "m D D"]], advance: Advance, preview: Preview = unseen
) -> None:
    """Write a stack from its images in chunks, whole or not at all, and hand on the first nine of them."""
    first: list[np.ndarray] = []
    with MrcStackWriter(task.output, task.images, task.box, task.pixel_size) as writer:
        for chunk in images:
            writer.write(chunk)
            first.extend(image.copy() for image in chunk[: _PREVIEWED - len(first)])
            advance(len(chunk))
    if task.png is not None:
        preview(task.png, np.stack(first))


def add_white_noise(
    images: Float32[np.ndarray, "n D D"], sigma: float, seed: int, stage: str, indices: Int[np.ndarray, " n"]
) -> Float32[np.ndarray, "n D D"]:
    """Return images with white Gaussian noise, drawn for each image from its own index in the stack.

    Parameters
    ----------
    images
        Shape (n, D, D).
    sigma
        Standard deviation of the noise.
    seed, stage
        Key of the random stream; the stage holds the name of the stack.
    indices
        Index of each image in its stack, shape (n,).
    """
    if not sigma:
        return images
    noisy = np.empty_like(images)
    for row, generator in enumerate(streams(seed, stage, indices)):
        noise = generator.standard_normal(images.shape[1:], dtype=np.float32)
        noisy[row] = images[row] + np.float32(sigma) * noise
    return noisy


def moments(
    images: Float32[np.ndarray, "n D D"], mask: Bool[np.ndarray, "#n D D"] | None = None
) -> Float64[np.ndarray, "n 3"]:
    """Return the number of pixels, their sum and the sum of their squares, of each image within a mask.

    Kept for each image, so that a standard deviation does not depend on how the images were grouped.
    """
    wide = images.astype(np.float64)
    if mask is not None:
        wide *= mask
    counted = np.broadcast_to(True if mask is None else mask, images.shape)
    return np.stack((counted.sum(axis=(1, 2)), wide.sum(axis=(1, 2)), (wide**2).sum(axis=(1, 2))), axis=1)


def spread(found: Float64[np.ndarray, "n 3"], source: Path) -> float:
    """Return the standard deviation over all pixels whose moments were found.

    Raises
    ------
    InputError
        If there is none, or it is not a number above 0.
    """
    pixels, total, squares = found.sum(axis=0)
    deviation = float(np.sqrt(max(squares / pixels - (total / pixels) ** 2, 0.0))) if pixels else 0.0
    if not (np.isfinite(deviation) and deviation > 0):
        raise InputError(
            f"{source}: its signal has a standard deviation of {deviation:g} over {pixels:.0f} pixels, so no "
            "signal-to-noise ratio can be met: give the noise itself, or other images or another mask"
        )
    return deviation
