"""Writes the files of cryoSPARC jobs, field by field: structured arrays in numpy's format, and MRC maps.

Nothing here goes through the readers, nor through the package's own writers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import mrcfile
import numpy as np
from scipy.spatial.transform import Rotation

from cryobench.core import Dataset, Poses

Columns = dict[str, np.ndarray]


def write_map(path: Path, data: np.ndarray, pixel_size: float) -> None:
    with mrcfile.new(path, overwrite=True) as mrc:
        mrc.set_data(data.astype(np.float32))
        mrc.voxel_size = pixel_size
        mrc.set_volume()


def save(path: Path, columns: Mapping[str, np.ndarray], rows: np.ndarray | slice = slice(None)) -> None:
    """Write some rows of columns as .cs."""
    fields = [(name, column.dtype.str, column.shape[1:]) for name, column in columns.items()]
    table = np.zeros(len(next(iter(columns.values()))), dtype=fields)
    for name, column in columns.items():
        table[name] = column
    with path.open("wb") as file:
        np.save(file, table[rows])


def describe(folder: Path, kind: str, version: str = "v4.4.1") -> None:
    (folder / "job.json").write_text(json.dumps({"type": kind, "uid": "J7", "version": version}))


def pose_columns(prefix: str, poses: Poses, pixel_size: float) -> Columns:
    """Return ``PREFIX/pose`` and so on: cryoSPARC's rotation is the transpose, its shifts are in pixels."""
    transposed = np.swapaxes(poses.rotations.astype(np.float64), 1, 2)
    n = len(poses)
    return {
        f"{prefix}/pose": Rotation.from_matrix(transposed).as_rotvec().astype("<f4"),
        f"{prefix}/shift": (poses.shifts / pixel_size).astype("<f4"),
        f"{prefix}/psize_A": np.full(n, pixel_size, "<f4"),
    }


def blob_columns(dataset: Dataset, style: str = "imported") -> Columns:
    """Return ``blob/path`` and so on, with the prefixes that cryoSPARC gives to imported stacks."""
    images = dataset.particles.images
    names = [name.partition("@") for name in images.names]  # type: ignore[attr-defined]
    base = [Path(stack).name for _, _, stack in names]
    shown = {
        "imported": [f">J1/imported/00{hash_of(name):07d}_{name}" for name in base],
        "plain": [f"J1/imported/{name}" for name in base],
        "own": [stack for _, _, stack in names],
    }[style]
    n = len(names)
    return {
        "blob/path": np.array([text.encode() for text in shown]),
        "blob/idx": np.array([int(number) - 1 for number, _, _ in names], "<u4"),
        "blob/shape": np.full((n, 2), images.box, "<u4"),
        "blob/psize_A": np.full(n, dataset.particles.pixel_size, "<f4"),
        "blob/sign": np.ones(n, "<f4"),
        "blob/import_sig": np.full(n, 2**63 + 5, "<u8"),
    }


def hash_of(name: str) -> int:
    return sum(name.encode()) * 7919 % 10_000_000


def uids(n: int, seed: int = 0) -> np.ndarray:
    """Return numbers of the size that cryoSPARC's have, many of which no float can tell apart."""
    steps = np.random.default_rng(seed).integers(1, 3, n).astype("<u8")
    return np.uint64(2**63) + np.cumsum(steps, dtype="<u8")


