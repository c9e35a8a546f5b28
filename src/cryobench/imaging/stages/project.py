"""Stage 2: clean projections of volumes, and the poses that describe them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from cryobench.core import InputError, Poses
from cryobench.imaging.chunks import chunks
from cryobench.imaging.images import Projector
from cryobench.imaging.pose_files import load_poses
from cryobench.imaging.poses import uniform_poses
from cryobench.imaging.stages.files import (
    Task,
    Watch,
    find_inputs,
    made_from,
    make_way,
    name_outputs,
    name_pictures,
    refuse_overlap,
    require_seed,
)
from cryobench.imaging.stages.pixels import read_map, write_stack
from cryobench.io import write_poses
from cryobench.ops.rotations import rotation_about_axis
from cryobench.ops.so3 import so3_grid, so3_grid_size

_MOST_LEVELS = 5
_ALIKE = 1e-3  # headers hold the edge of the box in single precision


@dataclass(frozen=True)
class Views:
    """From where volumes are seen.

    ``shift_extent`` is in pixels: shifts are uniform within plus and minus it on each axis. ``in_pose`` names a file of
    poses and ``grid`` a level of the deterministic grid on SO(3), either in place of random rotations; ``tilt`` turns
    the volume about x, right-handed, in degrees, after the pose.
    """

    shift_extent: float = 5.0
    in_pose: Path | None = None
    grid: int | None = None
    tilt: float = 0.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class ProjectionPlan:
    """Which stacks of projections are to be made, and where their poses go.

    ``given`` are the poses of each stack where a file names them, else None; ``notes`` are sentences for the user.
    """

    tasks: tuple[Task, ...]
    pose_files: tuple[Path, ...]
    views: Views
    given: tuple[Poses | None, ...]
    notes: tuple[str, ...] = ()


def plan_projections(
    volumes: Path,
    output: Path,
    out_pose: Path,
    views: Views,
    images: int | None,
    pixel_size: float | None = None,
    out_png: Path | None = None,
) -> ProjectionPlan:
    """Check everything that projections of a map, or of each map of a folder, need; write nothing.

    Parameters
    ----------
    volumes
        A ``.mrc`` map or a folder of them.
    output, out_pose, out_png
        The files to write for one map (``.mrcs``, ``.pkl``, ``.png``); for a folder the folders where
        ``NAME_particles.mrcs``, ``000_poses.pkl`` and ``000.png`` go, numbered in natural order.
    views
        From where the volumes are seen.
    images
        Number of projections of each map; None where the poses of a file or of a grid say it.
    pixel_size
        Edge of a voxel in Å, in place of the headers'.

    Raises
    ------
    FormatError, InputError
        If an input cannot be used, or two options contradict each other.
    """
    _check(views)
    inputs = find_inputs(volumes, ".mrc")
    stacks = name_outputs(inputs, output, "-o", ".mrcs", lambda _, path: f"{path.stem}_particles.mrcs")
    pose_files = name_outputs(inputs, out_pose, "--out-pose", ".pkl", lambda i, _: f"{i:03d}_poses.pkl")
    pictures = name_pictures(inputs, out_png, lambda i, _: f"{i:03d}.png")
    read = inputs.paths if views.in_pose is None else (*inputs.paths, views.in_pose)
    refuse_overlap(made_from(inputs, stacks, pose_files, pictures), read)
    tasks, given = [], []
    loaded: dict[tuple[int, float], Poses] = {}
    for source, stack, picture in zip(inputs.paths, stacks, pictures, strict=True):
        volume = read_map(source, pixel_size)
        geometry = volume.box, volume.pixel_size
        if views.in_pose is not None and geometry not in loaded:
            loaded[geometry] = load_poses(views.in_pose, *geometry)
        poses = loaded.get(geometry)
        given.append(poses)
        tasks.append(Task(source, stack, picture, _count(views, images, poses), *geometry))
    return ProjectionPlan(tuple(tasks), pose_files, views, tuple(given), _differences(tasks))


def write_projections(plan: ProjectionPlan, watch: Watch, batch: int = 100) -> None:
    """Make the stacks of a plan, at most ``batch`` images at a time, with their poses and pictures.

    The same plan gives the same bytes, whatever the batch and the number of threads.

    Raises
    ------
    InputError
        If ``batch`` is below 1.
    """
    if batch < 1:
        raise InputError(f"-b is {batch}: choose at least 1 image at a time")
    for sentence in plan.notes:
        watch.note(sentence)
    make_way((*(t.output for t in plan.tasks), *plan.pose_files, *(t.png for t in plan.tasks)), watch.note)
    advance = watch.progress("projecting", sum(task.images for task in plan.tasks))
    for task, pose_file, given in zip(plan.tasks, plan.pose_files, plan.given, strict=True):
        poses = poses_of(task, plan.views, given)
        write_stack(task, _projections(task, poses, batch), advance, watch.preview)
        write_poses(pose_file, poses, task.box, task.pixel_size)


def poses_of(task: Task, views: Views, given: Poses | None) -> Poses:
    """Return the poses that describe the images of a stack, those of a file or others, the tilt included.

    Random poses hang on the seed and the name of the stack, so that two stacks of one seed differ.
    """
    if given is not None:
        poses = given
    else:
        key = hashlib.blake2b(f"{views.seed}\0{task.output.name}".encode(), digest_size=8).digest()
        drawn = uniform_poses(int.from_bytes(key, "little"), np.arange(task.images), shift_extent=1.0)
        poses = Poses(drawn.rotations, drawn.shifts * np.float32(views.shift_extent * task.pixel_size))
    rotations = poses.rotations if views.grid is None else so3_grid(views.grid)
    if views.tilt:
        rotations = rotation_about_axis(np.array([1.0, 0.0, 0.0]), views.tilt) @ rotations.astype(np.float64)
    return Poses(rotations.astype(np.float32), poses.shifts)


def _projections(task: Task, poses: Poses, batch: int) -> Iterator[Float32[np.ndarray, "m D D"]]:
    projector = Projector(read_map(task.source, task.pixel_size))
    for chunk in chunks(task.images, task.box, batch):
        yield projector.project(poses[chunk])


def _check(views: Views) -> None:
    require_seed(views.seed)
    if views.in_pose is not None and views.grid is not None:
        raise InputError("--in-pose and --grid both say where to look from: give one of the two")
    if not (np.isfinite(views.shift_extent) and views.shift_extent >= 0):
        raise InputError(f"--t-extent is {views.shift_extent}: expected a number of pixels of at least 0")
    if not np.isfinite(views.tilt):
        raise InputError(f"--tilt is {views.tilt}: expected an angle in degrees")
    if views.grid is not None and not 0 <= views.grid <= _MOST_LEVELS:
        raise InputError(f"--grid is {views.grid}: choose a level from 0 (72 rotations) to {_MOST_LEVELS}")


def _differences(tasks: Sequence[Task]) -> tuple[str, ...]:
    """Return a note where volumes are not alike, else none."""
    first = tasks[0]
    for task in tasks:
        if task.box != first.box or abs(task.pixel_size / first.pixel_size - 1) > _ALIKE:
            return (
                f"volumes differ: {task.source} has a box of {task.box} and {task.pixel_size:g} Å/px, but "
                f"{first.source} one of {first.box} and {first.pixel_size:g} Å/px: so will their stacks",
            )
    return ()


def _count(views: Views, images: int | None, given: Poses | None) -> int:
    """Return the number of images of a stack, and check it against the number asked for."""
    if images is not None and images < 1:
        raise InputError(f"-N is {images}: choose at least 1 image")
    if given is not None:
        known, where = len(given), str(views.in_pose)
    elif views.grid is not None:
        known, where = so3_grid_size(views.grid), f"the grid of level {views.grid}"
    elif images is None:
        raise InputError("say how many images to make with -N, or give poses with --in-pose or --grid")
    else:
        return images
    if images not in {None, known}:
        raise InputError(f"-N is {images}, but {where} has {known} poses: leave -N out, or give {known}")
    return known
