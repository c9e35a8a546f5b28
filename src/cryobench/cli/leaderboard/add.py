"""``cryobench leaderboard add``: a results file to entries."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import rich.box
import typer
from rich.markup import escape
from rich.table import Table

from cryobench.benchmark.leaderboard import (
    HeldBack,
    propose_entries,
    read_commitment,
    read_entries,
    read_handed_in,
    read_opening,
    write_entries,
)
from cryobench.cli.console import console, mendable_errors
from cryobench.cli.leaderboard.options import ENTRIES, DryRun, Entries
from cryobench.core import InputError, LeaderboardEntry

EPILOG = """Examples:

  cryobench leaderboard add results --dry-run

  cryobench leaderboard add theirs/results.json --status rerun --verified ours/results.json"""


def add(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="results.json, or the folder that holds it.")],
    entries: Entries = ENTRIES,
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Method to enter; may be given several times.", show_default="all but controls"
        ),
    ] = None,
    status: Annotated[str, typer.Option(metavar="STATUS", help="claimed or rerun.")] = "claimed",
    verified: Annotated[
        Path | None,
        typer.Option(
            metavar="RESULTS", help="With --status rerun: what you computed yourself from the same submission."
        ),
    ] = None,
    supersedes: Annotated[
        str | None, typer.Option(metavar="ID", help="The entry that this one replaces.", show_default="none")
    ] = None,
    commitment: Annotated[
        Path | None, typer.Option(metavar="JSON", help="Of a dataset that is held back; needs --opening.")
    ] = None,
    opening: Annotated[
        Path | None, typer.Option(metavar="JSON", help="What opens the commitment; it stays secret.")
    ] = None,
    added: Annotated[
        str | None, typer.Option("--date", metavar="DATE", help="Date of the entry.", show_default="today, UTC")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Check a results file, and write an entry for each of its methods.

    Refused is what cannot be: unknown metrics, values out of their range or interval, a dataset without checksum, what
    is entered already. A claim becomes a rerun by results of your own that agree with it in dataset, submission and
    every score.
    """
    with mendable_errors("entries that are written are kept"):
        _require_status(status, results, verified)
        if (commitment is None) != (opening is None):
            raise InputError("--commitment and --opening go together: give both or none")
        held_back = None
        if commitment is not None and opening is not None:
            held_back = HeldBack(read_commitment(commitment), read_opening(opening))
        existing = read_entries([entries]) if any(entries.glob("*.json")) else ()
        made = propose_entries(
            read_handed_in(results),
            existing,
            _date(added),
            methods=method or (),
            verified=None if verified is None else read_handed_in(verified),
            supersedes=supersedes,
            held_back=held_back,
        )
        paths = [] if dry_run else write_entries(made, entries)
        _print(made)
        if dry_run:
            console.print("Dry run: nothing is written.")
        for path in paths:
            console.print(f"Wrote {path}", markup=False, soft_wrap=True)


def _require_status(status: str, results: Path, verified: Path | None) -> None:
    if status == "quoted":
        raise InputError("quoted entries are made of the published scores: cryobench leaderboard quote")
    if status not in {"claimed", "rerun"}:
        raise InputError(f"status '{status}' is unknown: expected claimed or rerun")
    if (status == "rerun") != (verified is not None):
        raise InputError(
            "--status rerun and --verified go together: a rerun is a claim and results of your own that agree"
        )
    if verified is not None and verified.resolve() in {results.resolve(), (results / "results.json").resolve()}:
        raise InputError(f"--verified {verified} is the file that is claimed: compute your own from the submission")


def _date(text: str | None) -> datetime.date:
    if text is None:
        return datetime.datetime.now(datetime.UTC).date()
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--date '{text}' is no date, expected YYYY-MM-DD") from error


def _print(entries: tuple[LeaderboardEntry, ...]) -> None:
    table = Table(box=rich.box.SIMPLE_HEAD)
    for heading in ("entry", "dataset", "method", "status", "scores"):
        table.add_column(heading, justify="right" if heading == "scores" else "left", overflow="fold")
    for entry in entries:
        dataset = escape(entry.dataset.id) + (" [yellow](stand-in)[/]" if entry.dataset.stand_in else "")
        name = escape(f"{entry.method.name} {entry.method.version}")
        table.add_row(entry.id, dataset, name, entry.status, str(len(entry.scores)))
    console.print(table)
