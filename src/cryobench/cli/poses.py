"""``cryobench poses``: the poses of a submission against the true ones."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import rich.box
import typer
from rich.markup import escape
from rich.table import Table

from cryobench.benchmark import measures, pose_tables, score_document
from cryobench.cli.console import console, glyphs_told_once, mendable_errors, progress_bars
from cryobench.cli.options import AnyDataset, Threads
from cryobench.cli.scores import (
    DatasetFolder,
    OutputFolder,
    PlotFile,
    ScoreSeed,
    SubmissionFolder,
    print_scores,
    read_both,
    write_picture,
    write_scores,
)
from cryobench.cli.stage import use_threads
from cryobench.core import InputError
from cryobench.core.words import titled

EPILOG = """Examples:

  cryobench poses my_submission --dataset igg-1d -o scores --plot scores/poses.png

  cryobench poses my_submission --dataset igg-1d --frame per-state

It writes pose_scores.csv, pose_scores.json, poses_per_state.csv and poses_per_particle.csv to DIR."""

_SHOWN = 10  # states of the table that is printed


class Scope(StrEnum):
    """Of what there is one frame."""

    one = "one"
    per_state = "per-state"


def poses(
    submission: SubmissionFolder,
    dataset: DatasetFolder,
    output: OutputFolder = None,
    frame: Annotated[
        Scope, typer.Option(help="One global rotation for all particles, or one for each true state.")
    ] = Scope.one,
    handedness: Annotated[
        bool, typer.Option("--handedness/--no-handedness", help="Whether poses of the mirrored map are tried too.")
    ] = True,
    plot: PlotFile = None,
    seed: ScoreSeed = 0,
    any_dataset: AnyDataset = False,
    threads: Threads = None,
) -> None:
    """Score the poses of a submission: rotations after the best frame and hand, shifts after the best offset.

    Mean and median errors, fractions under 5 and 10°, and whether the error depends on the state (entanglement).
    """
    with mendable_errors("nothing was written"):
        use_threads(threads)
        claimed, truth = read_both(submission, dataset, any_dataset=any_dataset)
        if claimed.poses is None:
            raise InputError(f"{submission}: no poses.npz there: there is nothing to score")
        freedom = measures.PoseFreedom("one" if frame is Scope.one else "per-state", handedness)
        reference = measures.Reference.of(truth, freedom)
        with progress_bars() as progress:
            measured = measures.measure_submission(claimed, reference, measures.family("poses"), seed, progress)
        states = pose_tables.per_state(measured, reference)
        picture = None
        if plot is not None:
            from cryobench.report import pose_error_figure  # noqa: PLC0415 (half a second to load)

            note = f"{truth.card.id}, after {'one frame' if frame is Scope.one else 'one frame a state'}"
            errors = pose_tables.pose_errors(measured, reference)
            with glyphs_told_once():
                picture = pose_error_figure(*errors, titled(f"Poses of {claimed.method.name}", truth.card), note)
        title = titled(f"Poses of {claimed.method.name}, {truth.card.id}, frame: {frame.value}", truth.card)
        print_scores(title, measured.scores, measured.missing)
        if pose_tables.is_mirrored(measured, reference):
            console.print("! the poses are those of the mirrored map", markup=False)
        _print_states(states)
        if output is not None:
            more = {
                "poses_per_state.csv": pose_tables.per_state_text(states),
                "poses_per_particle.csv": pose_tables.per_particle_text(measured, reference),
            }
            write_scores(output, "pose_scores", score_document(truth, claimed, measured.scores, (), seed), more)
        if plot is not None and picture is not None:
            write_picture(plot, picture)


def _print_states(states: list[pose_tables.StateErrors]) -> None:
    """Print the states of the largest errors."""
    worst = sorted(states, key=lambda row: -row.median_degrees)[:_SHOWN]
    title = "By state" if len(worst) == len(states) else f"The {len(worst)} worst of {len(states)} states"
    table = Table(title=title, title_justify="left", box=rich.box.SIMPLE_HEAD)
    table.add_column("state")
    for head in ("particles", "rotation,\nmedian", "under\n5°", "under\n10°", "shift,\nmedian"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in worst:
        table.add_row(
            escape(row.state),
            f"{row.particles:,}",
            f"{row.median_degrees:.3g}°",
            f"{row.under_5_degrees:.3f}",
            f"{row.under_10_degrees:.3f}",
            f"{row.median_angstrom:.3g} Å",
        )
    console.print(table)
