"""Volumes at a particle: of its class, or on a linear subspace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, Int

from cryobench.core import InputError, Volume
from cryobench.core.checks import require_shape


class ClassVolumes:
    """A volume for each class.

    Parameters
    ----------
    volumes
        K volumes.
    labels
        Class of each particle, shape (N,).
    """

    def __init__(self, volumes: Sequence[Volume], labels: Int[np.ndarray, " N"]) -> None:
        if labels.size and not 0 <= labels.min() <= labels.max() < len(volumes):
            raise InputError(f"labels run from {labels.min()} to {labels.max()}, but there are {len(volumes)} volumes")
        self._volumes, self._labels = tuple(volumes), labels

    def at(self, particle: int) -> Volume:
        """Return the volume of the particle's class."""
        return self._volumes[int(self._labels[particle])]


class LinearVolumes:
    """Mean + sum of latent times component.

    Parameters
    ----------
    mean
        The volume at latent 0.
    components
        K volumes, shape (K, D, D, D).
    latents
        Latent of each particle, shape (N, K).
    """

    def __init__(
        self, mean: Volume, components: Float32[np.ndarray, "K D D D"], latents: Float32[np.ndarray, "N K"]
    ) -> None:
        require_shape("components", components, (latents.shape[1], mean.box, mean.box, mean.box))
        self._mean, self._components, self._latents = mean, components, latents

    def at(self, particle: int) -> Volume:
        """Return the volume at the particle's latent."""
        data = self._mean.data.copy()
        for weight, component in zip(self._latents[particle], self._components, strict=True):
            data += weight * component
        return Volume(data, self._mean.pixel_size)
