"""The leaderboard: entries read, checked and written. What they look like is the affair of the report."""

from cryobench.benchmark.leaderboard.adding import AGREEMENT, HeldBack, propose_entries
from cryobench.benchmark.leaderboard.commitment import (
    Commitment,
    Opening,
    commit_dataset,
    read_commitment,
    read_opening,
    verify_commitment,
)
from cryobench.benchmark.leaderboard.entries import (
    check_history,
    entry_schema,
    entry_text,
    read_entries,
    read_entry,
    write_entries,
)
from cryobench.benchmark.leaderboard.handed_in import HandedIn, read_handed_in
from cryobench.benchmark.leaderboard.published import QUOTED_ON, published_scores, quoted_entries

__all__ = [
    "AGREEMENT",
    "QUOTED_ON",
    "Commitment",
    "HandedIn",
    "HeldBack",
    "Opening",
    "check_history",
    "commit_dataset",
    "entry_schema",
    "entry_text",
    "propose_entries",
    "published_scores",
    "quoted_entries",
    "read_commitment",
    "read_entries",
    "read_entry",
    "read_handed_in",
    "read_opening",
    "verify_commitment",
    "write_entries",
]
