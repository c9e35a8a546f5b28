"""``cryobench submission schema``: the JSON schema of ``submission.json``."""

from __future__ import annotations

import json

from cryobench.cli.console import console
from cryobench.methods import submission_schema

EPILOG = """Examples:

  cryobench submission schema > submission.schema.json"""


def schema() -> None:
    """Print the JSON schema of submission.json, for editors and for programs that write one."""
    console.print(json.dumps(submission_schema(), indent=1), markup=False, soft_wrap=True)
