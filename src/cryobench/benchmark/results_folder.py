"""A run on disk: the submissions, ``results.json``, and tables of every item."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryobench.benchmark.run import Run
from cryobench.benchmark.tables import csv_text
from cryobench.benchmark.volume_scores import per_item_text
from cryobench.core import Dataset, Submission, Truth
from cryobench.io import write_text
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
        write_submission(submission, dataset.card, folder / submission.method.name, queries, seconds)


def write_results(run: Run, truth: Truth, folder: Path) -> None:
    """Write a run's results into a folder.

    ``results.json`` holds scores, comparisons, curves and provenance; ``fsc_per_item.csv`` a row for each volume
    scored; ``embeddings.csv`` the points of each latent space drawn.
    """
    write_text(folder / "results.json", run.results.document.model_dump_json(indent=1) + "\n")
    write_text(folder / "fsc_per_item.csv", per_item_text(run.volumes, [state.name for state in truth.states]))
    write_text(folder / "embeddings.csv", _embeddings_text(run))


def _embeddings_text(run: Run) -> str:
    rows = (
        [embedding.method, embedding.kind, particle, f"{x:.6g}", f"{y:.6g}"]
        for embedding in run.results.embeddings
        for particle, (x, y) in enumerate(embedding.points.tolist())
    )
    return csv_text(("method", "kind", "particle", "x", "y"), rows)
