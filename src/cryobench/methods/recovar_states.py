"""Volumes that ``recovar compute_state`` makes at latents."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from cryobench.core import InputError, ProgramError
from cryobench.io import natural_key
from cryobench.methods.programs import full_call, run_program

_STATE = re.compile(r"state[0-9]+\.mrc")


@dataclass(frozen=True)
class ComputedStates:
    """The output of ``recovar pipeline`` and the command that makes its volumes.

    Parameters
    ----------
    command
        The program, and what stands before it.
    output
        Folder that the pipeline wrote.
    pixel_size
        Edge of a voxel in Å.
    budget_gb
        Memory of the device it may use, in GB. It is always given: what is found free otherwise decides the result.
    """

    command: tuple[str, ...]
    output: Path
    pixel_size: float
    budget_gb: int = 1

    @property
    def model(self) -> tuple[Path, ...]:
        """Files that decide, with the latent, what a volume is."""
        names = ("params.pkl", "embeddings.pkl", "zdim_*/latent_coords.npy")
        return tuple(path for name in names for path in sorted((self.output / "model").glob(name)))

    def check(self) -> None:
        """Raise unless the program and its output are there.

        Raises
        ------
        InputError
            Saying what is missing.
        """
        if not (self.output / "model").is_dir():
            raise InputError(f"{self.output}: no model/ there: expected the output of recovar pipeline")
        if not self.command or shutil.which(self.command[0]) is None:
            raise InputError(f"'{' '.join(self.command)}' is not on the path, and makes the volumes: set it up again")

    def make(self, latents: Float32[np.ndarray, "n d"], folder: Path) -> list[Path]:
        """Make the volume of each latent in a folder; return the files in the order of the latents.

        Raises
        ------
        ProgramError
            If the program fails, or leaves another number of volumes.
        """
        points = folder / "points.txt"
        np.savetxt(points, latents)
        words = ["compute_state", str(self.output), "-o", str(folder / "made"), "--latent-points", str(points)]
        words += ["--gpu-budget-gb", str(self.budget_gb), "--n-bins", "10", "--n-min-particles", "50"]
        words += ["--zdim1"] if latents.shape[1] == 1 else []
        call = full_call(self.command, words)
        run_program(call).require_success(call)
        found = [path for path in (folder / "made").rglob("*.mrc") if _STATE.fullmatch(path.name)]
        if len(found) != len(latents):
            raise ProgramError(
                f"'{' '.join(call)}' made {len(found)} volumes (state000.mrc ...), expected {len(latents)}"
            )
        return sorted(found, key=natural_key)
