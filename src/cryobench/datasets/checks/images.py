"""Pixels: finite, not constant, no image twice."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int64

from cryobench.core import ImageSource, Progress
from cryobench.datasets.checks.finding import Finding

MOST_PIXELS = 2**29
_CHUNK = 2**22


class BadImages(NamedTuple):
    """Which images hold a value that is not finite, which are constant, and which are the same as an earlier one."""

    not_finite: list[int]
    constant: list[int]
    repeated: list[tuple[int, int]]


def check_images(images: ImageSource, progress: Progress) -> list[Finding]:
    """Return what is wrong with the pixels: of all images where they are few, else of an even sample."""
    looked_at = chosen_images(len(images), images.box)
    advance = progress("Looking at images", len(looked_at))
    bad = BadImages([], [], [])
    seen: dict[bytes, int] = {}
    step = max(1, _CHUNK // images.box**2)
    for start in range(0, len(looked_at), step):
        indices = looked_at[start : start + step]
        find_bad_images(images.read(indices), indices, bad, seen)
        advance(len(indices))
    count = f"{len(looked_at):,} of {len(images):,} images, evenly spread" if len(looked_at) < len(images) else ""
    return _findings(bad, count or f"all {len(images):,} images")


def chosen_images(count: int, box: int) -> Int64[np.ndarray, " n"]:
    """Return which images are looked at: all, or as many, evenly spread, as hold 2^29 pixels."""
    n = min(count, max(1, MOST_PIXELS // box**2))
    return np.arange(n, dtype=np.int64) * count // n


def find_bad_images(
    images: Float32[np.ndarray, "n D D"], indices: Int64[np.ndarray, " n"], bad: BadImages, seen: dict[bytes, int]
) -> None:
    """Add what is wrong with some images to ``bad``; ``seen`` holds the digest of each image so far."""
    flat = images.reshape(len(images), -1)
    lowest, highest = flat.min(axis=1), flat.max(axis=1)
    for row, index in enumerate(indices.tolist()):
        if not (np.isfinite(lowest[row]) and np.isfinite(highest[row])):
            bad.not_finite.append(index)
        elif lowest[row] == highest[row]:
            bad.constant.append(index)
        else:
            digest = hashlib.blake2b(flat[row].tobytes(), digest_size=16).digest()
            first = seen.setdefault(digest, index)
            if first != index:
                bad.repeated.append((first, index))


def _findings(bad: BadImages, looked_at: str) -> list[Finding]:
    findings = []
    if bad.not_finite:
        words = (
            f"{len(bad.not_finite):,} hold a value that is not finite, first image {bad.not_finite[0]} ({looked_at})"
        )
        advice = "make these images again: one such value spreads to every sum it enters"
        findings.append(Finding(check="images", status="fault", words=words, advice=advice))
    if bad.constant:
        words = f"{len(bad.constant):,} are constant, first image {bad.constant[0]} ({looked_at})"
        advice = "make these images again, or leave their particles out of every file"
        findings.append(Finding(check="images", status="fault", words=words, advice=advice))
    if bad.repeated:
        first, second = bad.repeated[0]
        words = f"{len(bad.repeated):,} repeat an earlier one, first image {second}, as {first} ({looked_at})"
        advice = "leave the copies out: a method may meet the same noise twice"
        findings.append(Finding(check="images", status="warning", words=words, advice=advice))
    if not findings:
        words = f"finite, none constant, none twice ({looked_at})"
        findings.append(Finding(check="images", status="ok", words=words))
    return findings
