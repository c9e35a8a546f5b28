"""cryoSPARC's tables of particles."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

from cryobench.core import CTFParameters, FormatError, InputError, Poses
from cryobench.io import require_fields
from cryobench.ops.rotations import rotation_from_cryosparc

_FIELDS: list[tuple[str, str] | tuple[str, str, tuple[int]]] = [
    ("blob/idx", "<u4"),
    ("blob/shape", "<u4", (2,)),
    ("blob/psize_A", "<f4"),
    ("blob/sign", "<f4"),
    ("blob/import_sig", "<u8"),
    ("ctf/type", "S8"),
    ("ctf/exp_group_id", "<u4"),
    ("ctf/accel_kv", "<f4"),
    ("ctf/cs_mm", "<f4"),
    ("ctf/amp_contrast", "<f4"),
    ("ctf/df1_A", "<f4"),
    ("ctf/df2_A", "<f4"),
    ("ctf/df_angle_rad", "<f4"),
    ("ctf/phase_shift_rad", "<f4"),
    ("ctf/scale", "<f4"),
    ("ctf/scale_const", "<f4"),
    ("ctf/shift_A", "<f4", (2,)),
    ("ctf/tilt_A", "<f4", (2,)),
    ("ctf/trefoil_A", "<f4", (2,)),
    ("ctf/tetra_A", "<f4", (4,)),
    ("ctf/anisomag", "<f4", (4,)),
    ("ctf/bfactor", "<f4"),
    ("alignments3D/split", "<u4"),
    ("alignments3D/shift", "<f4", (2,)),
    ("alignments3D/pose", "<f4", (3,)),
    ("alignments3D/psize_A", "<f4"),
    ("alignments3D/alpha", "<f4"),
    ("alignments3D/class", "<u4"),
    ("alignments3D/class_posterior", "<f4"),
]
_SHORTEST = 1e-7  # readers divide a rotation vector by its length: none may have length 0


def cryosparc_particles(
    stacks: Sequence[str],
    positions: np.ndarray,
    poses: Poses,
    ctf: CTFParameters,
    box: int,
    pixel_size: float,
    sign: int,
    b_factor: float = 0.0,
) -> np.ndarray:
    """Return cryoSPARC's table of particles: images, CTF and 3-D alignment, shape (N,).

    The rotation vector of ``alignments3D/pose`` is that of R transposed. Shifts are in pixels and, as ours, centre the
    image. Aberrations that are not simulated are 0.

    Parameters
    ----------
    stacks
        Path of each image's stack, as the file shall name it.
    positions
        Place of each image in its stack, from 0, shape (N,).
    poses, ctf
        Of the same particles.
    box, pixel_size
        Of the images, in pixels and Å.
    sign
        Factor by which the image formation model was multiplied: -1 for a stack in which the particle is bright, whose
        ``blob/sign`` is then 1.
    b_factor
        B of the CTF's envelope exp(-B s^2 / 4) in Å^2.

    Raises
    ------
    InputError
        If the numbers of stacks, positions, poses and CTF rows differ.
    """
    n = len(poses)
    if not len(stacks) == len(positions) == len(ctf) == n:
        raise InputError(
            f"there are {n} poses, {len(ctf)} CTF rows, {len(stacks)} stacks and {len(positions)} positions: "
            "one of each is needed for a particle"
        )
    names = np.array([name.encode() for name in stacks])
    table = np.zeros(n, dtype=[("uid", "<u8"), ("blob/path", f"S{max(names.dtype.itemsize, 1)}"), *_FIELDS])
    table["blob/path"], table["blob/idx"] = names, positions
    table["blob/shape"], table["blob/psize_A"], table["blob/sign"] = box, pixel_size, -sign
    table["ctf/type"] = b"imported"
    table["ctf/accel_kv"], table["ctf/cs_mm"] = ctf.column("voltage_kv"), ctf.column("cs_mm")
    table["ctf/amp_contrast"] = ctf.column("amplitude_contrast")
    table["ctf/df1_A"], table["ctf/df2_A"] = ctf.column("defocus_u_angstrom"), ctf.column("defocus_v_angstrom")
    table["ctf/df_angle_rad"] = np.deg2rad(ctf.column("defocus_angle_degrees"))
    table["ctf/phase_shift_rad"] = np.deg2rad(ctf.column("phase_shift_degrees"))
    table["ctf/scale"] = table["ctf/scale_const"] = 1
    table["ctf/bfactor"] = b_factor
    table["alignments3D/split"] = np.arange(n) % 2
    table["alignments3D/shift"] = poses.shifts / np.float32(pixel_size)
    table["alignments3D/pose"] = _rotation_vectors(poses.rotations.astype(np.float64))
    table["alignments3D/psize_A"] = pixel_size
    table["alignments3D/alpha"] = table["alignments3D/class_posterior"] = 1
    # The upper half tells tables apart, the lower half rows: cryoSPARC joins tables by this number.
    mark = int.from_bytes(hashlib.sha256(table.tobytes()).digest()[:4], "little")
    table["uid"] = (np.uint64(mark) << np.uint64(32)) + np.arange(n, dtype=np.uint64)
    return table


def poses_from_cs(table: np.ndarray, source: str) -> Poses:
    """Return the poses in cryoSPARC's table; a missing shift is zero.

    Shifts are in pixels of the refinement (``alignments3D/psize_A``), which may be coarser than those of the images.

    Raises
    ------
    FormatError
        If a field is missing or has another shape.
    InputError
        If a value is not finite.
    """
    rotations = rotation_from_cryosparc(_numbers(table, "alignments3D/pose", 3, source))
    shifts = np.zeros((len(table), 2))
    if "alignments3D/shift" in (table.dtype.names or ()):
        size = _numbers(table, "alignments3D/psize_A", 1, source)
        if not (size > 0).all():
            raise FormatError(f"{source}: alignments3D/psize_A is not above 0: expected Å per pixel of the shifts")
        shifts = _numbers(table, "alignments3D/shift", 2, source) * size
    return Poses(rotations.astype(np.float32), shifts.astype(np.float32))


def ctf_from_cs(table: np.ndarray, source: str) -> CTFParameters:
    """Return the CTF parameters in cryoSPARC's table; a missing phase shift is zero.

    Raises
    ------
    FormatError
        If a field is missing or does not hold CTF parameters.
    """
    first = ("ctf/df1_A", "ctf/df2_A", "ctf/df_angle_rad", "ctf/accel_kv", "ctf/cs_mm", "ctf/amp_contrast")
    columns = [_numbers(table, name, 1, source) for name in first]
    with_phase = "ctf/phase_shift_rad" in (table.dtype.names or ())
    columns.append(_numbers(table, "ctf/phase_shift_rad", 1, source) if with_phase else np.zeros((len(table), 1)))
    columns[2], columns[6] = np.rad2deg(columns[2]), np.rad2deg(columns[6])
    try:
        return CTFParameters(np.hstack(columns))
    except InputError as error:
        raise FormatError(f"{source}: {error}") from error


def _rotation_vectors(rotations: Float64[np.ndarray, "N 3 3"]) -> Float64[np.ndarray, "N 3"]:
    vectors = np.asarray(Rotation.from_matrix(rotations).inv().as_rotvec())
    short = np.linalg.norm(vectors, axis=1) < _SHORTEST
    return np.where(short[:, None], [_SHORTEST, 0.0, 0.0], vectors)


def _numbers(table: np.ndarray, name: str, width: int, source: str) -> Float64[np.ndarray, "N width"]:
    require_fields(table, [name], source)
    values = table[name].reshape(len(table), -1)
    if values.shape[1] != width or values.dtype.kind not in "fiu":
        raise FormatError(f"{source}: field {name} has type {table.dtype[name]}: expected {width} numbers a particle")
    return values.astype(np.float64)
