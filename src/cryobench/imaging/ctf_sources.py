"""Tables of CTF parameters measured on real datasets."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from cryobench.core import CTFParameters, FormatError
from cryobench.imaging.cryosparc import ctf_from_cs
from cryobench.imaging.relion import ctf_from_star
from cryobench.io import array_fault, ctf_from_table, read_array_pickle, read_cs, read_particle_table

SUFFIXES = (".npz", ".npy", ".pkl", ".star", ".cs")
"""Kinds of table that :func:`load_ctf_table` reads."""


def load_ctf_table(path: Path) -> CTFParameters:
    """Read CTF parameters: a cryoDRGN pickle, an array of its columns (.npy, .npz), a RELION or a cryoSPARC file.

    Raises
    ------
    FormatError
        If the file is missing, of another kind, or does not hold a CTF table.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise FormatError(f"{path}: not a CTF table: expected one of {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise FormatError(f"{path}: no such file: give the path of a CTF table")
    if suffix == ".star":
        return ctf_from_star(read_particle_table(path, "rlnDefocusU"))
    if suffix == ".cs":
        return ctf_from_cs(read_cs(path), str(path))
    if suffix == ".pkl":
        return ctf_from_table(read_array_pickle(path), str(path))
    return ctf_from_table(_from_numpy(path), str(path))


def _from_numpy(path: Path) -> np.ndarray:
    try:
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return content
        with content as archive:
            name = "ctf" if "ctf" in archive.files else archive.files[0]
            return np.asarray(archive[name])
    except (OSError, ValueError, IndexError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        raise FormatError(f"{path}: not a readable numpy file ({array_fault(error)})") from error
