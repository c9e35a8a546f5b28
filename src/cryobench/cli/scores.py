"""What the commands that score a submission share: what they read, and the table that they print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import rich.box
import typer
from rich.table import Table

from cryobench.benchmark import scores_text
from cryobench.cli.console import console
from cryobench.core import Dataset, ResultsDocument, Score, Submission
from cryobench.datasets import load_dataset
from cryobench.io import write_bytes, write_text
from cryobench.methods import read_submission

_ROUNDING = 1e-6
_WORDS = {
    "k": "k\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{}",
    "from": "{}",
    "part": "{}",
    "model": "by {}",
    "of": "{}",
    "classes": "{}",
    "frame": "",
    "degrees": "{}°",
    "error": "{}",
}

_VALUES: dict[float | int | str, str] = {"linear": "a linear model", "neighbours": "10 neighbours"}

SubmissionFolder = Annotated[Path, typer.Argument(metavar="SUBMISSION", help="Submission folder.")]
DatasetFolder = Annotated[Path, typer.Option("--dataset", metavar="DIR", help="Dataset folder: the truth.")]
OutputFolder = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write the scores there.", show_default=False)
]
PlotFile = Annotated[
    Path | None, typer.Option("--plot", metavar="PNG", help="Write a picture there.", show_default=False)
]
SHUFFLED = "Floor: the same claim, shuffled over the particles. Ceiling: the truth as the claim."
ScoreSeed = Annotated[int, typer.Option("--seed", min=0, help="Of shuffles, subsamples, k-means and resampling.")]


def read_both(submission: Path, dataset: Path, *, any_dataset: bool) -> tuple[Submission, Dataset]:
    """Read a submission and the dataset that it is scored on."""
    truth = load_dataset(dataset)
    return read_submission(submission, len(truth.particles), truth.card, any_dataset=any_dataset), truth


def print_scores(title: str, scores: Sequence[Score], missing: Mapping[str, str], controls: str = SHUFFLED) -> None:
    """Print a row a score, what could not be scored, and what floor and ceiling are."""
    table = Table(title=title, title_justify="left", box=rich.box.SIMPLE_HEAD)
    table.add_column("metric")
    for head in ("value\ninterval", "floor", "ceiling", "n"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("better")
    for score in scores:
        interval = f"{_number(score.interval.low)} – {_number(score.interval.high)}"
        table.add_row(
            _name(score),
            f"{_number(score.value, score.metric.unit)}\n{interval}",
            _number(score.floor),
            _number(score.ceiling),
            f"{score.n:,}",
            score.metric.direction,
        )
    if scores:
        console.print(table)
        kinds = "; ".join(dict.fromkeys(score.interval.kind for score in scores))
        console.print(f"Intervals: {kinds}.", markup=False)
        console.print(controls)
    for flag in dict.fromkeys(flag for score in scores for flag in score.flags):
        console.print(f"! {flag}", markup=False)
    for why in dict.fromkeys(missing.values()):
        names = ", ".join(name for name, reason in missing.items() if reason == why)
        console.print(f"Not scored: {names}: {why}.", markup=False)


def write_scores(folder: Path, stem: str, document: ResultsDocument, more: Mapping[str, str]) -> None:
    """Write scores as ``STEM.csv`` and ``STEM.json``, and other tables by their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in more.items():
        write_text(folder / name, text)
    write_text(folder / f"{stem}.csv", scores_text(document.scores))
    write_text(folder / f"{stem}.json", document.model_dump_json(indent=1) + "\n")
    _say(folder / name for name in (f"{stem}.csv", f"{stem}.json", *more))


def write_picture(path: Path, content: bytes) -> None:
    """Write a picture and say where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content)
    _say([path])


def _say(paths: Iterable[Path]) -> None:
    console.print(f"Written: {', '.join(map(str, paths))}", markup=False, soft_wrap=True)


def _name(score: Score) -> str:
    """Return what a score is of, and over what."""
    words = [
        _WORDS.get(name, f"{name} {{}}").format(_VALUES.get(value, value)) for name, value in score.parameters.items()
    ]
    kind = "median" if score.statistic == "median" else ""
    where = "" if score.protocol == "all particles" else score.protocol
    return ", ".join(part for part in (score.metric.label, kind, score.convention, *words, where) if part)


def _number(value: float | None, unit: str = "") -> str:
    if value is None:
        return "-"
    shown = "0" if abs(value) < _ROUNDING else f"{value:.3g}"
    return f"{shown}{'' if unit in {'°', ''} else ' '}{unit}"
