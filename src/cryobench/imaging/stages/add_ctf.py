"""Stage 3: structural noise, the CTF, and the noise of the detector, in this order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Int

from cryobench.core import CTFParameters, InputError
from cryobench.imaging.chunks import chunks
from cryobench.imaging.relion import particle_tables
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
from cryobench.imaging.stages.microscope import Microscope, ctf_tables, files_of, unused_options
from cryobench.imaging.stages.pixels import add_white_noise, moments, read_images, spread, write_stack
from cryobench.io import StackImages, open_images, write_ctf, write_star
from cryobench.ops.ctf import evaluate_ctf
from cryobench.ops.fft import fourier_to_images, images_to_fourier

_MEASURED = 1000


@dataclass(frozen=True)
class CascadeNoise:
    """How much noise comes before and after the CTF.

    ``snr1`` is the ratio of signal to structural noise, ``snr2`` the total one after both; ``s1`` and ``s2`` are
    standard deviations in their place, in the units of the images.
    """

    snr1: float = 1.4
    snr2: float = 0.05
    s1: float | None = None
    s2: float | None = None

    @property
    def second_snr(self) -> float:
        """Ratio of what the CTF leaves to the noise after it, such that the total is ``snr2``.

        Frank and Al-Ali (1975), Nature 256, 376; Baxter et al. (2009), J. Struct. Biol. 166, 126.
        """
        return (1 + 1 / self.snr1) / (1 / self.snr2 - 1 / self.snr1)


@dataclass(frozen=True, eq=False)
class CTFPlan:
    """Which stacks are to be made, with which CTF and noise, and where their tables go; ``notes`` are for the user."""

    tasks: tuple[Task, ...]
    ctfs: tuple[CTFParameters, ...]
    stars: tuple[Path, ...]
    tables: tuple[Path | None, ...]
    noise: CascadeNoise
    b_factor: float
    seed: int
    notes: tuple[str, ...] = ()


def plan_ctf(
    particles: Path,
    output: Path,
    microscope: Microscope,
    noise: CascadeNoise,
    pixel_size: float | None = None,
    b_factor: float = 0.0,
    seed: int = 0,
    out_png: Path | None = None,
    out_star: Path | None = None,
    out_table: Path | None = None,
) -> CTFPlan:
    """Check everything that a stack, or each stack of a folder, needs to be given its CTF; write nothing.

    Parameters
    ----------
    particles
        A stack of clean projections, or a folder of ``.mrcs`` stacks.
    output, out_png, out_star, out_table
        The files to write for one stack; for a folder the folders where ``NAME.mrcs``, ``000.png``, ``NAME.star`` and
        ``NAME.pkl`` go. The STAR file and the table (which is written where ``microscope`` names none, or where
        ``out_table`` asks for it) lie beside the stack by default.
    microscope
        Where the CTF parameters come from.
    noise
        How much noise there is before and after the CTF.
    pixel_size
        Edge of a pixel in Å, in place of the headers'.
    b_factor
        B of the envelope ``exp(-B s^2 / 4)`` in Å^2.
    seed
        With the name of each stack, the key of its noise and of its sampled defocus.

    Raises
    ------
    FormatError, InputError
        If an input cannot be used, or two options contradict each other.
    """
    require_seed(seed)
    _check(noise, b_factor)
    inputs = find_inputs(particles, ".mrcs")
    stacks = name_outputs(inputs, output, "-o", ".mrcs", lambda _, path: path.name)
    pictures = name_pictures(inputs, out_png, lambda i, _: f"{i:03d}.png")
    tasks, read, volumes = [], list(inputs.paths), list[Path]()
    for source, stack, picture in zip(inputs.paths, stacks, pictures, strict=True):
        images = open_images(source)
        read += images.stacks
        volumes += images.volumes
        size = choose_pixel_size(pixel_size, images.pixel_size, source)
        tasks.append(Task(source, stack, picture, len(images), images.box, size))
    ctfs = ctf_tables(microscope, inputs, tasks, seed)

    def beside(target: Path | None, suffix: str) -> tuple[Path, ...]:
        if target is not None:
            return name_outputs(inputs, target, f"--out-{suffix}", f".{suffix}", lambda _, p: f"{p.stem}.{suffix}")
        if inputs.in_folder:
            return tuple(stack.with_suffix(f".{suffix}") for stack in stacks)
        return (output.with_name(f"{output.name}.{suffix}"),)

    stars = beside(out_star, "star")
    wanted = out_table is not None or microscope.table is None
    tables = beside(out_table, "pkl") if wanted else (None,) * len(tasks)
    refuse_overlap(made_from(inputs, stacks, pictures, stars, tables), (*read, *files_of(microscope, inputs)))
    notes = (*notes_on_sections(volumes), *unused_options(microscope))
    return CTFPlan(tuple(tasks), ctfs, stars, tables, noise, b_factor, seed, notes)


def write_with_ctf(plan: CTFPlan, watch: Watch) -> None:
    """Make the stacks of a plan with their STAR files, tables and pictures.

    The same plan gives the same bytes, whatever the number of threads; memory holds a chunk of images.
    """
    for sentence in plan.notes:
        watch.note(sentence)
    levels = _levels(plan, watch)
    outputs = (*(t.output for t in plan.tasks), *plan.stars, *plan.tables, *(t.png for t in plan.tasks))
    make_way(outputs, watch.note)
    advance = watch.progress("adding the CTF", sum(task.images for task in plan.tasks))
    for task, ctf, level, star, table in zip(plan.tasks, plan.ctfs, levels, plan.stars, plan.tables, strict=True):
        write_stack(task, _images(plan, task, ctf, level), advance, watch.preview)
        names = [f"{i + 1:06d}@{_relative(task.output, star)}" for i in range(task.images)]
        write_star(star, particle_tables(names, None, ctf, task.box, task.pixel_size))
        if table is not None:
            write_ctf(table, ctf, task.box, task.pixel_size)


def apply_ctf(
    images: Float32[np.ndarray, "n D D"], ctf: CTFParameters, pixel_size: float, b_factor: float
) -> Float32[np.ndarray, "n D D"]:
    """Return images multiplied by the CTF and its envelope in Fourier space."""
    transforms = images_to_fourier(images)
    transforms *= evaluate_ctf(ctf.table, images.shape[-1], pixel_size, b_factor)
    return fourier_to_images(transforms)


def _levels(plan: CTFPlan, watch: Watch) -> list[tuple[float, float]]:
    """Return the standard deviations of the noise before and after the CTF, of each stack."""
    s1, s2 = plan.noise.s1, plan.noise.s2
    if s1 is not None and s2 is not None:
        return [(s1, s2)] * len(plan.tasks)
    advance = watch.progress("measuring the signal", len(plan.tasks))
    levels = []
    for task, ctf in zip(plan.tasks, plan.ctfs, strict=True):
        levels.append(_level(plan, task, ctf))
        advance(1)
    return levels


def _level(plan: CTFPlan, task: Task, ctf: CTFParameters) -> tuple[float, float]:
    source = open_images(task.source)
    s1, s2 = plan.noise.s1, plan.noise.s2
    measured = min(_MEASURED, task.images)
    if s1 is None:
        clean = (read_images(source, chunk) for chunk in chunks(measured, task.box))
        found = [moments(images, _signal(images)) for images in clean]
        s1 = spread(np.concatenate(found), task.source) / plan.noise.snr1**0.5
    if s2 is None:
        found = [
            moments(_through_microscope(plan, task, ctf, source, s1, chunk), _signal(read_images(source, chunk)))
            for chunk in chunks(measured, task.box)
        ]
        s2 = spread(np.concatenate(found), task.source) / plan.noise.second_snr**0.5
    return s1, s2


def _images(
    plan: CTFPlan, task: Task, ctf: CTFParameters, level: tuple[float, float]
) -> Iterator[Float32[np.ndarray, "m D D"]]:
    source = open_images(task.source)
    for chunk in chunks(task.images, task.box):
        imaged = _through_microscope(plan, task, ctf, source, level[0], chunk)
        yield add_white_noise(imaged, level[1], plan.seed, f"shot noise {task.output.name}", chunk)


def _through_microscope(
    plan: CTFPlan, task: Task, ctf: CTFParameters, source: StackImages, sigma: float, indices: Int[np.ndarray, " m"]
) -> Float32[np.ndarray, "m D D"]:
    """Return images with structural noise, then the CTF."""
    stage = f"structural noise {task.output.name}"
    noisy = add_white_noise(read_images(source, indices), sigma, plan.seed, stage, indices)
    return apply_ctf(noisy, ctf[indices], task.pixel_size, plan.b_factor)


def _signal(clean: Float32[np.ndarray, "n D D"]) -> Bool[np.ndarray, "n D D"]:
    """Return where the particle is: the published scripts take its variance where the projection is above 0."""
    return np.asarray(clean > 0)


def _relative(stack: Path, star: Path) -> str:
    return Path(os.path.relpath(stack.resolve(), star.parent.resolve())).as_posix()


def _check(noise: CascadeNoise, b_factor: float) -> None:
    if not (np.isfinite(b_factor) and b_factor >= 0):
        raise InputError(f"-b is {b_factor}: expected a B of the envelope of at least 0 Å²")
    if noise.s1 is not None and noise.s2 is None:
        raise InputError("--s1 needs --s2 beside it: give both standard deviations, such as --s1 0 --s2 0")
    for name, value in (("--s1", noise.s1), ("--s2", noise.s2)):
        if value is not None and not (np.isfinite(value) and value >= 0):
            raise InputError(f"{name} is {value}: expected a standard deviation of at least 0")
    for name, value in (("--snr1", noise.snr1), ("--snr2", noise.snr2)):
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} is {value}: expected a ratio above 0")
    if noise.s2 is None and noise.snr2 >= noise.snr1:
        raise InputError(
            f"--snr2 {noise.snr2:g} is the total ratio and cannot reach --snr1 {noise.snr1:g}, the ratio before the "
            "CTF: give a smaller --snr2, or --s1 and --s2"
        )
