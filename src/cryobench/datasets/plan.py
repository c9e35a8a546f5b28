"""What a build would take, before anything is made."""

from __future__ import annotations

import collections
import functools
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from cryobench.core import OutputError
from cryobench.datasets.masks import looked_at
from cryobench.datasets.recipe import Inputs
from cryobench.datasets.spec import DatasetSpec
from cryobench.imaging import PILOT, ImageFormation, Projector

T = TypeVar("T")

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
    spec = inputs.spec
    noise, box = spec.imaging.noise, spec.imaging.box
    formation = ImageFormation.draw(spec.imaging, spec.seed, spec.labels(), inputs.pose_table, inputs.ctf_table)
    starts = np.concatenate(([0], np.cumsum(spec.images)))
    alone = noise.snr is not None and noise.scope == "state"
    together = noise.snr is not None and noise.scope == "dataset"
    spent: dict[str, list[float]] = {part: [] for part in ("volume", "pilot grid", "clean", "grid", "image")}

    def timed(part: str, count: int, make: Callable[[], T]) -> T:
        start = time.perf_counter()
        made = make()
        spent[part].append((time.perf_counter() - start) / count)
        return made

    # The first state of all warms up what is compiled or read once.
    for state in (0, *dict.fromkeys(np.linspace(0, len(spec.images) - 1, _PROBED_STATES + 1).astype(int)[1:].tolist())):
        some = np.arange(starts[state], starts[state + 1])[:_PROBED_IMAGES]
        volume = timed("volume", 1, functools.partial(inputs.ensemble.volume, state))
        projector = timed("pilot grid", 1, functools.partial(Projector, volume, box))
        timed("clean", len(some), functools.partial(formation.moments, projector, some))
        if not alone:
            projector = timed("grid", 1, functools.partial(Projector, volume, spec.box))
        images = formation.images(projector, some, 1.0)
        timed("image", len(some), functools.partial(collections.deque, images, 0))
    each = {part: float(np.mean(times[1:] or times)) for part, times in spent.items() if times}
    states = len(spec.images)
    pilot = min(spec.particles, PILOT["dataset"]) if together else sum(min(n, PILOT["state"]) for n in spec.images)
    seconds = states * (each["volume"] + each["pilot grid" if alone else "grid"]) + spec.particles * each["image"]
    seconds += pilot * each["clean"] if noise.snr is not None else 0.0
    seconds += min(states, pilot) * (each["volume"] + each["pilot grid"]) if together else 0.0
    seconds += 2 * looked_at(spec) * each["volume"] if spec.truth == "rendered" else 0.0
    return Plan(disk_size(spec), seconds, _peak_memory())


def _peak_memory() -> int:
    """Return the most memory that this process has held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
