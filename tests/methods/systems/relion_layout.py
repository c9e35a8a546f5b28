"""Writes the files of a RELION Class3D run as text, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from cryosparc_layout import write_map
from scipy.spatial.transform import Rotation

from cryobench.core import Dataset, Poses


def image_names(dataset: Dataset, folder: str = "Extract/job003/") -> list[str]:
    names = [name.partition("@") for name in dataset.particles.images.names]  # type: ignore[attr-defined]
    return [f"{number}@{folder}{Path(stack).name}" for number, _, stack in names]


def class3d(
    folder: Path,
    dataset: Dataset,
    labels: np.ndarray,
    maps: Mapping[int, np.ndarray],
    poses: Poses | None = None,
    names: list[str] | None = None,
    stem: str = "run_it025",
    version: str = "3.1",
) -> None:
    """Write run_itNNN_data.star, its rows shuffled, and the maps of the classes."""
    folder.mkdir(exist_ok=True)
    given = dataset.particles.poses if poses is None else poses
    pixel_size = dataset.particles.pixel_size
    # RELION's angles turn the frame: its matrix is the transpose.
    angles = Rotation.from_matrix(np.swapaxes(given.rotations.astype(np.float64), 1, 2)).as_euler("ZYZ", degrees=True)
    images = image_names(dataset) if names is None else names
    order = np.random.default_rng(9).permutation(len(labels))
    modern = version == "3.1"
    shifts = given.shifts if modern else given.shifts / pixel_size
    unit = "Angst" if modern else ""
    head = ["rlnCoordinateX", "rlnImageName", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", f"rlnOriginX{unit}",
            f"rlnOriginY{unit}", "rlnClassNumber"]  # fmt: skip
    head += ["rlnOpticsGroup"] if modern else ["rlnDetectorPixelSize", "rlnMagnification"]
    lines = ["", "# version 30001", ""]
    if modern:
        lines += ["data_optics", "", "loop_", "_rlnOpticsGroup #1", "_rlnImagePixelSize #2", f"1 {pixel_size:.6f}", ""]
    lines += ["data_particles" if modern else "data_", "", "loop_"]
    lines += [f"_{label} #{i}" for i, label in enumerate(head, 1)]
    for i in order.tolist():
        row = ["12.000000", images[i], *(f"{angle:.6f}" for angle in angles[i]), *(f"{x:.6f}" for x in shifts[i])]
        row += [str(int(labels[i]) + 1)]
        row += ["1"] if modern else [f"{pixel_size:.6f}", "10000.000000"]
        lines.append(" ".join(row))
    (folder / f"{stem}_data.star").write_text("\n".join(lines) + "\n \n")
    for k, data in maps.items():
        write_map(folder / f"{stem}_class{k + 1:03d}.mrc", data, pixel_size)
