"""Volumes that were made once, kept by what decides them: latent, weights, program and pixel size."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from cryobench.core import ProgramError
from cryobench.io import replacing, sha256, unfinished
from cryobench.methods.volume_makers import VolumeMaker


def volume_identity(maker: VolumeMaker, program: str) -> str:
    """Return what decides a volume beside its latent, as a SHA-256.

    Parameters
    ----------
    maker
        Makes the volumes; the files of its model and its pixel size count.
    program
        Name and version of what makes the volumes.
    """
    parts = [*(sha256(path) for path in maker.model), program, repr(float(maker.pixel_size))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class CachedMaker:
    """A maker that makes no volume twice.

    Parameters
    ----------
    maker
        Makes what is not in the cache.
    identity
        What decides a volume beside its latent: :func:`volume_identity`.
    cache
        A folder; made if it is missing.
    """

    maker: VolumeMaker
    identity: str
    cache: Path

    @property
    def model(self) -> tuple[Path, ...]:
        """Files that decide, with the latent, what a volume is."""
        return self.maker.model

    @property
    def pixel_size(self) -> float:
        """Edge of a voxel in Å."""
        return self.maker.pixel_size

    def check(self) -> None:
        """Raise :class:`~cryobench.core.InputError` unless the program and its files are there."""
        self.maker.check()

    def make(self, latents: Float32[np.ndarray, "n d"], folder: Path) -> list[Path]:
        """Return a file in ``folder`` for each latent; those that are not in the cache are made, each once.

        Raises
        ------
        ProgramError
            If the program fails.
        """
        kept = [self.cache / f"{self._key(row)}.mrc" for row in latents]
        missing: dict[Path, int] = {}
        for place, path in enumerate(kept):
            if not path.is_file():
                missing.setdefault(path, place)
        self.cache.mkdir(parents=True, exist_ok=True)
        if missing:
            work = folder / "work"
            work.mkdir()
            made = self.maker.make(latents[list(missing.values())], work)
            for path, new in zip(missing, made, strict=True):
                with replacing(path) as temporary:
                    shutil.move(new, temporary)
            shutil.rmtree(work)
        handed = [_handed(path, folder / f"vol_{place:06d}.mrc") for place, path in enumerate(kept)]
        self._tidy()
        return handed

    def _key(self, latent: Float32[np.ndarray, " d"]) -> str:
        return hashlib.sha256(self.identity.encode() + latent.astype("<f4").tobytes()).hexdigest()

    def _tidy(self) -> None:
        """Delete what killed processes left behind."""
        for left in unfinished(self.cache):
            if not left.alive:
                left.path.unlink(missing_ok=True)


def _handed(path: Path, name: Path) -> Path:
    """Put a file of the cache into a folder under another name."""
    try:
        try:
            os.link(path, name)
        except OSError:  # another disk, or one that has no links
            shutil.copyfile(path, name)
    except FileNotFoundError as error:
        raise ProgramError(f"{path}: gone from the cache while it was used: run the same command again") from error
    return name
