"""``cryobench leaderboard schema``: what an entry looks like."""

from __future__ import annotations

import json

from cryobench.benchmark.leaderboard import entry_schema
from cryobench.cli.console import console

EPILOG = """Example:

  cryobench leaderboard schema > entry.schema.json"""


def schema() -> None:
    """Print the JSON schema of an entry."""
    console.print(json.dumps(entry_schema(), indent=1), markup=False, soft_wrap=True)
