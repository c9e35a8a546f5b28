"""The submission folder, read back and checked."""

from __future__ import annotations

from pathlib import Path

from cryobench.core import DatasetCard, FormatError, InputError, Submission
from cryobench.methods.submission_manifest import SUBMISSION, SubmissionManifest, read_submission_manifest
from cryobench.methods.submission_parts import inspect_parts


def read_submission(
    folder: Path, particles: int | None = None, dataset: DatasetCard | None = None, *, any_dataset: bool = False
) -> Submission:
    """Read a submission folder, the inverse of :func:`write_submission`; volumes are read when they are asked for.

    Arrays come back as float32 and int32, whatever precision they have on disk.

    Parameters
    ----------
    folder
        The folder that holds ``submission.json``.
    particles
        Number of particles of the dataset that it is to be scored on; without it, no number is required.
    dataset
        Card of that dataset, to check that the submission was made of it.
    any_dataset
        Whether a submission of another dataset, or another build of it, will do; the number of particles must agree.

    Raises
    ------
    FormatError
        If a file is damaged or does not hold what it should.
    InputError
        If the submission is of another dataset, or of another number of particles.
    """
    manifest = read_submission_manifest(folder)
    path = folder / SUBMISSION
    if particles is not None:
        require_same_number(manifest, particles, path)
    if dataset is not None and not any_dataset:
        require_same_dataset(manifest, dataset, path)
    parts, faults = inspect_parts(folder, manifest.particles)
    if faults:
        others = f"; {len(faults) - 1} more: cryobench submission check lists them" if len(faults) > 1 else ""
        raise FormatError(f"{faults[0]}{others}")
    return Submission(
        method=manifest.method,
        particles=manifest.particles,
        kind=manifest.kind,
        latents=parts.latents,
        labels=parts.labels,
        posteriors=parts.posteriors,
        poses=parts.poses,
        volumes=parts.volumes,
    )


def require_same_number(manifest: SubmissionManifest, particles: int, path: Path) -> None:
    """Raise unless a submission is of so many particles.

    Raises
    ------
    InputError
        Saying of how many.
    """
    if manifest.particles != particles:
        raise InputError(
            f"{path}: made of {manifest.particles:,} particles, but the dataset has {particles:,}: give the dataset "
            f"that it was made of ('{manifest.dataset}')"
        )


def require_same_dataset(manifest: SubmissionManifest, dataset: DatasetCard, path: Path) -> None:
    """Raise unless a submission was made of this build of this dataset.

    Raises
    ------
    InputError
        Naming both.
    """
    if manifest.dataset_checksum == dataset.checksum:
        return
    what = (
        f"another build of '{dataset.id}'" if manifest.dataset == dataset.id
        else f"'{manifest.dataset}', but the dataset is '{dataset.id}'"
    )  # fmt: skip
    raise InputError(
        f"{path}: made of {what} (dataset_checksum {manifest.dataset_checksum[:12]}, expected "
        f"{dataset.checksum[:12]}): give the dataset that it was made of, or allow any"
    )
