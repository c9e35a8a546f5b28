"""Volumes made of maps on disk: of a class, or on a linear subspace; none is read before it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int32

from cryobench.core import FormatError, Volume
from cryobench.io import read_volume
from cryobench.methods.volumes import LinearVolumes


class ClassFiles:
    """A map for each class; the last one read is kept.

    Parameters
    ----------
    paths
        K maps.
    labels
        Class of each particle, 0 to K - 1, shape (N,).
    """

    def __init__(self, paths: Sequence[Path], labels: Int32[np.ndarray, " N"]) -> None:
        self._paths, self._labels = tuple(paths), labels
        self._kept: tuple[int, Volume] | None = None

    def at(self, particle: int) -> Volume:
        """Read the map of the particle's class."""
        label = int(self._labels[particle])
        if self._kept is None or self._kept[0] != label:
            self._kept = label, read_volume(self._paths[label])
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
    """

    def __init__(self, mean: Path, components: Sequence[Path], latents: Float32[np.ndarray, "N K"]) -> None:
        self._make: Callable[[], LinearVolumes] = lambda: _linear(mean, components, latents)
        self._made: LinearVolumes | None = None

    def at(self, particle: int) -> Volume:
        """Return the volume at the particle's latent."""
        if self._made is None:
            self._made = self._make()
        return self._made.at(particle)


def _linear(mean: Path, components: Sequence[Path], latents: Float32[np.ndarray, "N K"]) -> LinearVolumes:
    first = read_volume(mean)
    maps = []
    for path in components:
        component = read_volume(path)
        if component.box != first.box:
            raise FormatError(f"{path}: a box of {component.box}, but {mean.name} has {first.box}: expected the same")
        maps.append(component.data)
    return LinearVolumes(first, np.stack(maps), latents)
