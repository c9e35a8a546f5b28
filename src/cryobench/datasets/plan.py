"""What a build would take, before anything is made."""

from __future__ import annotations

import resource
import shutil
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cryobench.core import OutputError
from cryobench.datasets.recipe import Inputs
from cryobench.datasets.spec import DatasetSpec
from cryobench.imaging import ImageFormation, Projector, downsample_volume

_PROBED_STATES = 2
_PROBED_IMAGES = 128
_BYTES_OF_ROWS = 600  # of a particle in the tables


class Plan(NamedTuple):
    """Bytes on disk, wall time in seconds, and the most memory in bytes that a build takes."""

    disk: int
    seconds: float
    memory: int


def disk_size(spec: DatasetSpec) -> int:
    """Return about how many bytes a dataset takes on disk: its images, true volumes, masks and tables."""
    maps = 2 + (len(spec.images) if spec.truth == "files" else 0)
    return 4 * (spec.particles * spec.box**2 + maps * spec.box**3) + _BYTES_OF_ROWS * spec.particles


def require_space(spec: DatasetSpec, folder: Path) -> None:
    """Raise unless a dataset fits on the disk of its folder.

    Raises
    ------
    OutputError
        Saying how much is free and how much is needed.
    """
    there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    needed, free = disk_size(spec), shutil.disk_usage(there).free
    if needed > free:
        raise OutputError(
            f"{folder}: the dataset takes about {needed / 1e9:.1f} GB, but {free / 1e9:.1f} GB are free there: choose "
            "another disk, or fewer or smaller images"
        )


def plan_build(inputs: Inputs) -> Plan:
    """Return what a build of these inputs would take on this machine.

    The size follows from the numbers of images and states. Time and memory are measured: the volumes of two states and
    at most 128 images of each are made, and thrown away; the time is scaled to all of them. What is written to a slow
    disk takes longer.
    """
    spec, box = inputs.spec, inputs.spec.box
    formation = ImageFormation.draw(spec.imaging, spec.seed, spec.labels(), inputs.pose_table, inputs.ctf_table)
    starts = np.concatenate(([0], np.cumsum(spec.images)))
    # The first state of all warms up what is compiled or read once.
    probed = [0, *dict.fromkeys(np.linspace(0, len(spec.images) - 1, _PROBED_STATES + 1).astype(int)[1:].tolist())]
    states, images, made = [], [], 0
    for state in probed:
        start = time.perf_counter()
        volume = inputs.ensemble.volume(state)
        if spec.truth == "files":
            downsample_volume(volume, box)
        projector = Projector(volume, spec.imaging.box if spec.imaging.noise.scope == "state" else box)
        middle = time.perf_counter()
        some = np.arange(starts[state], starts[state + 1])[:_PROBED_IMAGES]
        for _ in formation.images(projector, some, 1.0):
            pass
        states.append(middle - start)
        images.append(time.perf_counter() - middle)
        made = len(some)
    each_state = float(np.mean(states[1:] or states))
    each_image = float(np.mean(images[1:] or images)) / made
    # The noise level takes clean images of its own, the dataset's one also each volume once more.
    noise = spec.imaging.noise
    passes = 1 if noise.snr is None or noise.scope == "state" else 2
    pilot = 0 if noise.snr is None else sum(min(n, 256) for n in spec.images) if passes == 1 else 4096
    seconds = passes * len(spec.images) * each_state + (spec.particles + min(pilot, spec.particles)) * each_image
    return Plan(disk_size(spec), seconds, _peak_memory())


def _peak_memory() -> int:
    """Return the most memory that this process has held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
