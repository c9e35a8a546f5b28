"""Stage 5: images or a map with fewer pixels, cropped in Fourier space."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int

from cryobench.core import InputError, Volume
from cryobench.core.checks import require_even_box, require_positive
from cryobench.imaging.chunks import chunks
from cryobench.imaging.stages.files import Task, Watch, make_way, notes_on_sections, refuse_overlap
from cryobench.imaging.stages.pixels import read_images, read_map, write_stack
from cryobench.io import StackImages, open_images, read_indices, write_text, write_volume
from cryobench.ops.fft import crop_images, crop_volume


def downsample_map(
    source: Path, output: Path, box: int, pixel_size: float | None, watch: Watch, *, dry_run: bool = False
) -> Task:
    """Write a map cropped in Fourier space to a box; values keep their scale. Return what was made.

    Parameters
    ----------
    source, output
        MRC maps.
    box
        Edge of the new map in voxels, even.
    pixel_size
        Edge of a voxel of ``source`` in Å, in place of its header's.
    dry_run
        Check everything and write nothing.

    Raises
    ------
    FormatError, InputError
        If the map cannot be read, is not cubic or has no pixel size, or the box does not fit.
    """
    volume = read_map(source, pixel_size)
    _check(source, volume.box, output, (".mrc",), box, pixel_size)
    refuse_overlap([(source, output)], [source])
    task = Task(source, output, None, box, box, volume.pixel_size * volume.box / box)
    if not dry_run:
        make_way([output], watch.note)
        write_volume(output, Volume(crop_volume(volume.data, box), task.pixel_size))
    return task


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
    dry_run: bool = False,
) -> tuple[Task, ...]:
    """Write images cropped in Fourier space to a box; values keep their scale, and each image its mean.

    Return the stacks that were made.

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
    dry_run
        Check everything and write nothing.

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
    read = (source, *images.stacks, *(() if keep is None else (keep,)))
    refuse_overlap([(source, path) for path in (*outputs, listing)], read)
    for sentence in notes_on_sections(images.volumes, "; --is-vol downsamples the map itself"):
        watch.note(sentence)
    tasks = tuple(Task(source, path, None, len(w), box, size) for path, w in zip(outputs, members, strict=True))
    if dry_run:
        return tasks
    make_way([*outputs, listing], watch.note)
    advance = watch.progress("downsampling", len(images))
    for task, which in zip(tasks, members, strict=True):
        write_stack(task, _cropped(images, which, box, batch), advance)
    if listing is not None:
        write_text(listing, "\n".join(path.name for path in outputs) + "\n")
    return tasks


def _cropped(
    images: StackImages, which: Int[np.ndarray, " n"], box: int, batch: int
) -> Iterator[Float32[np.ndarray, "m d d"]]:
    for chunk in chunks(len(which), images.box, batch):
        yield crop_images(read_images(images, which[chunk]), box)


def _check(source: Path, old: int, output: Path, suffixes: tuple[str, ...], box: int, pixel_size: float | None) -> None:
    require_even_box(box)
    if box > old:
        raise InputError(f"-D is {box}, but {source} has a box of {old}: choose an even number of at most {old}")
    if pixel_size is not None:
        require_positive("--apix", pixel_size)
    if output.is_dir() or output.suffix.lower() not in suffixes:
        raise InputError(f"-o {output}: expected the name of a {' or '.join(suffixes)} file")
