"""``cryobench submission check``: a doctor for submission folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import rich.box
import typer
from rich.markup import escape
from rich.table import Table

from cryobench.benchmark import check_volumes, computable_metrics, particles_of_images, wanted_particles
from cryobench.cli.console import EXIT_MENDABLE, console, mendable_errors, progress_bars
from cryobench.cli.options import AnyDataset, Threads
from cryobench.cli.scores import DatasetFolder, SubmissionFolder
from cryobench.cli.stage import use_threads
from cryobench.core import Dataset, MethodCard, Progress, Submission
from cryobench.core.words import counted
from cryobench.datasets import load_dataset
from cryobench.methods import Expected, SubmissionReport, check_submission

EPILOG = """Examples:

  cryobench submission check my_submission --dataset igg-1d

  cryobench submission check my_submission --dataset igg-1d -n 50 --no-sanity

Exit status: 0 where it can be scored, also with warnings; 2 with an error."""

_NAMED = 5


def check(
    submission: SubmissionFolder,
    dataset: DatasetFolder,
    particles: Annotated[
        int, typer.Option("-n", "--particles", min=1, help="Particles of the per-image protocol.")
    ] = 100,
    sanity: Annotated[
        bool, typer.Option("--sanity/--no-sanity", help="Whether volumes are compared with the dataset's consensus.")
    ] = True,
    any_dataset: AnyDataset = False,
    threads: Threads = None,
) -> None:
    """Check a submission: list all that is wrong, all that is odd, what is there, and which metrics it allows.

    The mean of its volumes is compared with a backprojection of the dataset's particles: volumes that are magnified,
    shifted, turned, mirrored or negated are named.
    """
    with mendable_errors("nothing was changed"):
        use_threads(threads)
        truth = load_dataset(dataset)
        with progress_bars() as progress:
            report = check_submission(submission, expected(truth), any_dataset=any_dataset, progress=progress)
            claimed = _claimed(report, len(truth.particles))
            warnings = [*report.warnings]
            notes: list[str] = []
            if claimed.volumes is not None:
                warnings += _missing(report, truth, particles)
                if sanity:
                    found, notes = _insane(claimed, truth, progress)
                    warnings += found
        _print(submission, report, claimed, notes)
        for kind, sentences in (("warning", warnings), ("error", report.errors)):
            for sentence in sentences:
                console.print(f"{kind}: {sentence}", markup=False, soft_wrap=True)
        errors = len(report.errors)
        console.print(f"{counted(errors, 'error')}, {counted(len(warnings), 'warning')}")
        if errors:
            raise typer.Exit(EXIT_MENDABLE)


def expected(dataset: Dataset) -> Expected:
    """Return what a submission to a dataset has to be like."""
    particles = dataset.particles
    return Expected(dataset.card, len(particles), particles.box, particles.pixel_size)


def _claimed(report: SubmissionReport, n: int) -> Submission:
    """Return what of a submission is right."""
    unknown = MethodCard(name="unknown", version="", role="method", summary="")
    manifest, parts = report.manifest, report.parts
    return Submission(
        method=unknown if manifest is None else manifest.method,
        particles=n,
        kind="fixed-pose" if manifest is None else manifest.kind,
        latents=None if parts is None else parts.latents,
        labels=None if parts is None else parts.labels,
        posteriors=None if parts is None else parts.posteriors,
        poses=None if parts is None else parts.poses,
        volumes=None if parts is None else parts.volumes,
    )


def _missing(report: SubmissionReport, dataset: Dataset, n: int) -> list[str]:
    """Return a warning where volumes are wanted and not there; which stand for states, only latents say."""
    assert report.parts is not None
    assert report.parts.volumes is not None
    latents = report.parts.latents
    wanted = (
        particles_of_images(dataset.truth, n) if latents is None else wanted_particles(dataset.truth, latents, n, 0)
    )
    missing = np.setdiff1d(wanted, report.parts.volumes.particles).tolist()
    if not missing:
        return []
    some = ", ".join(map(str, missing[:_NAMED])) + (" ..." if len(missing) > _NAMED else "")
    how = "cryobench queries" if latents is None else "cryobench queries --latents"
    return [
        f"volumes/index.csv: no volume of {len(missing)} of the {len(wanted)} particles that are wanted ({some}): add "
        f"them ({how} lists them), or score those that are there with fsc per-image --available"
    ]


def _insane(claimed: Submission, dataset: Dataset, progress: Progress) -> tuple[list[str], list[str]]:
    """Return warnings on the volumes as a whole, and what else was found of them."""
    assert claimed.volumes is not None
    report = check_volumes(claimed.volumes, dataset.particles, claimed.kind, progress=progress)
    if report.difference is None or report.unchecked:
        return [], [f"volumes: not compared with the consensus: {report.unchecked}"]
    found = report.difference
    notes = [
        f"volumes: the mean of {report.volumes} agrees with the consensus of the particles by a mean FSC of "
        f"{found.as_it_is:.3f} as it is, {found.agreement:.3f} at its best place; magnification "
        f"{found.magnification:.3f}, grey scale {found.grey_scale:.3g}"
    ]
    notes += [f"volumes: {each.words}" for each in report.findings if each.harmless]
    return [f"volumes: {words}" for words in report.notes()], notes


def _print(folder: Path, report: SubmissionReport, claimed: Submission, notes: list[str]) -> None:
    who = "" if report.manifest is None else f": {claimed.method.name} {claimed.method.version}, {claimed.kind}"
    table = Table(title=escape(f"{folder}{who}"), title_justify="left", box=rich.box.SIMPLE_HEAD)
    for head in ("metrics", "need", "there"):
        table.add_column(head)
    shapes = _shapes(claimed)
    for part in computable_metrics(claimed):
        table.add_row(", ".join(part.metrics), part.needs, shapes[part.needs] if part.there else "no")
    console.print(table)
    for note in notes:
        console.print(note, markup=False, soft_wrap=True)


def _shapes(claimed: Submission) -> dict[str, str]:
    latents, labels, posteriors = claimed.latents, claimed.labels, claimed.posteriors
    classes = [] if labels is None else [f"{len(np.unique(labels)):,} labels"]
    classes += [] if posteriors is None else [f"posteriors of {posteriors.shape[1]}"]
    having = getattr(claimed.volumes, "particles", ())
    files = getattr(claimed.volumes, "files", ())
    return {
        "latents": "" if latents is None else f"{latents.shape[1]} dimensions",
        "labels or posteriors": ", ".join(classes),
        "poses": "" if claimed.poses is None else f"{len(claimed.poses):,}",
        "volumes": f"{len(files):,} of {len(having):,} particles",
    }
