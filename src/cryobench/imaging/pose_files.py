"""Poses in the files of other programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cryobench.core import FormatError, InputError, Poses
from cryobench.imaging.cryosparc import poses_from_cs
from cryobench.imaging.relion import poses_from_star
from cryobench.io import read_cs, read_particle_table, read_poses

POSE_SUFFIXES = (".pkl", ".star", ".cs")
"""Kinds of file that :func:`load_poses` reads."""


def load_poses(path: Path, box: int, pixel_size: float) -> Poses:
    """Read the pose of each particle from cryoDRGN's, RELION's or cryoSPARC's file.

    Parameters
    ----------
    path
        A ``.pkl`` (rotations, and shifts as fractions of the box), ``.star`` (3.0, with origins in pixels, or 3.1, in
        Å) or ``.cs`` file. Where it has no shifts, they are zero.
    box, pixel_size
        Of the images, in pixels and Å: the unit of the shifts where the file does not say it.

    Returns
    -------
    Active rotations, and the shifts in Å that centre each image.

    Raises
    ------
    FormatError
        If the file is missing, of another kind, or does not hold poses; a missing column is named.
    """
    suffix = path.suffix.lower()
    if suffix not in POSE_SUFFIXES:
        raise FormatError(f"{path}: not a file of poses: expected one of {', '.join(POSE_SUFFIXES)}")
    if not path.is_file():
        raise FormatError(f"{path}: no such file: give the path of a file of poses")
    if suffix == ".pkl":
        return read_poses(path, box, pixel_size)
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # the poses themselves refuse what is not finite
            if suffix == ".star":
                return poses_from_star(read_particle_table(path, "rlnAngleRot"), pixel_size)
            return poses_from_cs(read_cs(path), str(path))
    except InputError as error:
        raise FormatError(f"{path}: {error}") from error
