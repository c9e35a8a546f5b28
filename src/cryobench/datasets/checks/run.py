"""All checks of a dataset, in their order."""

from __future__ import annotations

from pathlib import Path

from cryobench.core import Dataset, FormatError, InputError, Progress, silent
from cryobench.datasets.checks.agreement import check_counts
from cryobench.datasets.checks.archive import open_published
from cryobench.datasets.checks.balance import check_balance
from cryobench.datasets.checks.built import open_built
from cryobench.datasets.checks.ctf import check_ctf
from cryobench.datasets.checks.finding import CheckReport, Finding, Kind
from cryobench.datasets.checks.images import check_images
from cryobench.datasets.checks.loose import open_loose
from cryobench.datasets.checks.poses import check_rotations, check_shifts
from cryobench.datasets.checks.subject import Opened, Subject, subject_of
from cryobench.datasets.checks.truth import check_against_truth
from cryobench.datasets.journal import is_dataset
from cryobench.datasets.manifest import MANIFEST
from cryobench.datasets.published import Release


def check_folder(folder: Path, progress: Progress = silent, seed: int = 0, images: int = 2000) -> CheckReport:
    """Check a dataset folder, a published archive, or a folder of particles without a manifest.

    Parameters
    ----------
    folder
        With ``dataset.json``; or as a published archive is laid out; or with ``particles.star``, or stacks with
        ``poses.pkl`` and ``ctf.pkl``, and what there is of labels and true volumes.
    progress
        Told of files and images looked at.
    seed
        Of the sample that is compared with the truth, and of the guesses of its states.
    images
        Size of that sample, at most.

    Raises
    ------
    FormatError
        If the folder holds nothing like a dataset. What is damaged in one is a finding instead.
    InputError
        If the sample is smaller than 2, or the seed below 0.
    """
    _require_sample(seed, images)
    if not folder.is_dir():
        raise FormatError(f"{folder}: no such folder: give the folder of a dataset, not a file of it")
    return _checked(_open(folder, progress), progress, seed, images)


def check_dataset(
    dataset: Dataset, kind: Kind, b_factor: float = 0.0, progress: Progress = silent, seed: int = 0, images: int = 2000
) -> CheckReport:
    """Check a dataset that is read already, such as a published archive: everything but its files.

    Parameters
    ----------
    dataset, kind
        What to check.
    b_factor
        B of the CTF's envelope exp(-B s^2 / 4) in its images, in Å^2.
    progress, seed, images
        As for :func:`check_folder`.

    Raises
    ------
    InputError
        If the sample is smaller than 2, or the seed below 0.
    """
    _require_sample(seed, images)
    return _checked(Opened(subject_of(dataset, kind, b_factor), ()), progress, seed, images)


def check_archive(
    folder: Path, release: Release | None = None, progress: Progress = silent, seed: int = 0, images: int = 2000
) -> CheckReport:
    """Check an unpacked published archive: everything but the checksums of its files, which it has none of.

    Parameters
    ----------
    folder
        The archive.
    release
        What it should hold; by default that of the published dataset that it is recognised as.
    progress, seed, images
        As for :func:`check_folder`.

    Raises
    ------
    InputError
        If it is no archive of a published dataset, the sample is smaller than 2, or the seed below 0.
    """
    _require_sample(seed, images)
    return _checked(open_published(folder, progress, release), progress, seed, images)


def _require_sample(seed: int, images: int) -> None:
    if seed < 0:
        raise InputError(f"the seed is {seed}: choose a whole number of at least 0")
    if images < 2:
        raise InputError(f"a sample of {images} images: choose at least 2, better 2,000")


def _open(folder: Path, progress: Progress) -> Opened:
    """Open a folder; where its manifest cannot be read, as particles."""
    if not is_dataset(folder):
        try:
            return open_loose(folder)
        except FormatError as no_particles:
            try:
                return open_published(folder, progress)
            except InputError:
                raise no_particles from None
    try:
        return open_built(folder, progress)
    except FormatError as error:
        begun = not (folder / MANIFEST).is_file()
        words = f"there is no {MANIFEST}: the build is not finished" if begun else str(error)
        advice = "give the command that made the folder again: it goes on where it stopped, or makes what is missing"
        broken = Finding(check=MANIFEST, status="fault", words=words, advice=advice)
    try:
        opened = open_loose(folder)
    except FormatError:
        opened = Opened(Subject(folder.resolve().name, "particles"), ())
    return Opened(opened.subject, (broken, *opened.findings))


def _checked(opened: Opened, progress: Progress, seed: int, images: int) -> CheckReport:
    subject = opened.subject
    findings = [*opened.findings, *check_counts(subject.rows), *_parts(subject, progress)]
    findings += check_against_truth(subject, progress, seed, images)
    return CheckReport(name=subject.name, kind=subject.kind, images=images, seed=seed, findings=tuple(findings))


def _parts(subject: Subject, progress: Progress) -> list[Finding]:
    """Return what each part shows by itself."""
    findings = []
    if subject.images is None:
        findings.append(_missing(subject, "images", "images"))
    else:
        findings += check_images(subject.images, progress)
    if subject.rotations is None or subject.shifts is None:
        findings.append(_missing(subject, "rotations", "rotations"))
    else:
        findings += check_rotations(subject.rotations)
        if subject.images is None or subject.pixel_size is None:
            findings.append(_missing(subject, "shifts", "pixel_size" if subject.images else "images"))
        else:
            findings += check_shifts(subject.shifts, subject.images.box * subject.pixel_size)
    findings += [_missing(subject, "CTF", "ctf")] if subject.ctf is None else check_ctf(subject.ctf)
    if subject.labels is None:
        findings.append(_missing(subject, "labels", "labels"))
    else:
        findings += check_balance(subject.labels, subject.states, subject.images_of_states)
    return findings


def _missing(subject: Subject, check: str, part: str) -> Finding:
    return Finding(check=check, status="not done", words=subject.absent.get(part, f"there are no {part}"))
