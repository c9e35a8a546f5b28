"""``cryobench datasets init``: a spec of a user's own dataset to fill in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cryobench.cli.console import console, mendable_errors
from cryobench.core import OutputError
from cryobench.datasets import example_spec, spec_schema
from cryobench.io import write_text

EPILOG = """Examples:

  cryobench datasets init my-set.yaml

  cryobench datasets init my-set.yaml --from trajectory"""


def init(
    path: Annotated[Path, typer.Argument(metavar="SPEC", help="File to write (.yaml).")] = Path("dataset.yaml"),
    source: Annotated[
        str,
        typer.Option("--from", metavar="KIND", help="structures, volumes, trajectory or normal_modes."),
    ] = "structures",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented spec of a dataset of your own, and beside it the JSON schema that editors check it with.

    Fill it in, then build it: cryobench datasets build SPEC -o DIR
    """
    with mendable_errors():
        if path.suffix not in {".yaml", ".yml"}:
            raise OutputError(f"{path}: a spec is a .yaml file: give it that ending")
        if not path.parent.is_dir():
            raise OutputError(f"{path}: its folder {path.parent} does not exist: make it first")
        schema = path.with_name(f"{path.stem}.schema.json")
        text = example_spec(source, schema.name)
        taken = [file for file in (path, schema) if file.exists()]
        if taken and not overwrite:
            raise OutputError(f"{taken[0]} exists: add --overwrite to replace it, or choose another name")
        write_text(schema, json.dumps(spec_schema(), indent=1) + "\n")
        write_text(path, text)
        console.print(
            f"Wrote {path} and {schema}. Next: cryobench datasets build {path} -o DIR --dry-run", soft_wrap=True
        )
