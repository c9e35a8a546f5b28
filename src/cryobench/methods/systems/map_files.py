"""Volumes made of maps on disk: of a class, or on a linear subspace; none is read before it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int32

from cryobench.core import Volume
from cryobench.methods.map_grid import MapGrid
from cryobench.methods.volumes import LinearVolumes


class ClassFiles:
    """A map for each class; the last one read is kept.

    Parameters
    ----------
    paths
        The map of each class that has particles.
    labels
        Class of each particle, shape (N,).
    grid
        That of the dataset, to which the maps are brought.
    """

    def __init__(self, paths: Mapping[int, Path], labels: Int32[np.ndarray, " N"], grid: MapGrid) -> None:
        self._paths, self._labels, self._grid = dict(paths), labels, grid
        self._kept: tuple[int, Volume] | None = None

    def at(self, particle: int) -> Volume:
        """Read the map of the particle's class."""
        label = int(self._labels[particle])
        if self._kept is None or self._kept[0] != label:
            self._kept = label, self._grid.read(self._paths[label])
        return self._kept[1]


class LinearFiles:
    """Mean + sum of latent times component; the maps are read when the first volume is asked for.

    Parameters
    ----------
    mean
        The map at latent 0.
    components
        K maps.
    latents
        Latent of each particle, shape (N, K).
    grid
        That of the dataset, to which the maps are brought.
    """

    def __init__(
        self, mean: Path, components: Sequence[Path], latents: Float32[np.ndarray, "N K"], grid: MapGrid
    ) -> None:
        self._mean, self._components = mean, tuple(components)
        self._latents, self._grid = latents, grid
        self._made: LinearVolumes | None = None

    def at(self, particle: int) -> Volume:
        """Return the volume at the particle's latent."""
        if self._made is None:
            components = np.stack([self._grid.read(path).data for path in self._components])
            self._made = LinearVolumes(self._grid.read(self._mean), components, self._latents)
        return self._made.at(particle)
