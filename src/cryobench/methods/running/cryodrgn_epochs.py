"""How far cryoDRGN's output is, to go on with a run."""

from __future__ import annotations

import re
from pathlib import Path

from cryobench.core import FormatError
from cryobench.io import read_array_pickles

_LATENTS = re.compile(r"z\.([0-9]{1,9})\.pkl")


def finished_epochs(folder: Path, *, poses: bool = False) -> list[int]:
    """Return the epochs of which everything is on disk, ascending.

    Weights, latents and poses of an epoch are written one after the other, so that what was interrupted lacks one of
    them, or holds one that cannot be read.
    """
    found = []
    for path in folder.glob("z.*.pkl") if folder.is_dir() else ():
        match = _LATENTS.fullmatch(path.name)
        if match is None:
            continue
        weights = folder / f"weights.{match[1]}.pkl"
        tables = [path, *([folder / f"pose.{match[1]}.pkl"] if poses else [])]
        if weights.is_file() and weights.stat().st_size and all(map(_readable, tables)):
            found.append(int(match[1]))
    return sorted(found)


def _readable(path: Path) -> bool:
    try:
        read_array_pickles(path)
    except FormatError:
        return False
    return True
