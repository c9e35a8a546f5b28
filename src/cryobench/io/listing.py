"""What a folder holds."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

_NAMED = 4
"""Folders that a message names."""


def natural_key(path: Path) -> tuple[tuple[tuple[str, int], ...], str]:
    """Return a key that sorts names by the numbers in them: ``2.mrc`` before ``10.mrc``."""
    parts = re.findall(r"(\D*)(\d*)", path.name, re.ASCII)  # other scripts' digits, such as ², are no numbers to int
    return tuple((text, int(digits or -1)) for text, digits in parts), path.name


def below(folder: Path, name: str) -> str:
    """Return words that say which folders in one, at most two deep, hold a file that it lacks itself; maybe none.

    Such as ``"; scores/submission has one"``, for the end of a message.
    """
    if not folder.is_dir():
        return ""
    found: list[Path] = []
    for pattern in (f"*/{name}", f"*/*/{name}"):
        found = found or sorted((path.parent for path in folder.glob(pattern)), key=natural_key)
    if not found:
        return ""
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"; {', '.join(map(str, found[:_NAMED]))}{more} {'has' if len(found) == 1 else 'have'} one"


def find_files(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Return the files of a folder with one of some suffixes, in natural order; the list may be empty.

    Parameters
    ----------
    folder
        Where to look, not below.
    suffixes
        Such as ``(".mrc",)``, in lower case; ``.MRC`` matches too. Names that begin with a dot are left out: macOS
        writes ``._0.mrc`` beside ``0.mrc`` on drives of other systems.
    """
    found = (path for path in folder.iterdir() if path.suffix.lower() in suffixes and not path.name.startswith("."))
    return sorted((path for path in found if not path.is_dir()), key=natural_key)
