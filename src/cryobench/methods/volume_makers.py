"""What makes volumes at latents with a method's own program, which runs in an environment of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32


@runtime_checkable
class VolumeMaker(Protocol):
    """A trained model and the command that makes its volumes."""

    @property
    def pixel_size(self) -> float:
        """Edge of a voxel in Å."""
        ...

    @property
    def model(self) -> tuple[Path, ...]:
        """Files that decide, with the latent, what a volume is."""
        ...

    def check(self) -> None:
        """Raise :class:`~cryobench.core.InputError` unless the program and its files are there."""
        ...

    def make(self, latents: Float32[np.ndarray, "n d"], folder: Path) -> list[Path]:
        """Make the volume of each latent in a folder; return the files in the order of the latents.

        Raises
        ------
        ProgramError
            If the program fails, or leaves another number of volumes.
        """
        ...
