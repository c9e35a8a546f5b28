"""The submissions of a run on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryobench.core import Dataset, Submission
from cryobench.methods import METHODS, discard_submission, write_submission
from cryobench.metrics import representatives


def write_submissions(dataset: Dataset, submissions: Sequence[tuple[Submission, float]], folder: Path) -> None:
    """Write a folder for each submission (given with the seconds it took), with its volume for each true state."""
    truth = dataset.truth
    for name in METHODS:  # of an earlier run, maybe of other methods
        discard_submission(folder / name)
        for numbered in sorted(folder.glob(f"{name}-*")):
            if numbered.name.removeprefix(f"{name}-").isdigit():
                discard_submission(numbered)
    for submission, seconds in submissions:
        queries = representatives(truth.labels, len(truth.states), submission.latents)
        write_submission(submission, dataset.card, folder / submission.method.name, queries, seconds, device="cpu")
