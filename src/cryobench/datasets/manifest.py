"""The manifest of a dataset folder, and the names of the files that it lists."""

from __future__ import annotations

import json
from pathlib import Path

import pydantic

from cryobench.core import FormatError
from cryobench.datasets.spec import Manifest
from cryobench.io import below, inside, read_text, sha256

MANIFEST = "dataset.json"
SCHEMA_VERSION = 3


def stack_name(number: int) -> str:
    """Return the path of a stack of images within the dataset folder."""
    return f"particles/{number:03d}.mrcs"


def volume_name(state: int) -> str:
    """Return the path of a state's true volume within the dataset folder."""
    return f"truth/volumes/{state:03d}.mrc"


def read_manifest(folder: Path) -> Manifest:
    """Read ``dataset.json``.

    Raises
    ------
    FormatError
        If it is missing or not valid.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise FormatError(
            f"{folder}: no {MANIFEST} there: expected the folder of a dataset"
            f"{below(folder, MANIFEST) or '; make one with datasets build'}"
        )
    text = read_text(path)
    version = _version(text)
    if version is not None and version != SCHEMA_VERSION:
        raise FormatError(
            f"{path}: schema version {version}, expected {SCHEMA_VERSION}: made by another version of cryobench, so "
            "build the dataset again with this one"
        )
    try:
        return Manifest.model_validate_json(text)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part not in {"simulated", "imported"})
        raise FormatError(f"{path}: not a finished dataset: field '{where}': {first['msg']}") from error


def _version(text: str) -> int | None:
    """Return the schema version that a manifest gives, or None where it gives none."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        return None
    version = content.get("schema_version") if isinstance(content, dict) else None
    return version if isinstance(version, int) else None


def changed_files(folder: Path, manifest: Manifest) -> list[str]:
    """Return the files of the manifest that are missing or whose checksum no longer agrees."""
    paths = {name: inside(folder, name, str(folder / MANIFEST)) for name in manifest.files}
    return [n for n, sum_ in manifest.files.items() if not paths[n].is_file() or sha256(paths[n]) != sum_]
