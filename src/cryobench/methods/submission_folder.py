"""The submission folder: what a method claims, written to disk."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from cryobench.core import DatasetCard, MethodCard, Strict, Submission
from cryobench.io import inside, read_text, write_array, write_bytes, write_text, write_volume

SUBMISSION = "submission.json"
VOLUMES_INDEX = "volumes/index.csv"
INDEX_COLUMNS = ("file", "particle")


class SubmissionManifest(Strict):
    """Content of ``submission.json``; ``seconds`` is the wall time the method took, ``command`` what was run."""

    schema_version: Literal[1] = 1
    method: MethodCard
    dataset: str
    dataset_checksum: str
    kind: Literal["fixed-pose", "ab-initio"]
    particles: int = Field(ge=1)
    seconds: float = Field(ge=0)
    device: str = "cpu"
    command: tuple[str, ...] = ()
    peak_memory_mb: float | None = Field(default=None, ge=0)


def write_submission(
    submission: Submission,
    dataset: DatasetCard,
    folder: Path,
    queries: Iterable[int],
    seconds: float,
    *,
    device: str = "cpu",
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
        The particles whose volumes are written.
    seconds
        Wall time the method took.
    device
        What it ran on.
    command
        The command that was run, word by word.
    peak_memory_mb
        Its largest resident memory in MB, None where it is not known.
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
        seconds=round(seconds, 3),
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
    for name in (VOLUMES_INDEX, "latents.npy", "labels.npy", "posteriors.npy", "poses.npz", SUBMISSION):
        (folder / name).unlink(missing_ok=True)
    for part in (folder / "volumes", folder):
        if part.is_dir() and not any(part.iterdir()):
            part.rmdir()


def _write_volumes(submission: Submission, folder: Path, queries: Iterable[int]) -> None:
    """Write each distinct volume once, and the index that says which particle it belongs to."""
    assert submission.volumes is not None
    files: dict[bytes, str] = {}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(INDEX_COLUMNS)
    for particle in queries:
        volume = submission.volumes.at(int(particle))
        key = volume.data.tobytes()
        if key not in files:
            files[key] = f"{len(files):03d}.mrc"
            write_volume(folder / files[key], volume)
        writer.writerow([files[key], int(particle)])
    write_text(folder / "index.csv", text.getvalue())
