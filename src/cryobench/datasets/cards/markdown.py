"""Words of any kind as Markdown that shows them, and does nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# White space, control characters, and marks that turn the direction of what follows.
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
# An underscore within a word is no markup, and names of files have many: it stays as it is.
_MARKUP = re.compile(r"[\\`*~<|$]|(?<![^\W_])_|_(?![^\W_])|&(?=[#A-Za-z])|\](?=[(\[:])|(?<=\s)#(?=#*$)")
# What would begin a list, a heading, a quotation, a rule or a definition; a number before its dot is kept.
_AT_START = re.compile(r"(\d{1,9})(?=[.)](?:\s|$))|(?=[-+](?:[-+\s]|$)|[#>=\[])")


def one_line(words: str) -> str:
    """Return words with each run of white space and control characters as one blank."""
    return _SPACES.sub(" ", words).strip()


def text(words: str) -> str:
    """Return words as plain text on one line, whatever markup they hold."""
    escaped = _MARKUP.sub(lambda match: f"\\{match[0]}", one_line(words))
    start = _AT_START.match(escaped)
    return f"{start[0]}\\{escaped[start.end() :]}" if start else escaped


def code(words: str) -> str:
    """Return words as a code span on one line."""
    line = one_line(words)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if "`" in line else ""
    return f"{fence}{pad}{line}{pad}{fence}" if line else ""


def code_block(lines: Iterable[str], language: str = "sh") -> list[str]:
    """Return the lines of a block of code."""
    shown = list(lines)
    fence = "`" * (1 + max(2, *(len(run) for line in shown for run in re.findall("`+", line)), 0))
    return [f"{fence}{language}", *shown, fence]


def code_cell(words: str) -> str:
    """Return words as a code span in a cell of a table, which a bar would end even there."""
    return code(words).replace("|", "\\|")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; its cells are Markdown on one line, their bars escaped."""
    return [f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *rows)]
