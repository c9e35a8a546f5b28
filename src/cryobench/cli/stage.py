"""What the commands of image formation share: their input, their notes and pictures, and the plan of a dry run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from cryobench.cli.console import console, errors, mendable_errors, progress_bars
from cryobench.core import InputError
from cryobench.imaging.stages import Task, Watch
from cryobench.io import write_bytes
from cryobench.ops.threads import set_threads

Seed = Annotated[
    int,
    typer.Option(help="With each output's file name, the key of all that is drawn: two files of one seed differ."),
]
PixelSize = Annotated[
    float | None,
    typer.Option("--apix", "--Apix", metavar="Å", help="Pixel size.", show_default="what the headers say"),
]
Pictures = Annotated[
    Path | None,
    typer.Option("--out-png", metavar="PNG", help="Picture of the first nine images; a folder for a folder."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, say what would be made, and make nothing.")]
DataFolder = Annotated[
    Path | None,
    typer.Option("--datadir", metavar="DIR", help="Where the paths in a list of images start from."),
]


@contextmanager
def stage_errors() -> Iterator[None]:
    """Turn an error that the user can mend into one line and exit status 2, and Ctrl-C into a word on what is left."""
    with mendable_errors("files that are finished are kept, and no other is left behind"):
        yield


@contextmanager
def watching() -> Iterator[Watch]:
    """Yield who shows progress and notes on standard error, and draws pictures."""
    with progress_bars() as progress:
        yield Watch(progress, print_note, draw)


def print_note(sentence: str) -> None:
    """Print a note on standard error."""
    errors.print(f"cryobench: note: {sentence}", markup=False, soft_wrap=True)


def draw(path: Path, images: object) -> None:
    """Write a picture of a stack's first images."""
    from cryobench.report import montage  # noqa: PLC0415 (what draws takes half a second to load)

    write_bytes(path, montage(images))  # type: ignore[arg-type]


def one_input(argument: Path | None, option: Path | None, flag: str) -> Path:
    """Return the input, given either as an argument or with its flag.

    Raises
    ------
    InputError
        If it was given twice or not at all.
    """
    if argument is not None and option is not None:
        raise InputError(f"the input is given twice, as {argument} and as {flag} {option}: give one")
    found = argument if option is None else option
    if found is None:
        raise InputError(f"there is no input: give its path, either alone or with {flag}")
    return found


def use_threads(threads: int | None) -> None:
    """Use this many threads, or leave it as it is."""
    if threads is not None:
        set_threads(threads)


def print_plan(tasks: Sequence[Task], more: Mapping[str, str], notes: Sequence[str] = ()) -> None:
    """Print what would be made."""
    for sentence in notes:
        print_note(sentence)
    images = sum(task.images for task in tasks)
    boxes = sorted({(task.box, task.pixel_size) for task in tasks})
    size = sum(4 * task.images * task.box**2 for task in tasks) / 2**20
    files = f"{tasks[0].output}" if len(tasks) == 1 else f"{tasks[0].output} ... {tasks[-1].output}"
    rows = {
        "stacks": f"{len(tasks):,}: {files}",
        "images": f"{images:,}, box {', '.join(f'{box} of {pixel:g} Å/px' for box, pixel in boxes)}",
        "on disk": f"{size:.0f} MB",
        **more,
    }
    print_rows(rows)


def print_rows(rows: Mapping[str, str]) -> None:
    """Print what a dry run found, a row for each label."""
    plan = Table(show_header=False, box=None, title="Dry run: nothing is made", title_justify="left")
    for label, text in rows.items():
        plan.add_row(label, escape(text))
    console.print(plan)
