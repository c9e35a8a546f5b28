"""File names from names that may hold anything."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_LONGEST = 60


def slug(name: str) -> str:
    """Return a name of small letters, digits and dashes that every file system takes; ``"unnamed"`` of nothing."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower())[:_LONGEST].strip("-") or "unnamed"


def slugs(names: Iterable[str]) -> list[str]:
    """Return the slug of each name, numbered where two would be the same."""
    made: list[str] = []
    for name in names:
        wanted = slug(name)
        chosen, number = wanted, 2
        while chosen in made:
            chosen, number = f"{wanted}-{number}", number + 1
        made.append(chosen)
    return made
