"""``cryobench fsc A.mrc B.mrc``: two maps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import rich.box
import typer
from rich.table import Table

from cryobench.align import align_volumes
from cryobench.benchmark import PairScores, compare_maps
from cryobench.benchmark.tables import csv_text
from cryobench.cli.align import Apix, print_alignment, require_own_files
from cryobench.cli.console import console, glyphs_told_once, mendable_errors
from cryobench.cli.options import Threads
from cryobench.cli.scores import PlotFile, write_picture
from cryobench.cli.stage import use_threads
from cryobench.core import Curve
from cryobench.io import read_volume, write_text
from cryobench.metrics import FSC_AUC, THRESHOLDS

EPILOG = """Examples:

  cryobench fsc recovered.mrc true.mrc

  cryobench fsc recovered.mrc true.mrc --mask mask.mrc --align --plot fsc.png -o fsc.csv

  cryobench fsc per-conformation --help

A mask multiplies both maps before the transform."""


def pair(
    volume: Annotated[Path, typer.Argument(metavar="A.mrc", help="A map.")],
    reference: Annotated[Path, typer.Argument(metavar="B.mrc", help="The map that it is compared with.")],
    mask: Annotated[Path | None, typer.Option(metavar="MRC", help="Mask, values 0 to 1.", show_default=False)] = None,
    align: Annotated[bool, typer.Option("--align", help="Bring A onto B first: turn, shift and hand.")] = False,
    apix: Apix = None,
    plot: PlotFile = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="CSV", help="Write the curves there.", show_default=False)
    ] = None,
    threads: Threads = None,
) -> None:
    """Compare two maps by their Fourier shell correlation, in both conventions."""
    with mendable_errors("nothing was written"):
        use_threads(threads)
        require_own_files([volume, reference, mask], [output, plot])
        first, second = read_volume(volume, apix), read_volume(reference, apix)
        if align:
            aligned = align_volumes(first, second)
            print_alignment(aligned)
            first = aligned.volume
        scores = compare_maps(first, second, None if mask is None else read_volume(mask, apix))
        _print(f"{volume.name} against {reference.name}", scores)
        if output is not None:
            output.parent.mkdir(parents=True, exist_ok=True)
            write_text(output, _text(scores))
            console.print(f"Written: {output}", markup=False, soft_wrap=True)
        if plot is not None:
            write_picture(plot, _picture(volume.name, reference.name, scores, masked=mask is not None))


def _print(title: str, scores: PairScores) -> None:
    table = Table(title=title, title_justify="left", box=rich.box.SIMPLE_HEAD)
    table.add_column("")
    for convention in scores.curves:
        table.add_column(convention, justify="right")
    rows: dict[str, list[str]] = {"FSC AUC": [], "over its ceiling": []}
    for curve in scores.curves.values():
        rows["FSC AUC"].append(f"{curve.auc:.4f}")
        rows["over its ceiling"].append(f"{curve.auc_over_ceiling:.4f}")
        for threshold in THRESHOLDS:
            never = "" if curve.crosses(threshold) else " (never below)"
            words = f"{curve.resolution(threshold):.2f} Å{never}"
            rows.setdefault(f"resolution at {threshold:g}", []).append(words)
    for label, cells in rows.items():
        table.add_row(label, *cells)
    table.add_row("correlation of the voxels", f"{scores.real_space:.4f}", "")
    console.print(table)
    for flag in scores.curves["standard"].flags:
        console.print(f"! {flag}", markup=False)


def _text(scores: PairScores) -> str:
    rows = [
        [convention, repr(cycles), repr(cycles / curve.pixel_size), repr(value)]
        for convention, curve in scores.curves.items()
        for cycles, value in zip(curve.frequency.tolist(), curve.correlation.tolist(), strict=True)
        if curve.pixel_size is not None
    ]
    return csv_text(("convention", "cycles_per_pixel", "frequency_1/angstrom", "fsc"), rows)


@glyphs_told_once()
def _picture(volume: str, reference: str, scores: PairScores, *, masked: bool) -> bytes:
    from cryobench.report import shell_figure  # noqa: PLC0415 (half a second to load)

    curves = []
    for convention, curve in scores.curves.items():
        assert curve.pixel_size is not None
        curves.append(
            Curve(
                metric=FSC_AUC,
                method="",
                protocol="",
                convention=convention,
                label="Fourier shell correlation",
                x=tuple((curve.frequency / curve.pixel_size).tolist()),
                x_label="Spatial frequency",
                x_unit="1/Å",
                mean=tuple(curve.correlation.tolist()),
                item_names=(),
                items=(),
            )
        )
    return shell_figure(curves, f"{volume} against {reference}", "within the mask" if masked else "no mask")
