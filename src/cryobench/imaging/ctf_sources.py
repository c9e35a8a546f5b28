"""Where CTF parameters come from: a parametric distribution, or a table measured on a real dataset."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Int

from cryobench.core import CTFParameters, FormatError, InputError, stream
from cryobench.io import ctf_from_table, read_array_pickle, read_star

SUFFIXES = (".npz", ".npy", ".pkl", ".star")
"""Kinds of table that :func:`load_ctf_table` reads."""

_STAR_COLUMNS = (
    "rlnDefocusU",
    "rlnDefocusV",
    "rlnDefocusAngle",
    "rlnVoltage",
    "rlnSphericalAberration",
    "rlnAmplitudeContrast",
    "rlnPhaseShift",
)


def parametric_ctf(seed: int, indices: Int[np.ndarray, " n"]) -> CTFParameters:
    """Return CTF parameters of a typical 300 kV session, each particle's drawn for its own index.

    Defocus uniform from 10,000 to 25,000 Å, astigmatism normal with a standard deviation of 200 Å at a uniform angle,
    Cs 2.7 mm, amplitude contrast 0.1, no phase shift.
    """
    table = np.empty((len(indices), 7))
    for row, index in enumerate(indices):
        generator = stream(seed, "ctf", int(index))
        mean, astigmatism, angle = generator.uniform(1e4, 2.5e4), generator.normal(0, 200), generator.uniform(0, 180)
        table[row] = (mean + astigmatism / 2, mean - astigmatism / 2, angle, 300.0, 2.7, 0.1, 0.0)
    return CTFParameters(table.astype(np.float32).astype(np.float64))


def sample_ctf(table: CTFParameters, seed: int, indices: Int[np.ndarray, " n"]) -> CTFParameters:
    """Return rows of a table drawn without replacement until it is used up, then again in the same order.

    The row of a particle depends on the seed and its own index alone.
    """
    order = stream(seed, "ctf table").permutation(len(table))
    return table[order[indices % len(table)]]


def load_ctf_table(path: Path) -> CTFParameters:
    """Read CTF parameters: a cryoDRGN pickle, an array of its columns (.npy, .npz) or a RELION STAR file.

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
        return _from_star(path)
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
        raise FormatError(f"{path}: not a readable numpy file ({error})") from error


def _from_star(path: Path) -> CTFParameters:
    blocks = read_star(path)
    tables = [block for name, block in blocks.items() if "rlnDefocusU" in block]
    if not tables:
        raise FormatError(f"{path}: no block has a column rlnDefocusU: expected a particles or micrographs table")
    particles, optics = tables[0], blocks.get("optics", {})
    n = len(particles["rlnDefocusU"])
    if not n:
        raise FormatError(f"{path}: its table of CTF parameters has no row")
    groups = {group: row for row, group in enumerate(optics.get("rlnOpticsGroup", ()))}
    unknown = set(particles.get("rlnOpticsGroup", ())) - set(groups) if groups else set()
    if unknown:
        raise FormatError(
            f"{path}: optics group {min(unknown)} is not in the optics table: expected {', '.join(groups)}"
        )

    def column(label: str) -> list[str]:
        if label in particles:
            return particles[label]
        if label in optics and "rlnOpticsGroup" in particles:
            return [optics[label][groups[group]] for group in particles["rlnOpticsGroup"]]
        if label == "rlnPhaseShift":
            return ["0"] * n
        raise FormatError(f"{path}: no column {label} among the particles or in their optics group")

    try:
        table = np.column_stack([np.asarray(column(label), dtype=np.float64) for label in _STAR_COLUMNS])
        return CTFParameters(table)
    except (KeyError, ValueError, InputError) as error:
        raise FormatError(f"{path}: the CTF columns cannot be read ({error})") from error
