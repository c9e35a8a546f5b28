"""``cryobench report``: results as one page, and every plot as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryobench.benchmark import RESULT_FILES, join_results, published_scores, read_results
from cryobench.cli.align import require_own_files
from cryobench.cli.console import console, glyphs_told_once, mendable_errors, progress_bars
from cryobench.core import InputError, OutputError, PublishedScore, Results
from cryobench.io import write_bytes, write_text

if TYPE_CHECKING:
    from cryobench.report import FigureFormat

EPILOG = """Examples:

  cryobench report scores -o report.html

  cryobench report scores-igg-1d scores-igg-rl -o report.html --figures figures --formats svg,pdf

Results of one dataset come together on one page, where they were made of one build of it and differ in nothing but
their methods; each dataset has a tab of its own. The page needs no network, and no file beside it."""

_PAGE = Path("report.html")


def report(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULTS...", help="Results of 'cryobench score': folders or results.json.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="HTML", help="The page.", show_default="report.html, or none with --figures"
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(
            "--figures", metavar="DIR", help="Write every plot there, in a folder for each dataset.", show_default=False
        ),
    ] = None,
    formats: Annotated[
        str, typer.Option("--formats", "--format", metavar="NAMES", help="Of the figures, separated by commas.")
    ] = "png,svg,pdf",
    published: Annotated[
        bool,
        typer.Option("--published/--no-published", help="Show scores of publications beside, in rows of their own."),
    ] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
) -> None:
    """Make one self-contained page of results, and figures for papers.

    The page shows scores beside their ceilings and floors, curves, states, surfaces, latent spaces and how each number
    was computed.
    """
    with mendable_errors("what is written is whole"):
        page = _PAGE if output is None and figures is None else output
        _check_outputs(results, page, figures, overwrite=overwrite)
        wanted = _formats(formats)
        found = join_results([read_results(path) for path in results])
        if page is not None:
            _write_page(found, published_scores() if published else (), page)
        if figures is not None:
            with glyphs_told_once():
                _write_figures(found, figures, wanted)
        _say_what_lacks(found)


def _check_outputs(results: Sequence[Path], page: Path | None, figures: Path | None, *, overwrite: bool) -> None:
    """Raise unless what is written is none of what is read, and replaces nothing that it may not.

    Raises
    ------
    InputError, OutputError
        Naming the file or folder.
    """
    read = [path / name for path in results for name in RESULT_FILES]
    read += [path.with_name(name) for path in results for name in RESULT_FILES]
    require_own_files(dict.fromkeys([*results, *read]), [page, figures])
    if page is not None and page.is_dir():
        raise OutputError(f"{page} is a folder: give -o the name of a file")
    if page is not None and page.exists() and not overwrite:
        raise OutputError(f"{page} is there already: add --overwrite to replace it, or choose another -o")
    if figures is not None and figures.exists() and not figures.is_dir():
        raise OutputError(f"{figures} is a file: choose a folder with --figures")
    if figures is not None and figures.is_dir() and any(figures.iterdir()) and not overwrite:
        raise OutputError(f"{figures} is not empty: add --overwrite to write there, or choose another --figures")


def _formats(text: str) -> list[FigureFormat]:
    from cryobench.report import FIGURE_FORMATS  # noqa: PLC0415 (half a second to load)

    names = [part.strip().lower() for part in text.split(",") if part.strip()]
    for name in names:
        if name not in FIGURE_FORMATS:
            raise InputError(f"--formats {text}: no format '{name}': choose of {', '.join(FIGURE_FORMATS)}")
    return [each for each in FIGURE_FORMATS if each in names]


def _write_page(found: Sequence[Results], published: Sequence[PublishedScore], page: Path) -> None:
    from cryobench.report import render_report  # noqa: PLC0415 (half a second to load)

    text = render_report(found, published)
    page.parent.mkdir(parents=True, exist_ok=True)
    write_text(page, text)
    console.print(f"Report: {page} ({len(text.encode()) / 1e6:.1f} MB)", markup=False, soft_wrap=True)


def _write_figures(found: Sequence[Results], folder: Path, formats: Sequence[FigureFormat]) -> None:
    from cryobench.report import figure_files  # noqa: PLC0415 (half a second to load)

    count = 0
    last = ""
    with progress_bars() as progress:
        advance = progress("Drawing the figures of each dataset", len(found))
        for path, content in figure_files(found, formats):
            dataset = path.partition("/")[0]
            if last and dataset != last:
                advance(1)
            last = dataset
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_bytes(folder / path, content)
            count += 1
        advance(1)
    console.print(f"Figures: {count:,} files in {folder}", markup=False, soft_wrap=True)


def _say_what_lacks(found: Sequence[Results]) -> None:
    """Say which results came without their arrays."""
    for each in found:
        if not (each.items or each.embeddings or each.pictures or each.surfaces):
            words = "no results.npz beside it: no latent spaces, pictures, surfaces or values item by item"
            console.print(f"! {each.document.dataset.id}: {words}", markup=False, soft_wrap=True)
