"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Threads = Annotated[int | None, typer.Option("--threads", help="Threads to use.", show_default="all cores")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Start anew in a folder that holds something.")]
AnyDataset = Annotated[
    bool, typer.Option("--any-dataset", help="Take a submission that was made of another build of the dataset.")
]
