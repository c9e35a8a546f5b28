"""Every metric has a section in the concept pages: its name, a formula, its pitfalls and a reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cryobench.metrics import METRICS

CONCEPTS = Path(__file__).parents[2] / "docs" / "concepts"
_SECTION = re.compile(r"^## .*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_NAMES = re.compile(r"^Names?: (.+)$", re.MULTILINE)


def sections() -> dict[str, str]:
    """Return the section that says a metric's name in its first line, by that name."""
    found: dict[str, str] = {}
    for page in sorted(CONCEPTS.glob("*.md")):
        for section in _SECTION.findall(page.read_text(encoding="utf-8")):
            if names := _NAMES.search(section):
                # The names end where the sentence does.
                for name in re.findall(r"`([a-z-]+)`", names[1].partition(". ")[0]):
                    assert name not in found, f"two sections on {name}"
                    found[name] = section
    return found


def test_sections_are_those_of_the_metrics() -> None:
    assert set(sections()) == set(METRICS)


@pytest.mark.parametrize("name", list(METRICS))
def test_section_is_complete(name: str) -> None:
    section = sections()[name]
    assert "```text\n" in section, "a formula"
    assert "**Pitfalls.**" in section
    assert re.search(r"^References?: ", section, re.MULTILINE)
