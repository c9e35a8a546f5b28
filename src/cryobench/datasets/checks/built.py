"""Opening a dataset folder: one that was built, or one that points at a published archive."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

from cryobench.core import FormatError, Progress, VolumeSource
from cryobench.datasets.checks.agreement import check_geometry, check_stacks, check_tables
from cryobench.datasets.checks.archive import check_archive_files
from cryobench.datasets.checks.files import check_checksums
from cryobench.datasets.checks.raw import Attempts, read_labels, read_raw_ctf, read_raw_poses
from cryobench.datasets.checks.subject import Opened, Subject
from cryobench.datasets.links import LINKS, read_links
from cryobench.datasets.manifest import read_manifest, volume_name
from cryobench.datasets.reading import NoVolumes, ReadVolumes, load_dataset
from cryobench.datasets.spec import DatasetSpec, ImportedSpec
from cryobench.io import StackImages, inside, read_array, read_cs, read_particle_table, read_text

_ADVICE = "bring the file back from a copy, or make the dataset again"

_TABLES: dict[str, Callable[[Path], int]] = {
    "particles.star": lambda path: read_particle_table(path, "rlnImageName").rows,
    "particles.cs": lambda path: len(read_cs(path)),
    "truth/latents.npy": lambda path: len(read_array(path)),
    "truth/contrasts.npy": lambda path: len(read_array(path)),
    "truth/states.csv": lambda path: sum(_images_of_states(path)),
}
"""Files that have a row for each particle, and how they are counted."""


def open_built(folder: Path, progress: Progress) -> Opened:
    """Open a folder with ``dataset.json``; each part that is missing or damaged is a finding.

    Raises
    ------
    FormatError
        If ``dataset.json`` itself cannot be read.
    """
    manifest = read_manifest(folder)
    spec = manifest.spec
    findings = check_checksums(folder, manifest.files, progress)
    if isinstance(spec, ImportedSpec):
        findings += check_archive_files(folder, spec, progress)
    attempts = Attempts(_ADVICE)
    images = attempts.read("stacks", "images", lambda: _images(folder, spec))
    extent = spec.box * spec.pixel_size
    poses = attempts.read("poses.pkl", "rotations", lambda: read_raw_poses(folder / "poses.pkl", extent))
    ctf = attempts.read("ctf.pkl", "ctf", lambda: read_raw_ctf(folder / "ctf.pkl"))
    labels = attempts.read("truth/labels.npy", "labels", lambda: read_labels(folder / "truth/labels.npy"))
    volumes = attempts.read("true volumes", "volumes", lambda: _volumes(folder, spec))
    rows = {"dataset.json": spec.particles}
    parts = {"images": images, "poses": poses and poses.rotations, "CTF rows": ctf and ctf.table, "labels": labels}
    rows |= {name: len(part) for name, part in parts.items() if part is not None}
    for name, count in _TABLES.items():
        if name in manifest.files:
            found = attempts.read(name, name, lambda name=name, count=count: count(folder / name))  # type: ignore[misc]
            rows |= {} if found is None else {name: found}
    findings += attempts.findings
    if images is not None:
        headers = isinstance(spec, DatasetSpec)  # those of published stacks are known to be wrong
        findings += check_stacks(images, spec.stack_counts, spec.box, spec.pixel_size if headers else None)
    if ctf is not None:
        findings += check_geometry(ctf, spec.box, spec.pixel_size)
    if "particles.star" in rows:
        findings += check_tables(folder / "particles.star", poses, ctf, spec.box, spec.pixel_size)
    subject = Subject(
        name=manifest.id,
        kind="dataset" if isinstance(spec, DatasetSpec) else "imported",
        images=images,
        rotations=None if poses is None else poses.rotations,
        shifts=None if poses is None else poses.shifts,
        ctf=None if ctf is None else ctf.table,
        labels=labels,
        volumes=volumes,
        images_of_states=spec.images,
        pixel_size=spec.pixel_size,
        sign=spec.sign,
        b_factor=spec.imaging.b_factor if isinstance(spec, DatasetSpec) else 0.0,
        rows=rows,
        absent={"volumes": "the dataset has no true volumes"} | attempts.absent,
    )
    return Opened(subject, tuple(findings))


def _images(folder: Path, spec: DatasetSpec | ImportedSpec) -> StackImages:
    listing = folder / "particles.txt"
    root = folder
    if isinstance(spec, ImportedSpec):
        archive = read_links(folder).archive
        if archive is None or not archive.is_dir():
            raise FormatError(f"{folder / LINKS}: the archive is not at {archive}: put it back there")
        root = archive
    return StackImages([inside(root, name, str(listing)) for name in read_text(listing).split("\n") if name])


def _volumes(folder: Path, spec: DatasetSpec | ImportedSpec) -> VolumeSource | None:
    """Return the true volumes; where they are not files of the folder, as the dataset is read."""
    if isinstance(spec, DatasetSpec) and spec.truth == "files":
        return ReadVolumes([folder / volume_name(state) for state in range(len(spec.images))])
    found = load_dataset(folder).truth.volumes
    return None if isinstance(found, NoVolumes) else found


def _images_of_states(path: Path) -> list[int]:
    try:
        return [int(row["images"]) for row in csv.DictReader(io.StringIO(read_text(path)))]
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise FormatError(f"{path}: not a table of states ({error})") from error
