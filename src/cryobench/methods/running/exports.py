"""Inputs for programs that run elsewhere, and the page that says what to do with them."""

from __future__ import annotations

import shutil
from pathlib import Path

from cryobench.core import FormatError, Particles
from cryobench.io import write_text
from cryobench.methods.running.inputs import stack_paths

PAGE = "README.md"
STAR = "particles.star"


def data_root(particles: Particles, source: Path) -> Path:
    """Return the folder that the paths in a dataset's ``particles.star`` start from.

    Parameters
    ----------
    particles
        Those of the dataset.
    source
        The dataset folder.

    Raises
    ------
    FormatError
        If the list of stacks does not end as the paths do.
    """
    first = (source / "particles.txt").read_text(encoding="utf-8").split("\n", 1)[0]
    path = stack_paths(particles)[0]
    if not path.as_posix().endswith(f"/{first}"):
        raise FormatError(f"{source / 'particles.txt'}: {first} is not {path}: build the dataset again")
    return Path(path.as_posix().removesuffix(f"/{first}"))


def copy_star(source: Path, folder: Path) -> Path:
    """Copy the dataset's table of particles into a folder, made if it is missing; return the copy."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(source / STAR, folder / STAR))


def write_page(folder: Path, text: str) -> Path:
    """Write the page of an export; return its path."""
    path = folder / PAGE
    write_text(path, text)
    return path
