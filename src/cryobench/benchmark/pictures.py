"""Pictures of particles and volumes for the report."""

from __future__ import annotations

import numpy as np

from cryobench.benchmark.conformations import MOST_STATES
from cryobench.benchmark.queries import particles_of_images
from cryobench.core import Dataset, Picture, Truth, Volume
from cryobench.datasets import example_particles

PICTURED, SURFACED = 7, 20
"""States of which projections and surfaces are shown."""

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


def shown_states(truth: Truth, count: int, images: int) -> list[int]:
    """Return so many states, evenly spread, of those whose volumes are scored.

    Of more states than one volume each is asked for, those are the states of the per-image protocol.
    """
    scored = np.unique(truth.labels)
    if len(scored) > MOST_STATES:
        scored = np.unique(truth.labels[particles_of_images(truth, images)])
    return (
        [int(scored[place * len(scored) // count]) for place in range(count)]
        if len(scored) > count
        else [int(state) for state in scored]
    )


def projection(row: str, truth: Truth, state: int, volume: Volume) -> Picture:
    """Return a projection of a volume of a state, along the axis that shows most of the true ones."""
    axis, extent = _broadest_axis(truth.volumes[0]), _extent(truth)
    centre = volume.box // 2
    shown = slice(centre - extent, centre + extent)
    pixels = volume.data.sum(axis=axis, dtype=np.float64).astype(np.float32)[shown, shown]
    name = truth.states[state].name
    return Picture("volumes", row, name, pixels, volume.pixel_size, f"projection along {_AXES[axis]}")


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
