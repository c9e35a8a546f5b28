"""``cryobench leaderboard quote``: the published scores as entries."""

from __future__ import annotations

from cryobench.benchmark.leaderboard import check_history, published_scores, quoted_entries, read_entries, write_entries
from cryobench.cli.console import console, mendable_errors
from cryobench.cli.leaderboard.options import ENTRIES, DryRun, Entries

EPILOG = """Example:

  cryobench leaderboard quote --entries leaderboard/entries"""


def quote(entries: Entries = ENTRIES, dry_run: DryRun = False) -> None:
    """Write the published scores that come with the package as entries, each with its source and caveat.

    What is there already is left alone. Where a number was corrected, another entry supersedes the one that is there.
    """
    with mendable_errors("entries that are written are kept"):
        existing = read_entries([entries]) if any(entries.glob("*.json")) else ()
        made = quoted_entries(existing)
        check_history((*existing, *made))
        if not dry_run:
            write_entries(made, entries)
        verb = "Would write" if dry_run else "Wrote"
        source = f"of {len(published_scores())} published scores"
        console.print(f"{verb} {len(made)} quoted entries, {source}, to {entries}.", markup=False, soft_wrap=True)
