"""A page as a browser reads it, taken apart."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any


class Page(HTMLParser):
    """Collects elements with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def having(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def without_plotly(text: str) -> str:
    return re.sub(r'<script type="text/plain" id="plotly-code">.*?</script>', "", text, flags=re.DOTALL)


def embedded(text: str) -> dict[str, Any]:
    """Return what the page's elements hold as JSON, by their ids."""
    found = re.findall(r'<script type="application/json" id="([a-z0-9-]+)">(.*?)</script>', text, flags=re.DOTALL)
    return {name: json.loads(content) for name, content in found}


def score_table(text: str, section: str = "d0") -> str:
    table = re.search(rf'<table class="scores sortable" id="{section}-score-table">.*?</table>', text, flags=re.DOTALL)
    assert table is not None
    return table[0]
