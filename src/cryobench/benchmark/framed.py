"""Volumes of a method, brought to the frame of the truth."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from cryobench.benchmark.settings import ScoreSettings
from cryobench.benchmark.volumes import Gauge, common_frame, in_frame
from cryobench.core import InputError, Progress, Submission, Truth, Volume, VolumeProvider

_FRAME_VOLUMES = 20


class FramedVolumes:
    """The volumes of a method after one transform, or each after its own.

    Parameters
    ----------
    volumes
        As the method gives them.
    truth
        True volumes.
    gauge
        What is done to each.
    """

    def __init__(self, volumes: VolumeProvider, truth: Truth, gauge: Gauge) -> None:
        self._volumes, self._truth, self._gauge = volumes, truth, gauge

    def at(self, particle: int) -> Volume:
        """Return the volume at a particle, in the frame of the truth.

        Raises
        ------
        InputError
            If it is empty, constant, not finite or on another grid.
        """
        volume = self._volumes.at(particle)
        if self._gauge is None:
            return volume
        true = self._truth.volumes[int(self._truth.labels[particle])]
        return in_frame(volume, true, self._gauge, f"the volume of particle {particle}")


def gauge_of(
    submission: Submission,
    particles: Int[np.ndarray, " q"],
    truth: Truth,
    settings: ScoreSettings,
    progress: Progress,
) -> tuple[Gauge, str]:
    """Return what is done to a submission's volumes, and a note where something is.

    Raises
    ------
    InputError
        If a common frame is wanted, and none of the volumes can be used to find it.
    """
    assert submission.volumes is not None
    align = settings.align
    if align == "auto":
        align = "one" if submission.kind == "ab-initio" else "none"
    if align == "none":
        return None, ""
    if align == "each":
        return "each", "each volume was aligned with its own true one"
    try:
        found = common_frame(submission.volumes, particles, truth, _FRAME_VOLUMES, progress)
    except InputError as error:
        raise InputError(f"method '{submission.method.name}': {error}") from error
    return found, "all volumes were brought to the truth by one transform"
