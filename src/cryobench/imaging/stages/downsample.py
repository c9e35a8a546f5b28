"""Stage 5: images or a map with fewer pixels, cropped in Fourier space."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int

from cryobench.core import FormatError, InputError, Volume
from cryobench.core.checks import require_even_box, require_positive
from cryobench.imaging.stages.files import Task, Watch, make_way
from cryobench.imaging.stages.pixels import chunks, write_stack
from cryobench.io import StackImages, open_images, read_indices, write_text, write_volume
from cryobench.ops.fft import crop_images, crop_volume


def downsample_map(source: Path, output: Path, box: int, pixel_size: float | None, watch: Watch) -> None:
    """Write a map cropped in Fourier space to a box; values keep their scale.

    Parameters
    ----------
    source, output
        MRC maps.
    box
        Edge of the new map in voxels, even.
    pixel_size
        Edge of a voxel of ``source`` in Å, in place of its header's.

    Raises
    ------
    FormatError, InputError
        If the map cannot be read, is not cubic or has no pixel size, or the box does not fit.
    """
    sections = open_images(source)
    _check(source, sections.box, output, (".mrc",), box, pixel_size)
    if len(sections) != sections.box:
        raise FormatError(f"{source}: {len(sections)} sections of {sections.box} pixels: expected a cubic map")
    size = sections.pixel_size if pixel_size is None else pixel_size
    if size is None:
        raise InputError(f"{source}: its header holds no pixel size: give it with --apix, in Å")
    make_way([output], watch.note)
    cropped = crop_volume(sections.read(np.arange(sections.box)), box)
    write_volume(output, Volume(cropped, size * sections.box / box))


def downsample_stack(
    source: Path,
    output: Path,
    box: int,
    watch: Watch,
    *,
    pixel_size: float | None = None,
    datadir: Path | None = None,
    keep: Path | None = None,
    part: int | None = None,
    batch: int = 1000,
) -> None:
    """Write images cropped in Fourier space to a box; values keep their scale, and each image its mean.

    Parameters
    ----------
    source
        Images, any kind that :func:`cryobench.io.open_images` reads.
    output
        The stack to write.
    box
        Edge of the new images in pixels, even.
    pixel_size
        Edge of a pixel of ``source`` in Å, in place of what its header says. Where neither is known, the new header
        holds none either.
    datadir
        Where the paths of a list of images start from.
    keep
        File of the indices of the images to keep, in that order.
    part
        Images a stack: the output ``out.mrcs`` is split into ``out.0.mrcs``, ``out.1.mrcs`` ..., listed in ``out.txt``.
    batch
        Most images at a time; the bytes do not depend on it.

    Raises
    ------
    FormatError, InputError
        If the images cannot be read, or a number is out of its range.
    """
    for name, number in (("-b", batch), ("--chunk", part)):
        if number is not None and number < 1:
            raise InputError(f"{name} is {number}: choose at least 1 image")
    images = open_images(source, datadir)
    _check(source, images.box, output, (".mrcs", ".mrc"), box, pixel_size)
    if keep is not None:
        images = images.select(read_indices(keep, len(images)))
    size = (pixel_size or images.pixel_size or 0.0) * images.box / box
    if not size:
        watch.note(f"{source}: no pixel size in its header, so none in the new one: --apix would give it")
    step = part or len(images)
    members = [np.arange(start, min(start + step, len(images))) for start in range(0, len(images), step)]
    outputs = [output if part is None else output.with_suffix(f".{i}{output.suffix}") for i in range(len(members))]
    listing = None if part is None else output.with_suffix(".txt")
    if any(path.resolve() in {stack.resolve() for stack in images.stacks} for path in outputs):
        raise InputError(f"-o {output} would replace what is read from {source}: choose another -o")
    make_way([*outputs, listing], watch.note)
    advance = watch.progress("downsampling", len(images))
    for path, which in zip(outputs, members, strict=True):
        write_stack(Task(source, path, None, len(which), box, size), _cropped(images, which, box, batch), advance)
    if listing is not None:
        write_text(listing, "\n".join(path.name for path in outputs) + "\n")


def _cropped(
    images: StackImages, which: Int[np.ndarray, " n"], box: int, batch: int
) -> Iterator[Float32[np.ndarray, "m d d"]]:
    for chunk in chunks(len(which), images.box, batch):
        yield crop_images(images.read(which[chunk]), box)


def _check(source: Path, old: int, output: Path, suffixes: tuple[str, ...], box: int, pixel_size: float | None) -> None:
    require_even_box(box)
    if box > old:
        raise InputError(f"-D is {box}, but {source} has a box of {old}: choose an even number of at most {old}")
    if pixel_size is not None:
        require_positive("--apix", pixel_size)
    if output.is_dir() or output.suffix.lower() not in suffixes:
        raise InputError(f"-o {output}: expected the name of a {' or '.join(suffixes)} file")
    if output.resolve() == source.resolve():
        raise InputError(f"-o {output} is also what is read: choose another -o")
