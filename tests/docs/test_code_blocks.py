"""Every ``python`` block of the pages runs. Blocks of one page share their names, as a reader would run them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> list[tuple[int, str]]:
    """Return the line at which each block of code begins, and its text."""
    text = page.read_text(encoding="utf-8")
    return [(text.count("\n", 0, match.start(1)), match[1]) for match in _BLOCK.finditer(text)]


WITH_CODE = [page for page in PAGES if blocks(page)]
LONG = {"your-own-method.md"}  # draws a UMAP


def _parameter(page: Path) -> object:
    marks = [pytest.mark.slow] if page.name in LONG else []
    return pytest.param(page, id=page.relative_to(ROOT).as_posix(), marks=marks)


# umap says so, when it is imported, of an optional part that is not used here.
@pytest.mark.filterwarnings("ignore:Tensorflow not installed:ImportWarning")
@pytest.mark.parametrize("page", [_parameter(page) for page in WITH_CODE])
def test_code_of_the_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__page__"}
    for line, code in blocks(page):
        # The empty lines give a traceback the page's own line numbers.
        exec(compile("\n" * line + code, str(page), "exec"), names)


def test_readme_has_code_to_run() -> None:
    assert ROOT / "README.md" in WITH_CODE
