"""All checks of a dataset, in their order."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cryobench.core import CryobenchError, Dataset, FormatError, InputError, Progress, silent
from cryobench.datasets.checks.agreement import check_counts
from cryobench.datasets.checks.balance import check_balance
from cryobench.datasets.checks.built import open_built
from cryobench.datasets.checks.comparison import Comparison, Material, compare
from cryobench.datasets.checks.ctf import check_ctf
from cryobench.datasets.checks.finding import CheckReport, Finding, Kind
from cryobench.datasets.checks.fit import BELONGS, check_fits, check_sign, trusted
from cryobench.datasets.checks.guessing import LEAST
from cryobench.datasets.checks.images import check_images
from cryobench.datasets.checks.leaks import (
    check_background_leak,
    check_ctf_leak,
    check_noise_leak,
    check_order,
    check_statistics_leak,
    gather_statistics,
    leaks_not_done,
    worth_a_guess,
)
from cryobench.datasets.checks.loose import open_loose
from cryobench.datasets.checks.poses import check_rotations, check_shifts
from cryobench.datasets.checks.sample import Sample, draw_sample
from cryobench.datasets.checks.subject import Opened, Subject, subject_of
from cryobench.datasets.journal import is_dataset
from cryobench.datasets.manifest import MANIFEST

_FITS = ("sign", "conventions", *BELONGS.values())


def check_folder(folder: Path, progress: Progress = silent, seed: int = 0, images: int = 2000) -> CheckReport:
    """Check a dataset folder, or a folder of particles without a manifest.

    Parameters
    ----------
    folder
        With ``dataset.json``; or with ``particles.star``, or stacks with ``poses.pkl`` and ``ctf.pkl``, and what there
        is of labels and true volumes.
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


def _require_sample(seed: int, images: int) -> None:
    if seed < 0:
        raise InputError(f"the seed is {seed}: choose a whole number of at least 0")
    if images < 2:
        raise InputError(f"a sample of {images} images: choose at least 2, better 2,000")


def _open(folder: Path, progress: Progress) -> Opened:
    """Open a folder; where its manifest cannot be read, as particles."""
    if not is_dataset(folder):
        return open_loose(folder)
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
    why = subject.why_not("images", "labels") or _stray_labels(subject)
    if why:
        findings += _not_done(_FITS, why) + leaks_not_done(why)
    else:
        findings += _against_the_truth(subject, progress, seed, images)
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
        if subject.images is not None and subject.pixel_size is not None:
            findings += check_shifts(subject.shifts, subject.images.box * subject.pixel_size)
    findings += [_missing(subject, "CTF", "ctf")] if subject.ctf is None else check_ctf(subject.ctf)
    if subject.labels is None:
        findings.append(_missing(subject, "labels", "labels"))
    else:
        findings += check_balance(subject.labels, subject.states, subject.images_of_states)
    return findings


def _stray_labels(subject: Subject) -> str:
    """Return that labels are not those of states, or nothing."""
    labels, states = subject.labels, subject.states
    stray = labels is not None and (labels.min() < 0 or (states is not None and labels.max() >= states))
    return "labels are not those of the states" if stray else ""


def _missing(subject: Subject, check: str, part: str) -> Finding:
    return Finding(check=check, status="not done", words=subject.absent.get(part, f"there are no {part}"))


def _against_the_truth(subject: Subject, progress: Progress, seed: int, images: int) -> list[Finding]:
    """Return whether a sample fits its truth, and whether its states can be told without looking at the particle."""
    assert subject.images is not None
    assert subject.labels is not None
    sample = draw_sample(subject.labels, images, LEAST, seed)
    statistics, background = gather_statistics(subject.images, sample)
    sound = np.isfinite(statistics).all(axis=1)
    sample, statistics, background = sample.only(sound), statistics[sound], background[sound]
    if len(sample) < 2:
        why = "fewer than two images hold finite values alone"
        return _not_done(_FITS, why) + leaks_not_done(why)
    findings, comparison = _fits(subject, sample, progress)
    if not worth_a_guess(sample):
        most = int(np.bincount(sample.labels).max())
        why = f"a guess needs two states of {LEAST} images; of {len(sample.chosen)} looked at, the largest has {most}"
        return findings + leaks_not_done(why)
    advance = progress("Guessing states without looking at the particle", 4)
    if comparison is None:
        findings.append(check_background_leak(background, sample, seed))
    else:
        findings.append(check_noise_leak(comparison, statistics[:, 0], sample, seed))
    advance(1)
    findings.append(check_statistics_leak(statistics, comparison, sample, seed))
    advance(1)
    ctf = subject.ctf_parameters()
    if ctf is None:
        findings += _not_done(("leak: CTF",), subject.absent.get("ctf", "the CTF parameters are not valid"))
    else:
        findings.append(check_ctf_leak(ctf.table[sample.indices].astype(np.float64), sample, seed))
    advance(1)
    findings.append(check_order(sample, seed))
    advance(1)
    return findings


def _fits(subject: Subject, sample: Sample, progress: Progress) -> tuple[list[Finding], Comparison | None]:
    """Return whether a sample fits its truth, and the comparison if it does."""
    material, why = _material(subject)
    if material is None:
        return _not_done(_FITS, why), None
    try:
        comparison = compare(material, sample, progress)
    except CryobenchError as error:
        advice = "bring the true volumes that the images were made from"
        broken = Finding(check="true volumes", status="fault", words=str(error), advice=advice)
        return [broken, *_not_done(_FITS, "the true volumes cannot be used")], None
    findings = [check_sign(comparison, subject.sign, sample.words()), *check_fits(comparison)]
    return findings, comparison if trusted(comparison, findings) else None


def _material(subject: Subject) -> tuple[Material | None, str]:
    """Return what a comparison needs, or why it cannot be had."""
    why = subject.why_not("images", "rotations", "ctf", "volumes", "pixel_size")
    poses, ctf = subject.poses(), subject.ctf_parameters()
    if why or subject.images is None or subject.volumes is None or subject.pixel_size is None:
        return None, why
    if poses is None:
        return None, "rotations or shifts are not valid"
    if ctf is None:
        return None, "the CTF parameters are not valid"
    material = Material(subject.images, poses, ctf, subject.volumes, subject.pixel_size, subject.sign, subject.b_factor)
    return material, ""


def _not_done(checks: tuple[str, ...], why: str) -> list[Finding]:
    return [Finding(check=name, status="not done", words=why) for name in checks]
