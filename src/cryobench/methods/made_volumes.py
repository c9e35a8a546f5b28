"""Volumes that a method's own program makes at latents, a batch at a time, and that are deleted once they were read.

The program runs in an environment of its own; nothing of it is imported, and no weights are opened here.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int

from cryobench.core import FormatError, InputError, ProgramError, Volume
from cryobench.io import find_files, read_volume
from cryobench.methods.programs import full_call, run_program
from cryobench.methods.volume_makers import VolumeMaker

BATCH = 100
"""Volumes on disk at a time: the program takes twenty seconds to start, and a volume of box 256 is 67 MB."""


@dataclass(frozen=True)
class Decoder:
    """A trained cryoDRGN model and the command that makes its volumes.

    Parameters
    ----------
    command
        The program, and what stands before it, such as ``("conda", "run", "-n", "cryodrgn", "cryodrgn")``.
    weights, config
        Files of the model.
    pixel_size
        Edge of a voxel in Å.
    """

    command: tuple[str, ...]
    weights: Path
    config: Path
    pixel_size: float

    @property
    def model(self) -> tuple[Path, ...]:
        """Files that decide, with the latent, what a volume is."""
        return self.weights, self.config

    def check(self) -> None:
        """Raise unless the program and the files are there.

        Raises
        ------
        InputError
            Saying what is missing, and how to go on.
        """
        for path in self.model:
            if not path.is_file():
                raise InputError(f"{path}: no such file: volumes are made of it; check the folder and --epoch")
        if not self.command or shutil.which(self.command[0]) is None:
            raise InputError(
                f"'{' '.join(self.command)}' is not on the path, and makes the volumes: activate its environment, "
                "or give the command with --command, such as --command 'conda run -n cryodrgn cryodrgn'; or make the "
                "volumes elsewhere (.mrc, one for each that is wanted, in their order) and give their folder"
            )

    def make(self, latents: Float32[np.ndarray, "n d"], folder: Path) -> list[Path]:
        """Make the volume of each latent in a folder; return the files in the order of the latents.

        Raises
        ------
        ProgramError
            If the program fails (the message ends with its last words), or leaves another number of volumes.
        """
        table = folder / "z.txt"
        np.savetxt(table, latents)
        words = ["eval_vol", str(self.weights), "-c", str(self.config), "--zfile", str(table)]
        words += ["-o", str(folder / "made"), "--Apix", f"{self.pixel_size:g}"]
        call = full_call(self.command, words)
        run_program(call).require_success(call)
        found = find_files(folder / "made", (".mrc",)) if (folder / "made").is_dir() else []
        if len(found) != len(latents):
            raise ProgramError(f"'{' '.join(call)}' made {len(found)} volumes (.mrc), expected {len(latents)}")
        return found


class MadeVolumes:
    """The volumes at some particles, made when the first of a batch is asked for.

    Use it as a context manager: what is on disk is deleted in the end, and as soon as the next batch is made.

    Parameters
    ----------
    maker
        Makes them.
    latents
        Latent of each particle, shape (N, d).
    particles
        Those that will be asked for.
    order
        Places of these particles in the order in which they will be asked for; batches follow it.
    keep
        A folder where volumes are kept as ``vol_000.mrc`` ..., in the order of ``particles``, once all are made; None
        to keep none.
    beside
        A folder in which temporary files go, such as one that another machine sees too; the system's by default.
    """

    def __init__(
        self,
        maker: VolumeMaker,
        latents: Float32[np.ndarray, "N d"],
        particles: Int[np.ndarray, " q"],
        order: Int[np.ndarray, " q"],
        keep: Path | None = None,
        beside: Path | None = None,
    ) -> None:
        self._maker, self._latents, self._keep = maker, latents, keep
        self._beside = beside if keep is None else keep.parent  # on the same disk as what is kept: files can be moved
        self._names = {particle: f"vol_{place:03d}.mrc" for place, particle in enumerate(particles.tolist())}
        self._queue = particles[order]
        self._turns = {particle: turn for turn, particle in enumerate(self._queue.tolist())}
        self._paths: dict[int, Path] = {}

    def __enter__(self) -> MadeVolumes:
        if self._beside is not None:
            self._beside.mkdir(parents=True, exist_ok=True)
        self._temporary = tempfile.TemporaryDirectory(prefix=".cryobench-", dir=self._beside)
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        try:
            if self._keep is not None and kind is None and len(self._paths) == len(self._queue):
                self._keep.mkdir(exist_ok=True)
                for particle, path in self._paths.items():
                    path.replace(self._keep / self._names[particle])
        finally:
            self._temporary.cleanup()

    def at(self, particle: int) -> Volume:
        """Return the volume at a particle's latent, made if it is not on disk.

        Raises
        ------
        InputError
            If the particle is none of those announced.
        ProgramError
            If the program fails.
        """
        if particle not in self._turns:
            raise InputError(f"no volume of particle {particle} was announced")
        if particle not in self._paths:
            self._make(self._turns[particle] // BATCH * BATCH)
        return read_volume(self._paths[particle], self._maker.pixel_size)

    def _make(self, start: int) -> None:
        batch = self._queue[start : start + BATCH]
        if self._keep is None:
            self._paths = {}
            for earlier in Path(self._temporary.name).iterdir():
                shutil.rmtree(earlier)
        folder = Path(self._temporary.name) / f"{start}"
        folder.mkdir()
        self._paths |= dict(zip(batch.tolist(), self._maker.make(self._latents[batch], folder), strict=True))


def listed_volumes(folder: Path, count: int) -> Sequence[Path]:
    """Return the maps of a folder in natural order, as many as will be scored; none if there is no map at all.

    Raises
    ------
    FormatError
        If there is another number of maps.
    """
    found = find_files(folder, (".mrc",)) if folder.is_dir() else []
    if found and len(found) != count:
        raise FormatError(
            f"{folder}: {len(found)} maps, expected {count}, one for each volume that is scored, in their order"
        )
    return found
