"""``cryobench submission unpack``: a packed submission as a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryobench.cli.console import console, mendable_errors
from cryobench.methods import unpack_submission

EPILOG = """Examples:

  cryobench submission unpack my_submission.zip -o my_submission"""


def unpack(
    packed: Annotated[Path, typer.Argument(metavar="ZIP", help="A packed submission.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder to make.")],
    most: Annotated[float, typer.Option("--most-gb", min=0, help="Size at most when unpacked, in GB.")] = 100.0,
) -> None:
    """Unpack a submission, whole or not at all. Nothing is written outside of DIR, and no link is made."""
    with mendable_errors("nothing was written"):
        verified = unpack_submission(packed, output, int(most * 1e9))
        words = "checksums agree" if verified else "it holds no checksums"
        console.print(f"Unpacked to {output}: {words}", markup=False, soft_wrap=True)
