"""File names from names that may hold anything."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 120


def file_stem(name: str) -> str:
    """Return a name of small letters, digits and dashes that every file system takes; ``"unnamed"`` of nothing."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower())[:_LONGEST].strip("-") or "unnamed"


class FileNames:
    """File names of one folder, numbered where two would be the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def next(self, name: str) -> str:
        """Return a name that was not given before."""
        wanted = file_stem(name)
        chosen, number = wanted, 2
        while chosen in self._taken:
            chosen, number = f"{wanted}-{number}", number + 1
        self._taken.add(chosen)
        return chosen
