"""Progress of long work: a library function tells it, the command line shows it."""

from __future__ import annotations

from collections.abc import Callable

Advance = Callable[[int], None]
"""Called with the number of items just finished."""

Progress = Callable[[str, int], Advance]
"""Called with a label and the total number of items; returns what is called as they are finished."""


def silent(label: str, total: int) -> Advance:
    """Show nothing."""
    del label, total
    return lambda items: None
