"""RELION tables of particles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cryobench.core import CTFParameters, Poses
from cryobench.ops.rotations import rotation_to_relion


def particle_tables(
    images: Sequence[str], poses: Poses, ctf: CTFParameters, box: int, pixel_size: float
) -> dict[str, dict[str, list[str]]]:
    """Return the optics and particles tables of RELION 3.1, one optics group for each microscope setting.

    Parameters
    ----------
    images
        RELION's image names, ``"000001@particles/000.mrcs"``.
    poses, ctf
        Of the same particles.
    box, pixel_size
        Of the images, in pixels and Å.
    """
    microscope = np.column_stack([ctf.column(name) for name in ("voltage_kv", "cs_mm", "amplitude_contrast")])
    settings, group = np.unique(microscope, axis=0, return_inverse=True)
    numbers = [str(i + 1) for i in range(len(settings))]
    angles = rotation_to_relion(poses.rotations.astype(np.float64))
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
            "rlnAngleRot": _text(angles[:, 0]),
            "rlnAngleTilt": _text(angles[:, 1]),
            "rlnAnglePsi": _text(angles[:, 2]),
            "rlnOriginXAngst": _text(poses.shifts[:, 0]),
            "rlnOriginYAngst": _text(poses.shifts[:, 1]),
            "rlnDefocusU": _text(ctf.column("defocus_u_angstrom")),
            "rlnDefocusV": _text(ctf.column("defocus_v_angstrom")),
            "rlnDefocusAngle": _text(ctf.column("defocus_angle_degrees")),
            "rlnPhaseShift": _text(ctf.column("phase_shift_degrees")),
            "rlnOpticsGroup": [numbers[i] for i in group.ravel()],
        },
    }


def _text(values: np.ndarray) -> list[str]:
    return [f"{value:.6f}" for value in values]
