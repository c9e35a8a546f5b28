"""The page of the Python interface shows every module that the pages and examples import from."""

from __future__ import annotations

import re

from pages import PAGES, ROOT, blocks

import cryobench

_IMPORT = re.compile(r"^(?:from (cryobench[\w.]*) import|import (cryobench[\w.]*))", re.MULTILINE)
_SHOWN = re.compile(r"^::: (cryobench[\w.]*)$", re.MULTILINE)


def shown() -> set[str]:
    """Return the modules that the page shows."""
    return set(_SHOWN.findall((ROOT / "docs/reference/api.md").read_text(encoding="utf-8")))


def test_modules_that_are_imported_are_shown() -> None:
    code = [block.text for page in PAGES for block in blocks(page, "python")]
    code += [path.read_text(encoding="utf-8") for path in (ROOT / "examples").glob("*.py")]
    used = {first or second for text in code for first, second in _IMPORT.findall(text)}
    assert {"cryobench", "cryobench.benchmark", "cryobench.datasets"} <= used
    assert used <= shown()


def test_names_of_the_package_are_shown() -> None:
    # Each of them has its home in a room that is shown whole.
    homes = {getattr(cryobench, name).__module__ for name in cryobench.__all__}
    rooms = {".".join(home.split(".")[:2]) for home in homes}
    assert rooms <= shown()
