"""Words that fit the room there is: measured in the font that draws them, wrapped or shortened, never cut off."""

from __future__ import annotations

from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from cryobench.report._fonts import families, quiet_fonts

_POINTS = 72  # of an inch
_HINTED = 1.06  # letters on whole pixels are wider than their outlines


@lru_cache(maxsize=20_000)
def width_of(text: str, size: float, weight: str = "normal") -> float:
    """Return how many inches a line takes, its size in points."""
    font = FontProperties(family=list(families()), size=size, weight=weight)
    with quiet_fonts():
        width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return _HINTED * float(width) / _POINTS


def shortened(text: str, inches: float, size: float, weight: str = "normal") -> str:
    """Return a line that takes no more than so many inches: its end becomes an ellipsis where it would."""
    line = " ".join(text.split())
    if width_of(line, size, weight) <= inches:
        return line
    low, high = 0, len(line)  # letters that fit, and that do not
    while high - low > 1:
        middle = (low + high) // 2
        if width_of(f"{line[:middle].rstrip()}…", size, weight) <= inches:
            low = middle
        else:
            high = middle
    return f"{line[:low].rstrip()}…"


def wrapped(text: str, inches: float, size: float, weight: str = "normal", most: int | None = None) -> list[str]:
    """Return lines of no more than so many inches, broken between words where that can be.

    The last of ``most`` lines ends in an ellipsis where there is more.
    """
    lines: list[str] = []
    words = text.split()
    while words and (most is None or len(lines) < most - 1):
        line = words.pop(0)
        while words and width_of(f"{line} {words[0]}", size, weight) <= inches:
            line = f"{line} {words.pop(0)}"
        if width_of(line, size, weight) > inches:  # a single word
            kept = max(1, len(shortened(line, inches, size, weight)) - 1)
            words.insert(0, line[kept:])
            line = line[:kept]
        lines.append(line)
    if words:
        lines.append(shortened(" ".join(words), inches, size, weight))
    return lines
