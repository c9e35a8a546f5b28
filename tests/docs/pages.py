"""The pages, and the blocks of code in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# A comment before a block of shell commands says that it is not run, and why.
_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*) -->\n)?"
    r'^```(?P<kind>sh|python|bash)(?: title="(?P<title>[\w.]+)")?\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
_INSTEAD = re.compile(r"^<!-- when run in tests, `(?P<shown>[^`\n]+)` is `(?P<run>[^`\n]+)` -->$", re.MULTILINE)
_NOT_RUN = re.compile(r"not run: (\S.*)")


@dataclass(frozen=True)
class Block:
    """Code of a page: where it begins, what it is, the comment before it, and the file that it is to be."""

    line: int
    kind: str
    text: str
    mark: str
    title: str = ""

    @property
    def not_run(self) -> str:
        """Why it is not run; empty where it is."""
        match = _NOT_RUN.fullmatch(self.mark)
        return match[1] if match else ""


def name_of(page: Path) -> str:
    """Return the path of a page within the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, *kinds: str) -> list[Block]:
    """Return the blocks of the kinds ``sh``, ``python`` and ``bash``, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            text.count("\n", 0, match.start("text")),
            match["kind"],
            match["text"],
            match["mark"] or "",
            match["title"] or "",
        )
        for match in _BLOCK.finditer(text)
        if match["kind"] in kinds
    ]


def instead(page: Path) -> dict[str, str]:
    """Return what is put in place of words that the page shows, where they would take too long in a test."""
    return {match["shown"]: match["run"] for match in _INSTEAD.finditer(page.read_text(encoding="utf-8"))}
