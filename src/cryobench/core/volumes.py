"""Maps on a cubic grid, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from cryobench.core.checks import require_even_box, require_positive, require_shape


@dataclass(frozen=True, eq=False)
class Volume:
    """A density map, indexed ``[z, y, x]``, its origin at the voxel with index D/2 on each axis.

    Parameters
    ----------
    data
        Density, shape (D, D, D), D even, float32.
    pixel_size
        Edge of a voxel in Å.
    """

    data: Float32[np.ndarray, "D D D"]
    pixel_size: float

    def __post_init__(self) -> None:
        box = self.data.shape[0]
        require_even_box(box)
        require_shape("volume", self.data, (box, box, box))
        require_positive("pixel size", self.pixel_size)

    @property
    def box(self) -> int:
        """Edge of the map in voxels."""
        return int(self.data.shape[0])


@runtime_checkable
class VolumeSource(Protocol):
    """The true volume of each state, held, read or rendered on demand."""

    def __len__(self) -> int:
        """Return the number of states."""
        ...

    def __getitem__(self, state: int) -> Volume:
        """Return the volume of a state."""
        ...


@runtime_checkable
class VolumeProvider(Protocol):
    """The volume that a method claims for any particle asked for."""

    def at(self, particle: int) -> Volume:
        """Return the volume at the latent (or class) of a particle."""
        ...
