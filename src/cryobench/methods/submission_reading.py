"""The submission folder, read back and checked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pydantic
from jaxtyping import Float32, Int32

from cryobench.core import DatasetCard, FormatError, InputError, Poses, Submission
from cryobench.io import read_array, read_arrays, read_text
from cryobench.methods.file_volumes import FileVolumes, read_volume_index
from cryobench.methods.submission_folder import SUBMISSION, VOLUMES_INDEX, SubmissionManifest

_SCHEMA_VERSION = 1
_PARTS = ("latents.npy", "labels.npy", "posteriors.npy", "poses.npz", VOLUMES_INDEX)
_SUM_TOLERANCE = 1e-2  # of a row of posteriors, which programs round


def read_submission(
    folder: Path, particles: int | None = None, dataset: DatasetCard | None = None, *, any_dataset: bool = False
) -> Submission:
    """Read a submission folder, the inverse of :func:`write_submission`; volumes are read when they are asked for.

    Arrays come back as float32 and int32, whatever precision they have on disk.

    Parameters
    ----------
    folder
        The folder that holds ``submission.json``.
    particles
        Number of particles of the dataset that it is to be scored on; without it, no number is required.
    dataset
        Card of that dataset, to check that the submission was made of it.
    any_dataset
        Whether a submission of another dataset, or another build of it, will do; the number of particles must agree.

    Raises
    ------
    FormatError
        If a file is damaged or does not hold what it should.
    InputError
        If the submission is of another dataset, or of another number of particles.
    """
    manifest = read_submission_manifest(folder)
    path = folder / SUBMISSION
    if particles is not None and manifest.particles != particles:
        raise InputError(
            f"{path}: made of {manifest.particles:,} particles, but the dataset has {particles:,}: give the dataset "
            f"that it was made of ('{manifest.dataset}')"
        )
    if dataset is not None and not any_dataset:
        _require_same_dataset(manifest, dataset, path)
    n = manifest.particles
    try:
        submission = Submission(
            method=manifest.method,
            particles=n,
            kind=manifest.kind,
            latents=_latents(folder / "latents.npy", n),
            labels=_labels(folder / "labels.npy", n),
            posteriors=_posteriors(folder / "posteriors.npy", n),
            poses=_poses(folder / "poses.npz", n),
            volumes=_volumes(folder, n),
        )
    except InputError as error:
        raise FormatError(f"{folder}: {error}") from error
    if not any((folder / name).is_file() for name in _PARTS):
        raise FormatError(f"{folder}: nothing beside {SUBMISSION}: expected any of {', '.join(_PARTS)}")
    return submission


def read_submission_manifest(folder: Path) -> SubmissionManifest:
    """Read ``submission.json``.

    Raises
    ------
    FormatError
        If the folder or the file is missing, or a field is not what it should be.
    """
    path = folder / SUBMISSION
    if not path.is_file():
        raise FormatError(f"{folder}: no {SUBMISSION} there: expected the folder of a submission")
    text = read_text(path)
    try:
        content = json.loads(text)
        version = content.get("schema_version", _SCHEMA_VERSION) if isinstance(content, dict) else _SCHEMA_VERSION
        if version != _SCHEMA_VERSION:
            raise FormatError(
                f"{path}: field 'schema_version' is {version!r}, expected {_SCHEMA_VERSION}: written for another "
                "version of cryobench"
            )
        return SubmissionManifest.model_validate(content)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise FormatError(f"{path}: field '{where}': {first['msg']}: correct it there") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: not JSON ({error}): expected the description of a submission") from error


def _require_same_dataset(manifest: SubmissionManifest, dataset: DatasetCard, path: Path) -> None:
    if manifest.dataset_checksum == dataset.checksum:
        return
    what = (
        f"another build of '{dataset.id}'" if manifest.dataset == dataset.id
        else f"'{manifest.dataset}', but the dataset is '{dataset.id}'"
    )  # fmt: skip
    raise InputError(
        f"{path}: made of {what} (dataset_checksum {manifest.dataset_checksum[:12]}, expected "
        f"{dataset.checksum[:12]}): give the dataset that it was made of, or allow any"
    )


def _latents(path: Path, n: int) -> Float32[np.ndarray, "N d"] | None:
    if not path.is_file():
        return None
    array = read_array(path)
    _require(array, (n, None), "fiu", path, "latent coordinates, a row for each particle and a column for each")
    return _single(array, path)


def _labels(path: Path, n: int) -> Int32[np.ndarray, " N"] | None:
    if not path.is_file():
        return None
    array = read_array(path)
    _require(array, (n,), "iu", path, "the class of each particle as a whole number")
    limits = np.iinfo(np.int32)
    outside = np.flatnonzero((array < limits.min) | (array > limits.max))
    if outside.size:
        raise FormatError(f"{path}: row {outside[0]} is {array[outside[0]]}: expected a class that fits in int32")
    return array.astype(np.int32)


def _posteriors(path: Path, n: int) -> Float32[np.ndarray, "N K"] | None:
    if not path.is_file():
        return None
    array = read_array(path)
    _require(array, (n, None), "fiu", path, "the probability of each class, a row for each particle")
    single = _single(array, path)
    bad = np.flatnonzero((single < 0).any(axis=1) | (np.abs(single.sum(axis=1) - 1) > _SUM_TOLERANCE))
    if bad.size:
        row = single[bad[0]]
        raise FormatError(
            f"{path}: row {bad[0]} has the smallest value {row.min():g} and the sum {row.sum():g}: expected "
            "probabilities, each from 0 to 1 with the sum 1: divide each row by its sum"
        )
    return single


def _poses(path: Path, n: int) -> Poses | None:
    if not path.is_file():
        return None
    rotations, translations = read_arrays(path, ("rotations", "translations"))
    _require(rotations, (n, 3, 3), "fiu", path, "rotations, a 3 x 3 matrix for each particle", "rotations")
    _require(translations, (n, 2), "fiu", path, "translations, x and y in Å for each particle", "translations")
    try:
        return Poses(_single(rotations, path, "rotations"), _single(translations, path, "translations"))
    except InputError as error:
        raise FormatError(f"{path}: {error}") from error


def _volumes(folder: Path, n: int) -> FileVolumes | None:
    index = folder / VOLUMES_INDEX
    if index.is_file():
        return read_volume_index(index, n)
    maps = next(iter(sorted(index.parent.glob("*.mrc"))), None)
    if maps is not None:
        raise FormatError(f"{maps}: no {index.name} beside it: expected the table that says whose volume each file is")
    return None


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
        row = int(np.argwhere(bad)[0][0])
        value = array[tuple(np.argwhere(bad)[0])]
        raise FormatError(f"{path}: {name} holds {value:g} at row {row}: expected a finite number in single precision")
    return single
