"""The specs that the pages show are valid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cryobench.datasets import read_spec

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WAYS = ("volumes", "structures", "trajectory", "normal_modes")
_BLOCK = re.compile(r"^```(yaml|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def specs() -> list[object]:
    """Return the page, the ending of the file name, and the text of each block of a spec."""
    return [
        pytest.param(match[1], match[2], id=f"{page.name}-{number}")
        for page in PAGES
        for number, match in enumerate(_BLOCK.finditer(page.read_text(encoding="utf-8")))
    ]


@pytest.mark.parametrize(("kind", "text"), specs())
def test_spec_of_the_page_is_valid(kind: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / f"spec.{kind}"
    file.write_text(text, encoding="utf-8")
    spec = read_spec(file)
    assert sum(getattr(spec, way) is not None for way in WAYS) == 1


def test_every_way_is_shown() -> None:
    shown = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert all(re.search(rf"^{way}:", shown, re.MULTILINE) for way in WAYS)
