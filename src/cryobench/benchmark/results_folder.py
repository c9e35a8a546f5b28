"""A run on disk: the submissions, ``results.json``, and tables of every item."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryobench.benchmark.run import Run
from cryobench.benchmark.tables import csv_text
from cryobench.core import Dataset, Submission, Truth
from cryobench.io import write_text
from cryobench.methods import METHODS, discard_submission, write_submission
from cryobench.metrics import representatives


def write_submissions(dataset: Dataset, submissions: Sequence[tuple[Submission, float]], folder: Path) -> None:
    """Write a folder for each submission (given with the seconds it took), with its volume for each true state."""
    truth = dataset.truth
    for name in METHODS:
        discard_submission(folder / name)  # of an earlier run, maybe of other methods
    for submission, seconds in submissions:
        queries = representatives(truth.labels, len(truth.states), submission.latents)
        write_submission(submission, dataset.card, folder / submission.method.name, queries, seconds)


def write_results(run: Run, truth: Truth, folder: Path) -> None:
    """Write a run's results into a folder.

    ``results.json`` holds scores, comparisons, curves and provenance; ``fsc_per_item.csv`` a row for each volume
    scored; ``embeddings.csv`` the points of each latent space drawn.
    """
    write_text(folder / "results.json", run.results.document.model_dump_json(indent=1) + "\n")
    write_text(folder / "fsc_per_item.csv", _items_text(run, truth))
    write_text(folder / "embeddings.csv", _embeddings_text(run))


def _items_text(run: Run, truth: Truth) -> str:
    head = ["method", "protocol", "convention", "particle", "state", "auc", "auc_over_ceiling"]
    head += ["resolution_0.143_angstrom", "crosses_0.143", "resolution_0.5_angstrom", "crosses_0.5"]
    rows = []
    for scores in run.volumes:
        for convention, curves in scores.curves.items():
            for particle, curve in zip(scores.queries.tolist(), curves, strict=True):
                row = [scores.method, scores.protocol, convention, particle, truth.states[truth.labels[particle]].name]
                row += [repr(curve.auc), repr(curve.auc_over_ceiling)]
                for threshold, resolution in curve.resolutions.items():
                    row += [f"{resolution:.4f}", str(curve.crosses[threshold]).lower()]
                rows.append(row)
    return csv_text(head, rows)


def _embeddings_text(run: Run) -> str:
    rows = (
        [embedding.method, embedding.kind, particle, f"{x:.6g}", f"{y:.6g}"]
        for embedding in run.results.embeddings
        for particle, (x, y) in enumerate(embedding.points.tolist())
    )
    return csv_text(("method", "kind", "particle", "x", "y"), rows)
