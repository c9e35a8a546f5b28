"""What is needed of cryoDRGN's output to go on with a run, and to make its volumes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from cryobench.core import FormatError, MethodCard, Particles, Poses, Submission
from cryobench.io import read_array_pickles
from cryobench.methods.made_volumes import Decoder
from cryobench.methods.running.base import Native

_LATENTS = re.compile(r"z\.([0-9]{1,9})\.pkl")


def finished_epochs(folder: Path, *, poses: bool = False) -> list[int]:
    """Return the epochs of which everything is on disk, ascending.

    Weights, latents and poses of an epoch are written one after the other, so that what was interrupted lacks one of
    them, or holds one that cannot be read.
    """
    found = []
    for path in folder.glob("z.*.pkl") if folder.is_dir() else ():
        match = _LATENTS.fullmatch(path.name)
        if match is None:
            continue
        others = [folder / f"weights.{match[1]}.pkl", *([folder / f"pose.{match[1]}.pkl"] if poses else [])]
        if all(other.is_file() and other.stat().st_size for other in others) and _readable(path):
            found.append(int(match[1]))
    return sorted(found)


def _readable(path: Path) -> bool:
    try:
        read_array_pickles(path)
    except FormatError:
        return False
    return True


def read_output(
    folder: Path, particles: Particles, card: MethodCard, command: tuple[str, ...], *, ab_initio: bool
) -> Native:
    """Read the last epoch of a run.

    Raises
    ------
    FormatError
        If there is none, or it does not have a row for each particle.
    """
    epochs = finished_epochs(folder, poses=ab_initio)
    if not epochs:
        raise FormatError(f"{folder}: no finished epoch there: expected z.N.pkl and weights.N.pkl")
    epoch = epochs[-1]
    latents = _latents(folder / f"z.{epoch}.pkl", len(particles))
    poses = _poses(folder / f"pose.{epoch}.pkl", particles) if ab_initio else None
    submission = Submission(
        method=card,
        particles=len(particles),
        kind="ab-initio" if ab_initio else "fixed-pose",
        latents=latents,
        poses=poses,
    )
    weights, config = folder / f"weights.{epoch}.pkl", folder / "config.yaml"
    return Native(submission, Decoder(command, weights, config, particles.pixel_size), (weights, config))


def _latents(path: Path, n: int) -> Float32[np.ndarray, "N d"]:
    latents = read_array_pickles(path)[0]
    if not isinstance(latents, np.ndarray) or latents.ndim != 2 or len(latents) != n or latents.dtype.kind != "f":
        shape = getattr(latents, "shape", type(latents).__name__)
        raise FormatError(f"{path}: {shape}: expected latents, ({n}, d), a row for each particle")
    return np.ascontiguousarray(latents, dtype=np.float32)


def _poses(path: Path, particles: Particles) -> Poses:
    """Read the poses of ``cryodrgn abinit``: rotations, and shifts in pixels, which it does not divide by the box."""
    content = read_array_pickles(path)[0]
    rotations, shifts = content if isinstance(content, tuple) and len(content) == 2 else (content, None)
    n = len(particles)
    if getattr(rotations, "shape", None) != (n, 3, 3) or (shifts is not None and shifts.shape != (n, 2)):
        raise FormatError(f"{path}: expected rotations ({n}, 3, 3) and shifts ({n}, 2)")
    moved = np.zeros((n, 2)) if shifts is None else shifts * particles.pixel_size
    return Poses(np.asarray(rotations, dtype=np.float32), np.asarray(moved, dtype=np.float32))
