"""``cryobench score``: submissions against the truth of their dataset, beside its controls."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

import typer

from cryobench.benchmark import (
    CONTROLS,
    RESULT_FILES,
    Entry,
    ScoreSettings,
    ScoreStore,
    entries,
    measures,
    read_document,
    score_entries,
    write_results,
)
from cryobench.cli.console import console, mendable_errors, progress_bars
from cryobench.cli.options import AnyDataset, Overwrite, Threads
from cryobench.cli.scores import DatasetFolder
from cryobench.cli.stage import use_threads
from cryobench.cli.summary import print_summary
from cryobench.core import FormatError, InputError, OutputError
from cryobench.core.names import require_method_name
from cryobench.datasets import load_dataset
from cryobench.io import score_cache

EPILOG = f"""Examples:

  cryobench score demo/submissions/ppca --dataset demo/dataset -o scores

  cryobench score mine/submission tuned=other/submission --dataset igg-1d -o scores --align one

It writes {", ".join(RESULT_FILES)} to DIR; 'cryobench report DIR' makes a page of them, 'cryobench compare DIR' tells
which methods differ.

Measures of latents, classes and poses: {", ".join(measures.MEASURES)}."""


def score(
    submissions: Annotated[
        list[str],
        typer.Argument(metavar="[NAME=]SUBMISSION...", help="Submission folders, each with another name or not."),
    ],
    dataset: DatasetFolder,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the results.")],
    controls: Annotated[
        str,
        typer.Option(metavar="NAMES", help="Controls to score beside them, separated by commas; 'none' for none."),
    ] = ",".join(CONTROLS),
    align: Annotated[
        Literal["auto", "none", "one", "each"],
        typer.Option(
            help="Bring volumes to the truth first: none, all by one transform, or each by its own. auto: one where "
            "the method found the poses, else none."
        ),
    ] = "auto",
    images: Annotated[int, typer.Option("-n", "--images", min=1, help="Particles of the per-image protocol.")] = 100,
    metrics: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Measures of latents, classes and poses.", show_default="all"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of shuffles, subsamples, UMAP and resampling.")] = 1,
    cache: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where scores are kept for later runs.", show_default="the user's cache"),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Score all anew, whatever was kept.")] = False,
    any_dataset: AnyDataset = False,
    threads: Threads = None,
    overwrite: Overwrite = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be scored, and score nothing.")] = False,
) -> None:
    """Score submissions by every metric that they allow, beside the controls of their dataset.

    What did not change since an earlier run is not scored again.
    """
    with mendable_errors("what is scored is kept: give the same command to go on"):
        use_threads(threads)
        truth = load_dataset(dataset)
        settings = ScoreSettings(seed=seed, images=images, align=align, measures=_names(metrics))
        for name in settings.measures or ():
            measures.MEASURES[name]  # an unknown name should stop us before any work
        named = [_named(each) for each in submissions]
        for given, _ in named:
            if given is not None:
                require_method_name(given)
        chosen = entries(truth, named, _controls(controls), settings, any_dataset=any_dataset)
        if not overwrite:
            _check_output(output, {entry.name for entry in chosen})
        store = ScoreStore(score_cache() if cache is None else cache, fresh=fresh)
        _announce(chosen, store)
        if dry_run:
            console.print("Dry run: nothing was scored.")
            return
        with progress_bars() as progress:
            results = score_entries(truth, chosen, settings, store, progress)
        write_results(results, output)
        print_summary(results.document, f"{output / 'results.json'}, or 'cryobench report {output}'")
        console.print(f"\nWritten: {', '.join(str(output / name) for name in RESULT_FILES)}", soft_wrap=True)


def _named(text: str) -> tuple[str | None, Path]:
    """Return the name and the folder of ``NAME=FOLDER``; a folder that exists under the whole text comes first."""
    name, equals, folder = text.partition("=")
    if not equals or Path(text).exists():
        return None, Path(text)
    if not name or not folder:
        raise InputError(f"'{text}': expected a submission folder, or NAME=FOLDER")
    return name, Path(folder)


def _names(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _controls(text: str) -> tuple[str, ...]:
    return () if text.strip() == "none" else _names(text) or ()


def _check_output(folder: Path, names: Collection[str]) -> None:
    """Raise unless results of these names may be written to a folder without the loss of anything else."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file: choose a folder with -o")
    strangers = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    if not strangers:
        return
    mend = "add --overwrite to write there, or choose another -o"
    if RESULT_FILES[0] not in strangers:
        raise OutputError(f"{folder} is not empty and holds no results: {mend}")
    try:
        document = read_document(folder / RESULT_FILES[0])
    except FormatError as error:
        raise OutputError(f"{folder} holds results that cannot be read ({error}): {mend}") from error
    lost = [card.name for card in document.methods if card.role == "method" and card.name not in names]
    if lost:
        raise OutputError(f"{folder} holds results of {', '.join(lost)} too, which would be lost: {mend}")


def _announce(chosen: list[Entry], store: ScoreStore) -> None:
    for entry in chosen:
        what = "built in" if isinstance(entry.source, str) else str(entry.source)
        state = "unchanged, its scores are taken from before" if store.has(entry.key) else "to be scored"
        console.print(f"{entry.name} ({what}): {state}", markup=False, soft_wrap=True)
