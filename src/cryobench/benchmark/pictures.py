"""Pictures of particles and volumes for the report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cryobench.core import Dataset, Picture, Submission, Truth, Volume
from cryobench.datasets import example_particles
from cryobench.metrics import representatives

_AXES = {0: "z", 1: "y", 2: "x"}


def particle_pictures(dataset: Dataset, count: int = 4) -> list[Picture]:
    """Return a few particles: without noise, with the CTF, and as stored."""
    pictures = []
    for example in example_particles(dataset, count):
        column = f"particle {example.index}: {dataset.truth.states[example.state].name}"
        steps = {"projection": example.clean, "with CTF": example.with_ctf, "with noise, as stored": example.stored}
        for row, pixels in steps.items():
            view = "projection along the line of sight, the particle shown bright"
            pictures.append(Picture("particles", row, column, pixels, dataset.particles.pixel_size, view))
    return pictures


def volume_pictures(dataset: Dataset, submissions: Sequence[Submission], count: int = 7) -> list[Picture]:
    """Return projections of true and recovered volumes of a few states, along the axis that shows most of them."""
    truth = dataset.truth
    states = (
        np.arange(count) * len(truth.states) // count if len(truth.states) > count else np.arange(len(truth.states))
    )
    axis, extent = _broadest_axis(truth.volumes[0]), _extent(truth)
    pictures = [_projection("truth", truth.states[s].name, truth.volumes[int(s)], axis, extent) for s in states]
    for submission in submissions:
        if submission.volumes is None:
            continue
        chosen = representatives(truth.labels, len(truth.states), submission.latents)
        for state in states:
            volume = submission.volumes.at(int(chosen[state]))
            pictures.append(_projection(submission.method.name, truth.states[state].name, volume, axis, extent))
    return pictures


def _projection(row: str, column: str, volume: Volume, axis: int, extent: int) -> Picture:
    centre = volume.box // 2
    shown = slice(centre - extent, centre + extent)
    pixels = volume.data.sum(axis=axis, dtype=np.float64).astype(np.float32)[shown, shown]
    return Picture("volumes", row, column, pixels, volume.pixel_size, f"projection along {_AXES[axis]}")


def _extent(truth: Truth) -> int:
    """Return half the edge, in pixels, of the square about the centre that holds the mask."""
    half = truth.volumes[0].box // 2
    if truth.mask is None:
        return half
    inside = np.argwhere(truth.mask.data > 0.5)
    return min(half, int(np.abs(inside - half).max(initial=1)) + 2)


def _broadest_axis(volume: Volume) -> int:
    """Return the axis along which the silhouette is largest."""
    inside = volume.data > 0.05 * volume.data.max()
    return int(np.argmax([inside.any(axis=axis).sum() for axis in range(3)]))
