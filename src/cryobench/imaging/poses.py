"""Drawing poses: what particle i gets depends on the seed and i alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64, Int

from cryobench.core import InputError, Poses, streams
from cryobench.imaging.pose_specs import (
    FileRotations,
    GaussianShifts,
    GridRotations,
    PoseSpec,
    PreferredRotations,
    Shifts,
    UniformShifts,
)
from cryobench.ops.rotations import rotation_from_normals, rotation_from_relion
from cryobench.ops.so3 import so3_grid, so3_grid_size


def uniform_poses(seed: int, indices: Int[np.ndarray, " n"], shift_extent: float) -> Poses:
    """Return poses with rotations uniform on SO(3) and shifts uniform in a square.

    Parameters
    ----------
    seed
        The dataset's seed.
    indices
        Particle indices, shape (n,); a particle's pose depends on its own index alone.
    shift_extent
        Shifts are uniform within plus and minus this many Å on each axis.
    """
    return draw_poses(PoseSpec(shifts=UniformShifts(extent=shift_extent)), seed, indices)


def draw_poses(spec: PoseSpec, seed: int, indices: Int[np.ndarray, " n"], table: Poses | None = None) -> Poses:
    """Return the poses of some particles.

    Parameters
    ----------
    spec
        Where rotations and shifts come from.
    seed
        The dataset's seed.
    indices
        Particle indices, shape (n,); a particle's pose depends on its own index alone.
    table
        The poses in the file that the spec names, if it names one.

    Raises
    ------
    InputError
        If the spec names a file and there is no table or it has too few rows, or there is a table and no file.
    """
    rotations = spec.rotations
    if isinstance(rotations, FileRotations):
        return _rows(table, rotations.file, indices)
    if table is not None:
        raise InputError(f"a table of poses was given, but rotations are '{rotations.kind}': expected 'file'")
    if not len(indices):  # scipy's rotations cannot be empty
        return Poses(np.empty((0, 3, 3), np.float32), np.empty((0, 2), np.float32))
    if isinstance(rotations, GridRotations):
        _, shifts = _draw(spec.shifts, seed, indices, lambda _: np.empty(0))
        matrices = so3_grid(rotations.level, indices % so3_grid_size(rotations.level))
    elif isinstance(rotations, PreferredRotations):
        numbers, shifts = _draw(spec.shifts, seed, indices, lambda generator: generator.random(4))
        matrices = preferred_rotations(rotations, numbers)
    else:
        numbers, shifts = _draw(spec.shifts, seed, indices, lambda generator: generator.standard_normal(4))
        matrices = rotation_from_normals(numbers)
    return Poses(matrices.astype(np.float32), shifts.astype(np.float32))


def preferred_rotations(spec: PreferredRotations, numbers: Float64[np.ndarray, "n 4"]) -> Float64[np.ndarray, "n 3 3"]:
    """Return rotations with preferred viewing directions, from four numbers each that are uniform in [0, 1).

    The numbers choose the mode (or none), the angle to its centre, the direction of that angle, and the in-plane angle.
    The cosine w of the angle to the centre has the density proportional to exp(k w) on [-1, 1], of which the
    distribution function is inverted (Ulrich 1984, Applied Statistics 33, 158, in three dimensions).
    """
    total = sum(mode.weight for mode in spec.modes)
    shares = [1 - spec.strength, *(spec.strength * mode.weight / total for mode in spec.modes)]
    # The last share is left out of the sums, so that rounding cannot leave a number beyond them.
    chosen = np.searchsorted(np.cumsum(shares[:-1]), numbers[:, 0], side="right")
    # Particles of no mode are uniform about any centre.
    centres = np.array([(0.0, 0.0), *((mode.rot, mode.tilt) for mode in spec.modes)])[chosen]
    concentration = np.array([1.0, *(mode.concentration for mode in spec.modes)])[chosen]
    lobe = 1 + np.log1p(numbers[:, 1] * np.expm1(-2 * concentration)) / concentration
    cosine = np.clip(np.where(chosen == 0, 1 - 2 * numbers[:, 1], lobe), -1, 1)
    about_centre = np.column_stack((360 * numbers[:, 2], np.rad2deg(np.arccos(cosine)), 360 * numbers[:, 3]))
    to_centre = np.column_stack((centres, np.zeros(len(numbers))))
    return np.asarray(rotation_from_relion(about_centre) @ rotation_from_relion(to_centre))


def _draw(
    spec: Shifts,
    seed: int,
    indices: Int[np.ndarray, " n"],
    rotation_numbers: Callable[[np.random.Generator], np.ndarray],
) -> tuple[Float64[np.ndarray, "n k"], Float64[np.ndarray, "n 2"]]:
    """Return what each particle's stream gives: first the numbers that make its rotation, then its shift."""
    numbers, shifts = [], []
    for generator in streams(seed, "pose", indices):
        numbers.append(rotation_numbers(generator))
        shifts.append(_shift(spec, generator))
    return np.array(numbers), np.array(shifts)


def _shift(spec: Shifts, generator: np.random.Generator) -> Float64[np.ndarray, " 2"]:
    if isinstance(spec, GaussianShifts):
        return generator.normal(0, spec.sigma, 2)
    return generator.uniform(-spec.extent, spec.extent, 2)


def _rows(table: Poses | None, file: str, indices: Int[np.ndarray, " n"]) -> Poses:
    if table is None:
        raise InputError(f"poses are to come from '{file}', but no table of poses was given: read the file first")
    needed = int(indices.max(initial=-1)) + 1
    if needed > len(table):
        raise InputError(
            f"{file}: {len(table)} rows of poses, but there are at least {needed} particles: one row is needed for each"
        )
    return table[indices]
