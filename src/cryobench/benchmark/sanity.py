"""Whether a submission's volumes are, as a whole, what the dataset's particles show: before anything is scored.

The mean of the volumes is compared with a backprojection of the particles with their true poses. It needs no truth of
the states. What is named: volumes that are magnified, shifted, turned, mirrored, negated, of another grey scale, or
like nothing in the images. A difference counts where it is larger than a limit, and taking it back makes the maps
agree better: a volume of low resolution, or of one state alone, is no fault.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int

from cryobench.align import FINEST_BOX, MapDifference, find_difference
from cryobench.core import FormatError, InputError, Particles, Progress, Submission, Volume, VolumeProvider, silent
from cryobench.core.maps import require_map
from cryobench.methods import FileVolumes, backproject_particles
from cryobench.metrics import fsc_curve

Fault = Literal["unlike", "magnified", "shifted", "turned", "mirrored", "negated", "grey scale"]

MOST_PARTICLES = 10_000
"""Particles of the consensus at most."""

MOST_VOLUMES = 40
"""Volumes in the mean at most."""

MAGNIFIED, SHIFTED, TURNED, GREY = 0.02, 0.7, 3.0, 10.0
"""What is named: magnifications by more than this part, shifts (voxels), turns (degrees), factors of the grey scale."""

GAIN = 0.002
"""By how much the agreement must rise at least when a difference is taken back; by more where the maps agree badly."""

UNLIKE = 5.0
"""Agreement times shells below which a map is like nothing in the images: white noise reaches 4.3 at its best place."""

_TRUSTED = 0.5
_SURE = 0.8  # agreement from which a difference of size is no doubt one
_CHANCE, _SHELLS = 0.015, 15  # what a fit gains of unrelated maps, over so many shells
_FEWEST_SHELLS = 6


@dataclass(frozen=True)
class SanityFinding:
    """One thing that is wrong with volumes as a whole.

    Parameters
    ----------
    fault
        Which.
    amount
        Measured: the factor of a magnification, a shift in voxels, a turn in degrees, the factor of the grey scale; the
        agreement where the maps are unlike; 1 for a mirror image or a negated map.
    words
        What was found and how to mend it.
    of_frame
        Whether an alignment takes it back.
    harmless
        Whether no score depends on it.
    """

    fault: Fault
    amount: float
    words: str
    of_frame: bool = False
    harmless: bool = False


@dataclass(frozen=True, eq=False)
class SanityReport:
    """What was found of the mean of a submission's volumes.

    Parameters
    ----------
    findings
        What is wrong, none where all is well.
    volumes
        Number of volumes in the mean.
    difference
        What was measured; None where nothing could be compared.
    unchecked
        Why nothing could be compared, or empty.
    """

    findings: tuple[SanityFinding, ...]
    volumes: int
    difference: MapDifference | None
    unchecked: str = ""

    def notes(self, *, aligned: bool = False) -> tuple[str, ...]:
        """Return what spoils scores, in words; what an alignment takes back is left out where there is one."""
        return tuple(each.words for each in self.findings if not each.harmless and not (aligned and each.of_frame))


@dataclass(frozen=True, eq=False)
class Consensus:
    """What ignoring heterogeneity gives of a dataset's particles.

    Parameters
    ----------
    volume
        At a box of at most 48.
    shells
        Shells in which half-maps correlate by 0.5 or more: where it can be trusted.
    """

    volume: Volume
    shells: int


@functools.lru_cache(maxsize=1)
def consensus(particles: Particles) -> Consensus:
    """Return the backprojection of a dataset's particles, of evenly spread ones where there are many; it is kept."""
    chosen = np.unique(np.linspace(0, len(particles) - 1, min(len(particles), MOST_PARTICLES)).astype(np.int64))
    box = min(particles.box, FINEST_BOX)
    if len(chosen) < 2:
        return Consensus(backproject_particles(particles, chosen, box), 0)
    first, second = (backproject_particles(particles, chosen[part::2], box) for part in (0, 1))
    volume = Volume((first.data + second.data) / 2, first.pixel_size)
    below = np.flatnonzero(fsc_curve(first, second).correlation < _TRUSTED)
    return Consensus(volume, int(below[0]) - 1 if below.size else box // 2 - 1)


def check_volumes(
    volumes: VolumeProvider,
    particles: Particles,
    kind: Literal["fixed-pose", "ab-initio"],
    having: Int[np.ndarray, " q"] | None = None,
    progress: Progress = silent,
) -> SanityReport:
    """Compare the mean of some volumes with the consensus of the particles.

    Parameters
    ----------
    volumes
        Those of a method.
    particles
        Images and true poses.
    kind
        Whether the method was given the poses, and so the frame.
    having
        The particles whose volumes there are; by default those of a submission folder, else all.
    progress
        Told of the volumes read.
    """
    if having is None:
        having = volumes.particles if isinstance(volumes, FileVolumes) else np.arange(len(particles))
    mean, count = _mean(volumes, having, particles, progress)
    if mean is None:
        return SanityReport((), 0, None, "no volume can be read on the grid of the images")
    known = consensus(particles)
    if known.shells < _FEWEST_SHELLS:
        return SanityReport((), count, None, "the particles are too few or too noisy for a consensus to compare with")
    try:
        found = find_difference(mean, known.volume, known.shells)
    except InputError as error:
        return SanityReport((), count, None, str(error))
    if found.shells < _FEWEST_SHELLS:
        reason = f"the volumes hold {found.shells} shells alone: too little to tell a fault by"
        return SanityReport((), count, found, reason)
    return SanityReport(tuple(_findings(found, kind)), count, found)


def sanity_notes(
    submission: Submission,
    particles: Particles,
    having: Int[np.ndarray, " q"] | None = None,
    *,
    aligned: bool = False,
    progress: Progress = silent,
) -> tuple[str, ...]:
    """Return in words what is wrong with a submission's volumes as a whole, nothing where it has none.

    Parameters
    ----------
    submission
        Whose volumes.
    particles
        Those of the dataset.
    having
        The particles that will be scored.
    aligned
        Whether the volumes will be aligned with the truth: what that takes back is left out.
    progress
        Told of the volumes read.
    """
    if submission.volumes is None:
        return ()
    report = check_volumes(submission.volumes, particles, submission.kind, having, progress)
    return report.notes(aligned=aligned)


def _mean(
    volumes: VolumeProvider, having: Int[np.ndarray, " q"], particles: Particles, progress: Progress
) -> tuple[Volume | None, int]:
    """Return the mean of evenly spread volumes that can be used, and their number; one is in memory at a time."""
    chosen = having[np.unique(np.linspace(0, len(having) - 1, min(len(having), MOST_VOLUMES)).astype(np.int64))]
    grid = Volume(np.zeros((particles.box,) * 3, np.float32), particles.pixel_size)
    total = np.zeros((particles.box,) * 3)
    count = 0
    advance = progress("Comparing with the consensus", len(chosen))
    for particle in chosen.tolist():
        try:
            total += require_map(volumes.at(particle), "the volume", grid, "the images")
            count += 1
        except (InputError, FormatError):  # the score of that volume says why
            pass
        advance(1)
    return (Volume((total / count).astype(np.float32), particles.pixel_size) if count else None), count


def _findings(found: MapDifference, kind: str) -> Sequence[SanityFinding]:
    if found.agreement * found.shells < UNLIKE:
        words = (
            f"unlike the dataset: the mean volume agrees with the consensus of the particles by a mean FSC of "
            f"{found.agreement:.2f} at best, at any size, place, turn and hand: check that it is of this dataset"
        )
        return [SanityFinding("unlike", found.agreement, words)]
    given = kind == "fixed-pose"
    findings = [*_of_size_and_sign(found), *_of_frame(found, given=given)]
    grey = abs(found.grey_scale)
    if not 1 / GREY < grey < GREY:
        words = f"grey scale: the density is {grey:.3g} times that of the particles; no score depends on it"
        findings.append(SanityFinding("grey scale", grey, words, harmless=True))
    return findings


def _required_gain(found: MapDifference) -> float:
    """Return the gain in agreement beyond chance.

    That has the more to say the worse the maps agree, and the fewer shells there are to tell a motion by.
    """
    return max(GAIN, _CHANCE * (1 - found.agreement**2) * (_SHELLS / max(found.shells, 1)) ** 2)


def _of_size_and_sign(found: MapDifference) -> Sequence[SanityFinding]:
    findings = []
    m = found.magnification
    if abs(np.log(m)) > MAGNIFIED and found.scale_gain > _required_gain(found):
        words = (
            f"magnified {m:.3g} x: resample the volumes by {1 / m:.3g} about the voxel D/2, or correct the pixel size "
            "that they were made with"
        )
        if found.agreement < _SURE:
            words += (
                f" (they agree with the consensus by a mean FSC of {found.agreement:.2f} at best: those of an "
                "unfinished run may look like this too, so look at one first)"
            )
        findings.append(SanityFinding("magnified", m, words))
    if found.grey_scale < 0:
        words = "negated: its density is dark where that of the particles is bright: multiply the volumes by -1"
        findings.append(SanityFinding("negated", 1.0, words))
    return findings


def _of_frame(found: MapDifference, *, given: bool) -> Sequence[SanityFinding]:
    """Return what is wrong with the frame, which a method that was given the poses should have kept."""
    turned = found.degrees > TURNED and found.turn_gain > _required_gain(found)
    distance = float(np.linalg.norm(found.shift))
    moved = distance > SHIFTED and found.shift_gain > _required_gain(found)
    findings = []
    if found.mirrored:
        mend = "flip one axis of the volumes about the voxel D/2, or score them with --align one"
        findings.append(SanityFinding("mirrored", 1.0, f"mirrored: of the other hand: {mend}", of_frame=True))
    if turned:
        mend = (
            "the method was given the poses: check the order of axes (z, y, x) and the convention of its rotations"
            if given and not found.mirrored
            else "score them with --align one"
        )
        words = f"turned by {found.degrees:.3g}°: {mend}"
        findings.append(SanityFinding("turned", found.degrees, words, of_frame=True))
    if moved:
        words = (
            f"shifted by ({_vector(found.shift)}) voxels along x, y, z: bring the origin to the voxel D/2, or score "
            "them with --align one"
        )
        findings.append(SanityFinding("shifted", distance, words, of_frame=True))
    return findings


def _vector(shift: Float64[np.ndarray, " 3"]) -> str:
    return ", ".join(f"{round(each, 2) + 0.0:g}" for each in shift.tolist())
