"""A sample of a dataset against its truth: whether it fits, and whether its states can be told trivially."""

from __future__ import annotations

import numpy as np

from cryobench.core import CryobenchError, Progress
from cryobench.datasets.checks.comparison import Comparison, Material, compare
from cryobench.datasets.checks.finding import Finding
from cryobench.datasets.checks.fit import BELONGS, check_fits, check_sign, trusted
from cryobench.datasets.checks.guessing import LEAST
from cryobench.datasets.checks.leaks import (
    LEAKS,
    check_background_leak,
    check_ctf_leak,
    check_noise_leak,
    check_order,
    check_statistics_leak,
    gather_statistics,
    worth_a_guess,
)
from cryobench.datasets.checks.sample import Sample, draw_sample
from cryobench.datasets.checks.subject import Subject

_FITS = ("sign", "conventions", *BELONGS.values())


def check_against_truth(subject: Subject, progress: Progress, seed: int, images: int) -> list[Finding]:
    """Return whether a sample fits its truth, and whether its states can be told without looking at the particle.

    Parameters
    ----------
    subject
        The dataset.
    progress
        Told of images compared.
    seed, images
        Of the sample, and its size at most.
    """
    why = subject.why_not("images", "labels") or _stray_labels(subject)
    if why or subject.images is None or subject.labels is None:
        return _not_done((*_FITS, *LEAKS), why)
    sample = draw_sample(subject.labels, images, LEAST, seed)
    statistics, background = gather_statistics(subject.images, sample)
    sound = np.isfinite(statistics).all(axis=1)
    sample, statistics, background = sample.only(sound), statistics[sound], background[sound]
    if len(sample) < 2:
        why = "fewer than two images hold finite values alone"
        return _not_done((*_FITS, *LEAKS), why)
    findings, comparison = _fits(subject, sample, progress)
    if not worth_a_guess(sample):
        most = int(np.unique(sample.labels, return_counts=True)[1].max())
        why = f"a guess needs two states of {LEAST} images; of {len(sample.chosen)} looked at, the largest has {most}"
        return findings + _not_done(LEAKS, why)
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


def _stray_labels(subject: Subject) -> str:
    """Return that labels are not those of states, or nothing."""
    labels, states = subject.labels, subject.states
    stray = labels is not None and (labels.min() < 0 or (states is not None and labels.max() >= states))
    return "labels are not those of the states" if stray else ""
