"""Scores of many volumes: what ``per-conformation`` and ``per-image`` share."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from cryobench.benchmark import (
    Confusion,
    Gauge,
    Task,
    VolumeScores,
    check_volumes,
    common_frame,
    confusion,
    curve_record,
    per_item_text,
    per_state_text,
    score_tasks,
    scores_text,
    volume_score_records,
)
from cryobench.cli.console import console, glyphs_told_once
from cryobench.cli.fsc.options import Frame
from cryobench.cli.fsc.sources import Scorable, published_folder
from cryobench.cli.scores import print_scores, write_picture
from cryobench.cli.stage import print_note
from cryobench.core import DatasetCard, InputError, Progress, Score
from cryobench.core.words import titled
from cryobench.io import write_text

_FRAME_VOLUMES = 20
_FIELDS = "%.7f"
_CONTROLS = "Ceiling: the true volumes as the claim. Floor: chance. See the control consensus for that of FSC."


def sane(found: Scorable, frame: Frame, progress: Progress) -> tuple[str, ...]:
    """Return what is wrong with a submission's volumes as a whole, and say it before they are scored."""
    if found.dataset is None:
        return ()
    report = check_volumes(found.volumes, found.dataset.particles, found.kind, found.particles, progress)
    notes = report.notes(aligned=frame is not Frame.none)
    for note in notes:
        print_note(f"the volumes are {note}")
    return notes


def score(
    found: Scorable, protocol: str, frame: Frame, seed: int, progress: Progress, *, matrix: bool
) -> tuple[VolumeScores, list[Score], Confusion | None]:
    """Return the scores of volumes, and the matrix of states if it is asked for."""
    if matrix:
        if len(np.unique(found.truth.labels)) < len(found.truth.states):
            raise InputError("a matrix of states needs particles of every state: leave --matrix out, or the other maps")
        if frame is Frame.each:
            raise InputError("a matrix of states needs one frame for all volumes: give --align one, or none")
    gauge: Gauge = "each" if frame is Frame.each else None
    if frame is Frame.one:
        gauge = common_frame(found.volumes, found.particles, found.truth, _FRAME_VOLUMES, progress)
    task = Task(found.method, protocol, found.volumes, found.particles, gauge)
    scores = score_tasks([task], found.truth, progress)[0]
    records = volume_score_records(scores, found.mask, seed)
    confused = confusion(task, found.truth, progress) if matrix else None
    if confused is not None:
        records.append(confused.score(seed))
    return scores, records, confused


def _card(found: Scorable) -> DatasetCard | None:
    return None if found.dataset is None else found.dataset.card


def show(scores: VolumeScores, records: list[Score], found: Scorable) -> None:
    """Print the means and medians, and how many volumes failed."""
    console.print(f"Volumes: {found.source}.", markup=False, soft_wrap=True)
    means = [
        record.model_copy(update={"protocol": "all particles", "parameters": _shown(record)})
        for record in records
        if record.statistic == "mean"
    ]
    title = titled(f"Volumes of {scores.method}, {scores.protocol}, {found.mask}", _card(found))
    print_scores(title, means, {}, _CONTROLS)
    failures = [item for item in scores.items if item.failure]
    for item in failures[:5]:
        console.print(f"! particle {item.particle}: {item.failure}", markup=False, soft_wrap=True)
    if len(failures) > 5:
        console.print(f"! and {len(failures) - 5} more: see fsc_per_item.csv")


def _shown(record: Score) -> dict[str, float | int | str]:
    return {name: value for name, value in record.parameters.items() if name != "mask"}


@glyphs_told_once()
def write(
    output: Path,
    found: Scorable,
    scores: VolumeScores,
    records: list[Score],
    confused: Confusion | None,
    *,
    published_files: bool,
) -> None:
    """Write tables, plots and, if asked for, the published text files."""
    from cryobench.report import matrix_figure, shell_figure  # noqa: PLC0415 (half a second to load)

    names = [state.name for state in found.truth.states]
    output.mkdir(parents=True, exist_ok=True)
    texts = {
        "fsc_per_item.csv": per_item_text([scores], names),
        "fsc_per_state.csv": per_state_text([scores], names, found.mask),
        "fsc_scores.csv": scores_text(records),
        "fsc_scores.json": json.dumps([record.model_dump(mode="json") for record in records], indent=1) + "\n",
    }
    if confused is not None:
        texts["fsc_matrix.csv"] = confused.text()
    for name, text in texts.items():
        write_text(output / name, text)
    console.print(f"Written: {', '.join(str(output / name) for name in texts)}", markup=False, soft_wrap=True)
    labels = [names[item.state] for item in scores.items]
    curve = curve_record(scores, "standard", labels)
    note = f"mean and middle 80 % of {len(scores.items)} volumes; {found.mask}"
    title = titled(f"{scores.method}, {scores.protocol}", _card(found))
    write_picture(output / "fsc.png", shell_figure([curve], title, note))
    if confused is not None:
        title = titled(f"States of {scores.method}", _card(found))
        picture = matrix_figure(confused.areas, names, title, "dots: the best match of a row")
        write_picture(output / "fsc_matrix.png", picture)
    if published_files:
        _write_published(output, found, scores)


def _write_published(output: Path, found: Scorable, scores: VolumeScores) -> None:
    """Write a file for each volume as the published scripts do: cycles per pixel and FSC, clipped, seven digits."""
    folder = published_folder(output, scores.method, scores.protocol)
    folder /= "fsc_no_mask" if found.truth.mask is None else "fsc"
    folder.mkdir(parents=True, exist_ok=True)
    order = {particle: place for place, particle in enumerate(found.particles.tolist())}
    for item in scores.items:
        curve = item.curves["published"]
        rows = zip(curve.frequency, np.clip(curve.correlation, 0.0, 1.0), strict=True)
        lines = [f"{_FIELDS % pixres} {_FIELDS % value}" for pixres, value in rows]
        write_text(folder / f"{order[item.particle]:03d}.txt", "\n".join(["pixres fsc", *lines]) + "\n")
    console.print(f"Written: {folder}/000.txt ...", markup=False, soft_wrap=True)
