"""Relative links and images of the pages lead somewhere, and the navigation knows every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def relative_links(page: Path) -> list[str]:
    """Return the targets of the page's links that are not addresses, without their anchors."""
    prose = _FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [target.partition("#")[0] for target in _LINK.findall(prose) if "://" not in target]
    return [target for target in targets if target]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    broken = [target for target in relative_links(page) if not (page.parent / target).exists()]
    assert not broken


def test_links_of_the_pages_stay_among_them() -> None:
    docs = ROOT / "docs"
    outside = [
        (page.name, target)
        for page in docs.rglob("*.md")
        for target in relative_links(page)
        if not (page.parent / target).resolve().is_relative_to(docs)
    ]
    assert not outside, "the site holds docs/ alone"


def test_links_are_found() -> None:
    assert "docs/images/demo.png" in relative_links(ROOT / "README.md")


def test_navigation_names_every_page() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2]
    named = set(re.findall(r"[\w/-]+\.md", navigation))
    assert named == {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
