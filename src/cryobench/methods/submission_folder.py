"""The submission folder: what a method claims, written to disk."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int

from cryobench.core import DatasetCard, InputError, Submission
from cryobench.io import inside, read_text, write_array, write_bytes, write_text, write_volume
from cryobench.methods.submission_manifest import SUBMISSION, SubmissionManifest

VOLUMES_INDEX = "volumes/index.csv"
INDEX_COLUMNS = ("file", "particle")
CLASS_COLUMNS = ("file", "class")
ARRAYS = ("latents.npy", "labels.npy", "posteriors.npy", "poses.npz")


def write_submission(
    submission: Submission,
    dataset: DatasetCard,
    folder: Path,
    queries: Iterable[int] | Int[np.ndarray, " q"] | None,
    seconds: float | None,
    *,
    device: str = "",
    command: Sequence[str] = (),
    peak_memory_mb: float | None = None,
) -> None:
    """Write a submission folder; ``submission.json`` comes last.

    Parameters
    ----------
    submission
        What to write.
    dataset
        Which dataset it is about.
    folder
        Where; made if it is missing.
    queries
        The particles whose volumes are written; None writes one for each class, where the class of a particle decides
        its volume.
    seconds
        Wall time the method took, None where it is not known.
    device
        What it ran on, empty where it is not known.
    command
        The command that was run, word by word.
    peak_memory_mb
        Its largest resident memory in MB, None where it is not known.

    Raises
    ------
    InputError
        If volumes of classes are asked for and there are no labels.
    """
    (folder / "volumes").mkdir(parents=True, exist_ok=True)
    for name in ("latents", "labels", "posteriors"):
        array = getattr(submission, name)
        if array is not None:
            write_array(folder / f"{name}.npy", array)
    if submission.poses is not None:
        content = io.BytesIO()
        np.savez(content, rotations=submission.poses.rotations, translations=submission.poses.shifts)
        write_bytes(folder / "poses.npz", content.getvalue())
    if submission.volumes is not None:
        _write_volumes(submission, folder / "volumes", queries)
    manifest = SubmissionManifest(
        method=submission.method,
        dataset=dataset.id,
        dataset_checksum=dataset.checksum,
        kind=submission.kind,
        particles=submission.particles,
        seconds=None if seconds is None else round(seconds, 3),
        device=device,
        command=tuple(command),
        peak_memory_mb=peak_memory_mb,
    )
    write_text(folder / SUBMISSION, manifest.model_dump_json(indent=1) + "\n")


def discard_submission(folder: Path) -> None:
    """Delete the files that :func:`write_submission` wrote, no other; and the folder if it is then empty."""
    index = folder / VOLUMES_INDEX
    if index.is_file():
        for row in csv.DictReader(io.StringIO(read_text(index))):
            inside(index.parent, row.get("file") or "index.csv", str(index)).unlink(missing_ok=True)
    for name in (VOLUMES_INDEX, *ARRAYS, SUBMISSION):
        (folder / name).unlink(missing_ok=True)
    for part in (folder / "volumes", folder):
        if part.is_dir() and not any(part.iterdir()):
            part.rmdir()


def _write_volumes(submission: Submission, folder: Path, queries: Iterable[int] | Int[np.ndarray, " q"] | None) -> None:
    """Write each distinct volume once, and the index that says which particle or class it belongs to."""
    assert submission.volumes is not None
    files: dict[bytes, str] = {}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CLASS_COLUMNS if queries is None else INDEX_COLUMNS)
    for named, particle in _firsts(submission) if queries is None else ((int(each), int(each)) for each in queries):
        volume = submission.volumes.at(particle)
        key = hashlib.sha256(volume.data.tobytes()).digest()
        if key not in files:
            files[key] = f"{len(files):03d}.mrc"
            write_volume(folder / files[key], volume)
        writer.writerow([files[key], named])
    write_text(folder / "index.csv", text.getvalue())


def _firsts(submission: Submission) -> list[tuple[int, int]]:
    """Return each class with its first particle."""
    if submission.labels is None:
        raise InputError(f"method '{submission.method.name}' has no labels: name the particles to write volumes of")
    classes, particles = np.unique(submission.labels, return_index=True)
    return list(zip(classes.tolist(), particles.tolist(), strict=True))