def shuffled(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(n)


def component_columns(latents: np.ndarray) -> Columns:
    columns: Columns = {}
    for k, values in enumerate(latents.T):
        columns[f"components_mode_{k}/component"] = np.full(len(values), k, "<u4")
        columns[f"components_mode_{k}/value"] = values.astype("<f4")
    return columns


def variability(
    folder: Path, dataset: Dataset, latents: np.ndarray, maps: Sequence[np.ndarray], prefix: str = "J7"
) -> None:
    """Write a 3DVA job: components in J7_particles.cs; images and poses in two passthrough files, in other orders."""
    folder.mkdir(exist_ok=True)
    n = len(latents)
    uid = {"uid": uids(n)}
    ctf = {"ctf/exp_group_id": np.zeros(n, "<u4"), "ctf/accel_kv": np.full(n, 300, "<f4")}
    save(folder / f"{prefix}_particles.cs", uid | ctf | component_columns(latents), shuffled(n, 1))
    save(folder / f"{prefix}_passthrough_particles.cs", uid | blob_columns(dataset), shuffled(n, 2))
    poses = pose_columns("alignments3D", dataset.particles.poses, dataset.particles.pixel_size)
    save(folder / f"{prefix}_passthrough_particles_1.cs", uid | poses, shuffled(n, 3))
    for name, data in zip(["map", *(f"component_{k}" for k in range(len(maps) - 1))], maps, strict=True):
        write_map(folder / f"{prefix}_{name}.mrc", data, dataset.particles.pixel_size)


def flexible(folder: Path, dataset: Dataset, latents: np.ndarray) -> None:
    """Write a 3D Flex Training job."""
    folder.mkdir(exist_ok=True)
    n = len(latents)
    columns = {"uid": uids(n)} | blob_columns(dataset, "plain") | component_columns(latents)
    save(folder / "cryosparc_P3_J7_particles.cs", columns, shuffled(n, 1))
    describe(folder, "flex_train")


def classification(
    folder: Path, dataset: Dataset, labels: np.ndarray, maps: Mapping[int, np.ndarray], iteration: int = 42
) -> None:
    """Write a 3D Classification job: a passthrough table of each class, and maps of two iterations."""
    folder.mkdir(exist_ok=True)
    n = len(labels)
    particles = dataset.particles
    columns = {"uid": uids(n)} | blob_columns(dataset)
    columns |= pose_columns("alignments3D", particles.poses, particles.pixel_size)
    for k in range(max(maps) + 1):
        rows = shuffled(n, 5)
        save(folder / f"J7_passthrough_particles_class_{k}.cs", columns, rows[labels[rows] == k])
    for k, data in maps.items():
        write_map(folder / f"J7_class_{k:02d}_{iteration:05d}_volume.mrc", data, particles.pixel_size)
        write_map(folder / f"J7_class_{k:02d}_{iteration - 10:05d}_volume.mrc", data * 0 + 1, particles.pixel_size)


def classification_posteriors(folder: Path, posteriors: np.ndarray, iteration: int = 42) -> None:
    columns: Columns = {"uid": uids(len(posteriors))}
    for k, values in enumerate(posteriors.T):
        columns[f"alignments_class3D_{k}/class"] = np.full(len(values), k, "<u4")
        columns[f"alignments_class3D_{k}/class_posterior"] = values.astype("<f4")
    save(folder / f"J7_{iteration:05d}_particles.cs", columns, shuffled(len(posteriors), 6))


def ab_initio(
    folder: Path, dataset: Dataset, posteriors: np.ndarray, poses: Sequence[Poses], maps: Sequence[np.ndarray]
) -> None:
    """Write an ab-initio job with one table of all particles, and with the tables of an early iteration."""
    folder.mkdir(exist_ok=True)
    n, pixel_size = len(posteriors), dataset.particles.pixel_size
    columns = {"uid": uids(n)} | blob_columns(dataset)
    for k, values in enumerate(posteriors.T):
        columns[f"alignments_class_{k}/class_posterior"] = values.astype("<f4")
        # Ab-initio reconstruction works on coarser images: shifts are in their pixels.
        columns |= pose_columns(f"alignments_class_{k}", poses[k], pixel_size * 1.5)
    save(folder / "J7_final_particles.cs", columns, shuffled(n, 4))
    early = columns | {"alignments_class_0/pose": np.zeros((n, 3), "<f4")}
    save(folder / "J7_class_00_00000_particles.cs", early, slice(0, 5))
    for k, data in enumerate(maps):
        write_map(folder / f"J7_class_{k:02d}_final_volume.mrc", data, pixel_size)
        write_map(folder / f"J7_class_{k:02d}_00000_volume.mrc", data * 0 + 1, pixel_size)


def ab_initio_by_class(
    folder: Path, dataset: Dataset, labels: np.ndarray, poses: Poses, maps: Sequence[np.ndarray]
) -> None:
    """Write an ab-initio job with a table for each class, which knows this class alone."""
    folder.mkdir(exist_ok=True)
    n, pixel_size = len(labels), dataset.particles.pixel_size
    for k, data in enumerate(maps):
        columns = {"uid": uids(n)} | pose_columns(f"alignments_class_{k}", poses, pixel_size)
        columns[f"alignments_class_{k}/class_posterior"] = np.ones(n, "<f4")
        rows = shuffled(n, 8)
        save(folder / f"J7_class_{k:02d}_final_particles.cs", columns, rows[labels[rows] == k])
        save(folder / f"J7_passthrough_particles_class_{k}.cs", {"uid": uids(n)} | blob_columns(dataset, "own"))
        write_map(folder / f"J7_class_{k:02d}_final_volume.mrc", data, pixel_size)
