"""``cryobench latents``: the latents and classes of a submission against the truth."""

from __future__ import annotations

from typing import Annotated

import typer

from cryobench.benchmark import (
    imbalance_points,
    measures,
    neighbourhood_bounds,
    neighbourhood_curve,
    recovery,
    score_document,
)
from cryobench.cli.console import glyphs_told_once, mendable_errors, progress_bars
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
from cryobench.core import Curve, Dataset, InputError, Submission
from cryobench.core.words import titled

EPILOG = f"""Examples:

  cryobench latents demo/submissions/ppca --dataset demo/dataset -o scores --plot scores/latents.png

  cryobench latents my_submission --dataset igg-1d --metrics neighborhood-similarity,classes

Measures: {", ".join(measures.family("latents"))}.

It writes latent_scores.csv and latent_scores.json to DIR."""


def latents(
    submission: SubmissionFolder,
    dataset: DatasetFolder,
    output: OutputFolder = None,
    metrics: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Measures to take, separated by commas.", show_default="all"),
    ] = None,
    plot: PlotFile = None,
    seed: ScoreSeed = 0,
    any_dataset: AnyDataset = False,
    threads: Threads = None,
) -> None:
    """Score the latents, classes and populations of a submission, each score beside its floor and its ceiling.

    What the submission does not have is left out, and listed.
    """
    with mendable_errors("nothing was written"):
        use_threads(threads)
        names = _chosen(metrics)
        claimed, truth = read_both(submission, dataset, any_dataset=any_dataset)
        reference = measures.Reference.of(truth)
        with progress_bars() as progress:
            measured = measures.measure_submission(claimed, reference, names, seed, progress)
            wanted = claimed.latents is not None and (output is not None or plot is not None)
            own = (neighbourhood_curve(measured, reference, claimed.method.name, seed),) if wanted else ()
        picture = None if plot is None else _picture(claimed, truth, measured, reference, own, seed)
        title = titled(f"Latents of {claimed.method.name}, {truth.card.id}", truth.card)
        print_scores(title, measured.scores, measured.missing)
        if output is not None:
            write_scores(output, "latent_scores", score_document(truth, claimed, measured.scores, own, seed), {})
        if plot is not None and picture is not None:
            write_picture(plot, picture)


def _chosen(metrics: str | None) -> tuple[str, ...]:
    known = measures.family("latents")
    if metrics is None:
        return known
    names = tuple(name.strip() for name in metrics.split(",") if name.strip())
    if not names:
        raise InputError(f"no measure to take: give --metrics one or more of {', '.join(known)}")
    for name in names:
        if measures.MEASURES[name].family != "latents":
            raise InputError(f"'{name}' is no measure of latents: choose of {', '.join(known)}")
    return names


@glyphs_told_once()
def _picture(
    claimed: Submission,
    truth: Dataset,
    measured: measures.Measured,
    reference: measures.Reference,
    curves: tuple[Curve, ...],
    seed: int,
) -> bytes:
    from cryobench.report import latent_figure  # noqa: PLC0415 (half a second to load)

    if claimed.latents is None:
        raise InputError(f"method '{claimed.method.name}' has no latents: there is nothing to draw")
    curves = (*curves, *neighbourhood_bounds(measured, reference, seed))
    note = f"{truth.card.id}, {len(truth.particles):,} particles"
    if curves[0].protocol != "all particles":
        note += f"; neighbours: {curves[0].protocol} at random"
    title = titled(f"Latents of {claimed.method.name}", truth.card)
    return latent_figure(curves, imbalance_points(measured.scores), recovery(measured, reference, seed), title, note)
