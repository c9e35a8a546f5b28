"""cryoDRGN's pickled poses and CTF tables."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

from cryobench.core import CTFParameters, FormatError, InputError, Poses
from cryobench.core.checks import require_shape
from cryobench.io.files import write_bytes
from cryobench.io.restricted_pickle import read_array_pickle

_PROTOCOL = 4


def write_poses(path: Path, poses: Poses, box: int, pixel_size: float) -> None:
    """Write poses as cryoDRGN reads them: rotations (N, 3, 3) and shifts (N, 2) as fractions of the box."""
    fractions = (poses.shifts / (box * pixel_size)).astype(np.float32)
    write_bytes(path, pickle.dumps((poses.rotations, fractions), protocol=_PROTOCOL))


def read_poses(path: Path, box: int, pixel_size: float) -> Poses:
    """Read cryoDRGN's poses; shifts come back in Å, zero where the file holds rotations alone.

    Raises
    ------
    FormatError
        If the file holds no rotations (N, 3, 3), or shifts that are not (N, 2) fractions of the box.
    """
    content = read_array_pickle(path)
    rotations, *rest = content if isinstance(content, tuple) and content else (content,)
    if len(rest) > 1 or not isinstance(rotations, np.ndarray | list):
        raise FormatError(f"{path}: expected a tuple of rotations (N, 3, 3) and shifts (N, 2), or the rotations alone")
    try:
        matrices = np.asarray(rotations, dtype=np.float32)
        alone = not rest or rest[0] is None
        fractions = np.zeros((len(matrices), 2)) if alone else np.asarray(rest[0], dtype=np.float64)
        require_shape("rotations", matrices, (None, 3, 3))
        require_shape("shifts", fractions, (len(matrices), 2))
        poses = Poses(matrices, (fractions * (box * pixel_size)).astype(np.float32))
    except (InputError, TypeError, ValueError) as error:
        raise FormatError(f"{path}: {error}") from error
    beyond = np.flatnonzero((np.abs(fractions) > 1).any(axis=1))
    if beyond.size:
        raise FormatError(
            f"{path}: the shift of particle {beyond[0]} is larger than the box: expected fractions of it; "
            "very old files hold pixels: divide them by the box"
        )
    return poses


def write_ctf(path: Path, ctf: CTFParameters, box: int, pixel_size: float) -> None:
    """Write CTF parameters as cryoDRGN reads them: (N, 9), box and pixel size before our columns."""
    geometry = np.tile(np.array([box, pixel_size], dtype=np.float32), (len(ctf), 1))
    write_bytes(path, pickle.dumps(np.hstack((geometry, ctf.table.astype(np.float32))), protocol=_PROTOCOL))


def ctf_from_table(table: object, source: str) -> CTFParameters:
    """Return the CTF parameters in cryoDRGN's table of nine columns, or of its last seven.

    The first two of nine are the box and the pixel size of some stack; they are dropped.

    Raises
    ------
    FormatError
        If it is not a numeric table of valid parameters.
    """
    try:
        return CTFParameters.from_cryodrgn(table)
    except InputError as error:
        raise FormatError(f"{source}: {error}") from error
