"""How commands write a submission folder: whole, and never over what they read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from cryobench.core import Advance, Dataset, OutputError, Progress, Submission
from cryobench.io import check_output
from cryobench.methods import discard_submission, write_submission


def check_new_folder(output: Path, inputs: Sequence[Path], *, overwrite: bool) -> None:
    """Raise unless a submission can be written to a folder without touching what is read.

    Raises
    ------
    OutputError
        If the folder holds an input, or something that is no submission, or one and ``overwrite`` is not given.
    """
    for folder in inputs:
        if output.resolve() == folder.resolve() or output.resolve() in folder.resolve().parents:
            raise OutputError(f"{output}: holds what is read, {folder}: choose another -o")
    check_output(output, overwrite=overwrite, resume=False)
    if output.is_dir() and any(output.iterdir()) and not (output / "submission.json").is_file():
        raise OutputError(f"{output}: is not empty, and no submission to replace: choose another -o")


def write_whole(
    submission: Submission, dataset: Dataset, particles: Int64[np.ndarray, " q"], output: Path, progress: Progress
) -> None:
    """Write a submission with the volumes of some particles beside its place, and put it there once it is whole."""
    advance = progress("Writing volumes", len(particles)) if len(particles) else _nobody
    told = _told(particles, advance)
    with tempfile.TemporaryDirectory(prefix=".cryobench-", dir=output.parent) as beside:
        staged = Path(beside) / "submission"
        write_submission(submission, dataset.card, staged, told, None)
        discard_submission(output)
        files = sorted(path for path in staged.rglob("*") if path.is_file())
        for file in sorted(files, key=lambda path: path.name == "submission.json"):  # it comes last
            target = output / file.relative_to(staged)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)


def _nobody(items: int) -> None:
    del items


def _told(wanted: Int64[np.ndarray, " q"], advance: Advance) -> Iterator[int]:
    """Yield the particles, and tell of each when the next one is asked for."""
    for particle in wanted.tolist():
        yield particle
        advance(1)
