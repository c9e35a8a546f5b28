"""RELION tables of particles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cryobench.core import CTFParameters, FormatError, InputError, Poses
from cryobench.io import ParticleTable
from cryobench.ops.rotations import rotation_from_relion, rotation_to_relion

_ANGLES = ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")
_CTF_COLUMNS = (
    "rlnDefocusU",
    "rlnDefocusV",
    "rlnDefocusAngle",
    "rlnVoltage",
    "rlnSphericalAberration",
    "rlnAmplitudeContrast",
    "rlnPhaseShift",
)


def particle_tables(
    images: Sequence[str],
    poses: Poses | None,
    ctf: CTFParameters,
    box: int,
    pixel_size: float,
    b_factor: float = 0.0,
) -> dict[str, dict[str, list[str]]]:
    """Return the optics and particles tables of RELION 3.1, one optics group for each microscope setting.

    Parameters
    ----------
    images
        RELION's image names, ``"000001@particles/000.mrcs"``.
    poses, ctf
        Of the same particles; without poses the table has no columns of angles and origins.
    box, pixel_size
        Of the images, in pixels and Å.
    b_factor
        B of the CTF's envelope exp(-B s^2 / 4) in Å^2; a column says so where it is not 0.
    """
    microscope = np.column_stack([ctf.column(name) for name in ("voltage_kv", "cs_mm", "amplitude_contrast")])
    settings, group = np.unique(microscope, axis=0, return_inverse=True)
    numbers = [str(i + 1) for i in range(len(settings))]
    return {
        "optics": {
            "rlnOpticsGroup": numbers,
            "rlnOpticsGroupName": [f"opticsGroup{number}" for number in numbers],
            "rlnVoltage": _text(settings[:, 0]),
            "rlnSphericalAberration": _text(settings[:, 1]),
            "rlnAmplitudeContrast": _text(settings[:, 2]),
            "rlnImagePixelSize": [f"{pixel_size:.6f}"] * len(settings),
            "rlnImageSize": [str(box)] * len(settings),
            "rlnImageDimensionality": ["2"] * len(settings),
        },
        "particles": {
            "rlnImageName": list(images),
            **({} if poses is None else _pose_columns(poses)),
            "rlnDefocusU": _text(ctf.column("defocus_u_angstrom")),
            "rlnDefocusV": _text(ctf.column("defocus_v_angstrom")),
            "rlnDefocusAngle": _text(ctf.column("defocus_angle_degrees")),
            "rlnPhaseShift": _text(ctf.column("phase_shift_degrees")),
            **({"rlnCtfBfactor": [f"{b_factor:.6f}"] * len(ctf)} if b_factor else {}),
            "rlnOpticsGroup": [numbers[i] for i in group.ravel()],
        },
    }


def _pose_columns(poses: Poses) -> dict[str, list[str]]:
    angles = rotation_to_relion(poses.rotations.astype(np.float64))
    columns = {label: _text(angles[:, axis]) for axis, label in enumerate(_ANGLES)}
    origins = {f"rlnOrigin{axis}Angst": _text(poses.shifts[:, i]) for i, axis in enumerate("XY")}
    return columns | origins


def poses_from_star(table: ParticleTable, pixel_size: float) -> Poses:
    """Return the poses in RELION's table; a missing origin is zero.

    Parameters
    ----------
    table
        Of RELION 3.1 and later, with origins in Å, or of 3.0, with origins in pixels.
    pixel_size
        Of the images, in Å: the unit of origins in pixels where the table does not say its own.

    Raises
    ------
    FormatError
        If a column is missing or holds something else than numbers.
    InputError
        If a number is not finite.
    """
    angles = np.column_stack([table.numbers(label) for label in _ANGLES])
    own = table.pixel_sizes()
    pixels = np.where(np.isnan(own), pixel_size, own)
    shifts = np.zeros((table.rows, 2))
    for axis, label in enumerate(("rlnOriginX", "rlnOriginY")):
        if table.has(f"{label}Angst"):
            shifts[:, axis] = table.numbers(f"{label}Angst")
        elif table.has(label):
            shifts[:, axis] = table.numbers(label) * pixels
    return Poses(rotation_from_relion(angles).astype(np.float32), shifts.astype(np.float32))


def ctf_from_star(table: ParticleTable) -> CTFParameters:
    """Return the CTF parameters in RELION's table; a missing phase shift is zero.

    Raises
    ------
    FormatError
        If a column is missing or does not hold CTF parameters.
    """
    columns = [
        np.zeros(table.rows) if label == "rlnPhaseShift" and not table.has(label) else table.numbers(label)
        for label in _CTF_COLUMNS
    ]
    try:
        return CTFParameters(np.column_stack(columns))
    except InputError as error:
        raise FormatError(f"{table.path}: {error}") from error


def _text(values: np.ndarray) -> list[str]:
    return [f"{value:.6f}" for value in values]
