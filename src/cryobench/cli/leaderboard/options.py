"""What several of the commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ENTRIES = Path("leaderboard/entries")

Entries = Annotated[Path, typer.Option("--entries", metavar="DIR", help="Folder of entries.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")]
