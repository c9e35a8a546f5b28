"""Stage 4: white noise to a signal-to-noise ratio, and the sign of the contrast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64

from cryobench.core import Advance, InputError
from cryobench.imaging.chunks import chunks
from cryobench.imaging.stages.files import (
    Task,
    Watch,
    choose_pixel_size,
    find_inputs,
    made_from,
    make_way,
    name_outputs,
    name_pictures,
    notes_on_sections,
    refuse_overlap,
    require_seed,
)
from cryobench.imaging.stages.pixels import add_white_noise, moments, read_images, spread, write_stack
from cryobench.io import StackImages, open_images


@dataclass(frozen=True)
class NoiseLevel:
    """How much noise there is.

    ``snr`` is the variance of the signal over that of the noise, and ``sigma`` the standard deviation of the noise in
    the units of the images: one of the two. The signal is what lies within ``mask``: every pixel (``none``), those
    above 0 (``strict``), or those within ``radius`` pixels of the centre (``circular``). Its variance is that of each
    stack by itself (``state``), or of all together (``dataset``).
    """

    snr: float | None = None
    sigma: float | None = None
    mask: Literal["none", "strict", "circular"] = "none"
    radius: float | None = None
    scope: Literal["state", "dataset"] = "state"


@dataclass(frozen=True)
class NoisePlan:
    """Which noisy stacks are to be made, and how; ``notes`` are sentences that the user should see."""

    tasks: tuple[Task, ...]
    level: NoiseLevel
    sign: Literal[-1, 1]
    datadir: Path | None
    seed: int
    notes: tuple[str, ...] = ()


def plan_noise(
    particles: Path,
    output: Path,
    level: NoiseLevel,
    sign: Literal[-1, 1] = 1,
    pixel_size: float | None = None,
    datadir: Path | None = None,
    seed: int = 0,
    out_png: Path | None = None,
) -> NoisePlan:
    """Check everything that a stack, or each stack of a folder, needs to be given noise; write nothing.

    Parameters
    ----------
    particles
        A stack or a list of images, any kind that :func:`cryobench.io.open_images` reads, or a folder of ``.mrcs``
        stacks.
    output, out_png
        The files to write for one stack; for a folder the folders where ``NAME.mrcs`` and ``NAME.png`` go.
    level
        How much noise.
    sign
        Factor by which the noisy images are multiplied.
    pixel_size
        Edge of a pixel in Å, in place of the headers'.
    datadir
        Where the paths of a list of images start from.
    seed
        With the name of each stack, the key of its noise.

    Raises
    ------
    FormatError, InputError
        If an input cannot be used, or two options contradict each other.
    """
    require_seed(seed)
    _check(level)
    inputs = find_inputs(particles, ".mrcs")
    stacks = name_outputs(inputs, output, "-o", ".mrcs", lambda _, path: path.name)
    pictures = name_pictures(inputs, out_png, lambda _, path: f"{path.stem}.png")
    tasks, read, volumes = [], list(inputs.paths), list[Path]()
    for source, stack, picture in zip(inputs.paths, stacks, pictures, strict=True):
        images = open_images(source, datadir)
        read += images.stacks
        volumes += images.volumes
        size = choose_pixel_size(pixel_size, images.pixel_size, source)
        tasks.append(Task(source, stack, picture, len(images), images.box, size))
    refuse_overlap(made_from(inputs, stacks, pictures), read)
    return NoisePlan(tuple(tasks), level, sign, datadir, seed, tuple(notes_on_sections(volumes)))


def write_noisy(plan: NoisePlan, watch: Watch) -> None:
    """Make the stacks of a plan and their pictures.

    The same plan gives the same bytes, whatever the number of threads; memory holds a chunk of images.
    """
    for sentence in plan.notes:
        watch.note(sentence)
    sigmas = _sigmas(plan, watch)
    make_way((*(task.output for task in plan.tasks), *(task.png for task in plan.tasks)), watch.note)
    advance = watch.progress("adding noise", sum(task.images for task in plan.tasks))
    for task, sigma in zip(plan.tasks, sigmas, strict=True):
        write_stack(task, _images(plan, task, sigma), advance, watch.preview)


def _sigmas(plan: NoisePlan, watch: Watch) -> list[float]:
    """Return the standard deviation of the noise of each stack."""
    level, tasks = plan.level, plan.tasks
    if level.snr is None:
        return [level.sigma or 0.0] * len(tasks)
    advance = watch.progress("measuring the signal", sum(task.images for task in tasks))
    found = [_moments(open_images(task.source, plan.datadir), level, advance) for task in tasks]
    if level.scope == "dataset":
        spreads = [spread(np.concatenate(found), tasks[0].source.parent)] * len(tasks)
    else:
        spreads = [spread(mine, task.source) for mine, task in zip(found, tasks, strict=True)]
    return [float(deviation / np.sqrt(level.snr)) for deviation in spreads]


def _moments(images: StackImages, level: NoiseLevel, advance: Advance) -> Float64[np.ndarray, "n 3"]:
    circle = _disc(images.box, level.radius)[None] if level.mask == "circular" and level.radius is not None else None
    found = []
    for chunk in chunks(len(images), images.box):
        pixels = read_images(images, chunk)
        found.append(moments(pixels, np.asarray(pixels > 0) if level.mask == "strict" else circle))
        advance(len(chunk))
    return np.concatenate(found)


def _disc(box: int, radius: float) -> Bool[np.ndarray, "D D"]:
    """Return the pixels within a radius of the centre of an image, the pixel with index D/2."""
    grid = np.arange(box) - box // 2
    return np.asarray(grid[:, None] ** 2 + grid**2 <= radius**2)


def _images(plan: NoisePlan, task: Task, sigma: float) -> Iterator[Float32[np.ndarray, "m D D"]]:
    source = open_images(task.source, plan.datadir)
    stage = f"noise {task.output.name}"
    for chunk in chunks(task.images, task.box):
        yield np.float32(plan.sign) * add_white_noise(read_images(source, chunk), sigma, plan.seed, stage, chunk)


def _check(level: NoiseLevel) -> None:
    if (level.snr is None) == (level.sigma is None):
        raise InputError("say how much noise with --snr or with --sigma: exactly one of the two")
    if level.snr is not None and not (np.isfinite(level.snr) and level.snr > 0):
        raise InputError(f"--snr is {level.snr}: expected a ratio above 0")
    if level.sigma is not None and not (np.isfinite(level.sigma) and level.sigma >= 0):
        raise InputError(f"--sigma is {level.sigma}: expected a standard deviation of at least 0")
    if level.mask == "circular" and not (level.radius is not None and level.radius > 0):
        raise InputError("--mask circular needs the radius of the circle: give --mask-r, in pixels, above 0")
    if level.mask != "circular" and level.radius is not None:
        raise InputError("--mask-r is the radius of a circle: give --mask circular with it")
