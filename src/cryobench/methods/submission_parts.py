"""The arrays and the volumes of a submission folder, each read and checked; what is wrong is collected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Float32, Int32

from cryobench.core import FormatError, InputError, Poses
from cryobench.io import inside, read_array, read_arrays
from cryobench.methods.file_volumes import FileVolumes, inspect_volume_index
from cryobench.methods.submission_folder import ARRAYS, VOLUMES_INDEX

T = TypeVar("T")

_SUM_TOLERANCE = 1e-2  # of a row of posteriors, which programs round


@dataclass(frozen=True, eq=False)
class Parts:
    """What was read of a submission folder; what is missing or wrong is None."""

    latents: Float32[np.ndarray, "N d"] | None
    labels: Int32[np.ndarray, " N"] | None
    posteriors: Float32[np.ndarray, "N K"] | None
    poses: Poses | None
    volumes: FileVolumes | None


def inspect_parts(folder: Path, particles: int) -> tuple[Parts, tuple[str, ...]]:
    """Return the parts of a submission folder, and everything that is wrong with them.

    Arrays come back as float32 and int32, whatever precision they have on disk.

    Parameters
    ----------
    folder
        The folder that holds ``submission.json``.
    particles
        Number of particles N.
    """
    faults = _Faults()
    latents = faults.of(_latents, folder, "latents.npy", particles)
    labels = faults.of(_labels, folder, "labels.npy", particles)
    posteriors = faults.of(_posteriors, folder, "posteriors.npy", particles)
    poses = faults.of(_poses, folder, "poses.npz", particles)
    classes = labels
    if classes is None and posteriors is not None and not (folder / "labels.npy").exists():
        classes = posteriors.argmax(axis=1).astype(np.int32)
    volumes = faults.of_volumes(folder, particles, classes)
    if not any((folder / name).exists() for name in (*ARRAYS, VOLUMES_INDEX)) and not faults.found:
        faults.found.append(
            f"{folder}: nothing beside submission.json: expected any of {', '.join((*ARRAYS, VOLUMES_INDEX))}"
        )
    return Parts(latents, labels, posteriors, poses, volumes), tuple(faults.found)


class _Faults:
    """Collects what is wrong, so that one fault does not hide another."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def of(self, read: Callable[[Path, int], T], folder: Path, name: str, n: int) -> T | None:
        """Return what ``read`` makes of a file, None where it is missing or wrong."""
        try:
            path = own_file(folder, name)
            return None if path is None else read(path, n)
        except FormatError as error:
            self.found.append(str(error))
            return None

    def of_volumes(self, folder: Path, n: int, classes: Int32[np.ndarray, " N"] | None) -> FileVolumes | None:
        try:
            path = own_file(folder, VOLUMES_INDEX)
        except FormatError as error:
            self.found.append(str(error))
            return None
        if path is not None:
            volumes, faults = inspect_volume_index(path, n, classes)
            self.found += faults
            return volumes
        maps = next(iter(sorted((folder / VOLUMES_INDEX).parent.glob("*.mrc"))), None)
        if maps is not None:
            self.found.append(f"{maps}: no index.csv beside it: expected the table that says whose volume each file is")
        return None


def own_file(folder: Path, name: str) -> Path | None:
    """Return the path of a file of the submission, None if it is not there.

    Raises
    ------
    FormatError
        If it is a link that leads nowhere or out of the folder, or no file.
    """
    path = folder / name
    if not path.exists() and not path.is_symlink():
        return None
    inside(folder, name, f"{folder}: link {name}" if path.is_symlink() else str(folder))
    if not path.is_file():
        what = "a link that leads nowhere" if path.is_symlink() else "no file"
        raise FormatError(f"{path}: {what}: expected a file, or nothing of that name")
    return path


def _latents(path: Path, n: int) -> Float32[np.ndarray, "N d"]:
    array = read_array(path)
    _require(array, (n, None), "fiu", path, "latent coordinates, a row for each particle and a column for each")
    return _single(array, path)


def _labels(path: Path, n: int) -> Int32[np.ndarray, " N"]:
    array = read_array(path)
    _require(array, (n,), "iu", path, "the class of each particle as a whole number")
    limits = np.iinfo(np.int32)
    outside = np.flatnonzero((array < limits.min) | (array > limits.max))
    if outside.size:
        raise FormatError(
            f"{path}: row {outside[0]} is {array[outside[0]]}{_more(outside)}: expected a class that fits in int32"
        )
    return array.astype(np.int32)


def _posteriors(path: Path, n: int) -> Float32[np.ndarray, "N K"]:
    array = read_array(path)
    _require(array, (n, None), "fiu", path, "the probability of each class, a row for each particle")
    single = _single(array, path)
    bad = np.flatnonzero((single < 0).any(axis=1) | (np.abs(single.sum(axis=1) - 1) > _SUM_TOLERANCE))
    if bad.size:
        row = single[bad[0]]
        raise FormatError(
            f"{path}: row {bad[0]} has the smallest value {row.min():g} and the sum {row.sum():g}{_more(bad)}: "
            "expected probabilities, each from 0 to 1 with the sum 1: divide each row by its sum"
        )
    return single


def _poses(path: Path, n: int) -> Poses:
    rotations, translations = read_arrays(path, ("rotations", "translations"))
    _require(rotations, (n, 3, 3), "fiu", path, "rotations, a 3 x 3 matrix for each particle", "rotations")
    _require(translations, (n, 2), "fiu", path, "translations, x and y in Å for each particle", "translations")
    try:
        return Poses(_single(rotations, path, "rotations"), _single(translations, path, "translations"))
    except InputError as error:
        raise FormatError(f"{path}: {error}") from error


def _require(
    array: np.ndarray, shape: tuple[int | None, ...], kinds: str, path: Path, meaning: str, name: str = "array"
) -> None:
    """Raise unless an array has this shape, none of it empty, and one of these kinds of numbers."""
    expected = ", ".join("d" if length is None else str(length) for length in shape) + ("," if len(shape) == 1 else "")
    fits = array.ndim == len(shape) and array.size > 0
    fits = fits and all(want is None or got == want for got, want in zip(array.shape, shape, strict=True))
    if not fits or array.dtype.kind not in kinds:
        advice = ""
        if array.ndim and array.dtype.kind in kinds and len(array) != shape[0]:
            advice = f"; it has {len(array):,} rows for {shape[0]:,} particles"
        raise FormatError(
            f"{path}: {name} of shape {array.shape}, type {array.dtype}: expected ({expected}) {meaning}{advice}"
        )


def _single(array: np.ndarray, path: Path, name: str = "array") -> np.ndarray:
    """Return an array in single precision, every value finite."""
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(array, dtype=np.float32)
    bad = ~np.isfinite(single)
    if bad.any():
        rows = np.flatnonzero(bad.reshape(len(bad), -1).any(axis=1))
        value = array[tuple(np.argwhere(bad)[0])]
        raise FormatError(
            f"{path}: {name} holds {value:g} at row {rows[0]}{_more(rows)}: expected a finite number in single "
            "precision"
        )
    return single


def _more(rows: np.ndarray) -> str:
    """Return in words that there are further rows."""
    return f" (and {len(rows) - 1:,} more such rows)" if len(rows) > 1 else ""
