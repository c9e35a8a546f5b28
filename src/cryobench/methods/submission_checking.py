"""A submission folder looked at as a whole: everything that is wrong, and everything that is odd."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cryobench.core import DatasetCard, FormatError, InputError, Progress, Submission, silent
from cryobench.core.maps import alike, is_constant
from cryobench.io import read_volume, sha256
from cryobench.methods.file_volumes import FileVolumes
from cryobench.methods.submission_folder import ARRAYS, VOLUMES_INDEX
from cryobench.methods.submission_manifest import SUBMISSION, SubmissionManifest, inspect_manifest
from cryobench.methods.submission_parts import Parts, inspect_parts
from cryobench.methods.submission_reading import require_same_dataset, require_same_number

_NAMED = 5


@dataclass(frozen=True)
class Expected:
    """The dataset that a submission is meant for.

    Parameters
    ----------
    card
        Which one.
    particles
        Number of its particles.
    box, pixel_size
        Grid of its maps, in voxels and Å.
    """

    card: DatasetCard
    particles: int
    box: int
    pixel_size: float


@dataclass(frozen=True, eq=False)
class SubmissionReport:
    """What was found in a submission folder.

    Parameters
    ----------
    manifest
        What ``submission.json`` says, None where it is wrong.
    parts
        Arrays and volumes that are right.
    errors
        What keeps it from being scored, each with file, row, what was expected and how to mend it.
    warnings
        What is odd.
    """

    manifest: SubmissionManifest | None
    parts: Parts | None
    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def check_submission(
    folder: Path, expected: Expected | None = None, *, any_dataset: bool = False, progress: Progress = silent
) -> SubmissionReport:
    """Check a submission folder; nothing raises, everything is listed.

    Parameters
    ----------
    folder
        The folder that holds ``submission.json``.
    expected
        The dataset, without which only what the folder says of itself is checked.
    any_dataset
        Whether a submission of another dataset, or another build of it, will do.
    progress
        Told of the volumes read.
    """
    manifest, faults = inspect_manifest(folder)
    errors = list(faults)
    if not folder.is_dir():
        return SubmissionReport(None, None, tuple(errors), ())
    if manifest is not None and expected is not None:
        errors += _of_another(manifest, expected, folder / SUBMISSION, any_dataset=any_dataset)
    known = expected or manifest
    parts = None
    if known is not None:
        parts, faults = inspect_parts(folder, known.particles)
        errors += faults
    if parts is not None and parts.volumes is not None:
        errors += _volume_faults(parts.volumes, expected, progress)
    return SubmissionReport(manifest, parts, tuple(errors), tuple(_odd(folder, manifest, parts)))


def belonging_files(folder: Path, volumes: FileVolumes | None) -> dict[str, Path]:
    """Return the files of a submission folder that belong to it, by their names within it."""
    found = {name: folder / name for name in (SUBMISSION, *ARRAYS, VOLUMES_INDEX) if (folder / name).is_file()}
    for path in () if volumes is None else volumes.files:
        found[path.relative_to(folder).as_posix()] = path
    return found


def submission_checksum(folder: Path, submission: Submission) -> str:
    """Return the SHA-256 over the names and contents of the files that belong to a submission, and no others."""
    whole = hashlib.sha256()
    volumes = submission.volumes if isinstance(submission.volumes, FileVolumes) else None
    for name, path in sorted(belonging_files(folder, volumes).items()):
        whole.update(f"{name}\0{sha256(path)}\n".encode())
    return whole.hexdigest()


def _of_another(manifest: SubmissionManifest, expected: Expected, path: Path, *, any_dataset: bool) -> list[str]:
    faults = []
    try:
        require_same_number(manifest, expected.particles, path)
    except InputError as error:
        faults.append(str(error))
    try:
        if not any_dataset:
            require_same_dataset(manifest, expected.card, path)
    except InputError as error:
        faults.append(str(error))
    return faults


def _volume_faults(volumes: FileVolumes, expected: Expected | None, progress: Progress) -> list[str]:
    """Return what is wrong with the maps; one is in memory at a time."""
    faults = []
    first: tuple[Path, int, float] | None = None
    advance = progress("Reading volumes", len(volumes.files))
    for path in volumes.files:
        try:
            volume = read_volume(path)
            grid = (volume.box, volume.pixel_size)
            if expected is not None:
                _require_grid(path, grid, (expected.box, expected.pixel_size), "the dataset")
            elif first is not None:
                _require_grid(path, grid, first[1:], first[0].name)
            first = first or (path, *grid)
            _require_density(path, volume.data)
        except FormatError as error:
            faults.append(str(error))
        advance(1)
    return faults


def _require_grid(path: Path, grid: tuple[int, float], wanted: tuple[int, float], whose: str) -> None:
    if grid[0] != wanted[0]:
        raise FormatError(
            f"{path}: a box of {grid[0]} voxels, but {whose} has {wanted[0]}: resample it onto that grid; pad or crop "
            "in Fourier space where the pixel size differs too"
        )
    if not alike(grid[1], wanted[1]):
        raise FormatError(
            f"{path}: a pixel size of {grid[1]:g} Å, but {whose} has {wanted[1]:g} Å: correct the header, or resample "
            "the map where it is true"
        )


def _require_density(path: Path, data: np.ndarray) -> None:
    bad = np.argwhere(~np.isfinite(data))
    if len(bad):
        raise FormatError(
            f"{path}: {len(bad):,} voxels are not finite, the first at z, y, x = {tuple(map(int, bad[0]))}: expected "
            "numbers"
        )
    if is_constant(data):
        raise FormatError(f"{path}: is {data.flat[0]:g} everywhere: expected density")


def _odd(folder: Path, manifest: SubmissionManifest | None, parts: Parts | None) -> list[str]:
    found = []
    if manifest is not None and not manifest.method.summary.strip():
        found.append(f"{folder / SUBMISSION}: field 'method.summary' is empty: say in a sentence what the method is")
    volumes = None if parts is None else parts.volumes
    if parts is not None and (volumes is not None or not (folder / VOLUMES_INDEX).exists()):
        own = set(belonging_files(folder, volumes).values())
        others = sorted(path for path in folder.rglob("*") if path.is_file() and path not in own)
        if others:
            some = ", ".join(str(path.relative_to(folder)) for path in others[:_NAMED])
            more = f" and {len(others) - _NAMED:,} more" if len(others) > _NAMED else ""
            found.append(f"{folder}: not read: {some}{more}: correct the name if it should be, else delete it")
    if parts is not None and parts.latents is not None and (parts.latents == parts.latents[0]).all():
        found.append(f"{folder / 'latents.npy'}: all rows are the same: such latents tell no particle from another")
    if parts is not None and parts.labels is not None and parts.posteriors is not None:
        found += _disagreeing(folder, parts.labels, parts.posteriors)
    return found


def _disagreeing(folder: Path, labels: np.ndarray, posteriors: np.ndarray) -> list[str]:
    """Return a warning where labels are columns of posteriors, but not the most probable ones."""
    if labels.min() < 0 or labels.max() >= posteriors.shape[1]:
        return []
    chosen = posteriors[np.arange(len(labels)), labels]
    rows = np.flatnonzero(chosen < posteriors.max(axis=1) - 1e-6)
    if not rows.size:
        return []
    return [
        f"{folder / 'labels.npy'}: row {rows[0]} is {labels[rows[0]]}, but posteriors.npy has its largest value in "
        f"column {posteriors[rows[0]].argmax()} ({len(rows):,} such rows): classes are scored by labels.npy"
    ]
