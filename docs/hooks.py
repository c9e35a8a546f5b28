"""Parts of the pages that are made from the code while the site is built.

A page holds a comment such as ``<!-- cryobench: commands -->``; it is replaced by what the package says about itself.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any

from cryobench.cli.app import app
from cryobench.datasets import RECIPES
from cryobench.methods import METHODS
from cryobench.metrics import METRICS

_MARKER = re.compile(r"<!-- cryobench: ([a-z]+) -->")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the comments of a page; called by mkdocs for each page."""
    return _MARKER.sub(lambda match: PARTS[match[1]](), markdown)


def commands() -> str:
    """Return the help of the program and of each of its commands."""
    names = [command.name for command in app.registered_commands]
    sections = [_help_section(), *(_help_section(name) for name in names if name is not None)]
    return "\n\n".join(sections)


def datasets() -> str:
    """Return a table of the datasets and their sizes."""
    rows = []
    for name in RECIPES:
        recipe = RECIPES[name]
        for scale, size in recipe.sizes.items():
            imaging = size.imaging
            stored = f"{imaging.output_box} px of {imaging.output_pixel_size:g} Å"
            images = f"{size.states} × {size.images_per_state:,}"
            quality = (f"{size.resolution:g} Å", f"{imaging.noise.snr:g}")
            rows.append((f"`{name}`", scale, recipe.summary, images, stored, *quality))
    return _table(("name", "size", "what it is", "states × images", "images on disk", "map resolution", "SNR"), rows)


def methods() -> str:
    """Return a table of the built-in methods and controls."""
    cards = [METHODS[name].card for name in METHODS]
    return _table(("name", "role", "what it is"), [(f"`{card.name}`", card.role, card.summary) for card in cards])


def metrics() -> str:
    """Return a table of the metrics."""
    cards = [METRICS[name] for name in METRICS]
    rows = [(f"`{c.name}`", c.summary, _range(*c.range), f"{c.direction} is better", c.reference) for c in cards]
    return _table(("name", "what it is", "range", "direction", "reference"), rows)


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "datasets": datasets,
    "methods": methods,
    "metrics": metrics,
}


def _help_section(*command: str) -> str:
    """Return a heading and the help text of one command as a terminal without colours shows it."""
    # These make the help coloured, which a page cannot show.
    colouring = {"FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS"}
    environment = {name: value for name, value in os.environ.items() if name not in colouring}
    environment |= {"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    call = [sys.executable, "-m", "cryobench", *command, "--help"]
    shown = subprocess.run(call, env=environment, capture_output=True, encoding="utf-8", check=True).stdout
    # Run as a module the program calls itself "python -m cryobench".
    shown = shown.replace("python -m cryobench", "cryobench")
    lines = [line.rstrip() for line in shown.strip("\n").splitlines()]
    return "\n".join([f"## `{' '.join(('cryobench', *command))}`", "", "```text", *lines, "```"])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(head), line("---" for _ in head), *(line(row) for row in rows)])


def _range(low: float | None, high: float | None) -> str:
    return f"{'unbounded' if low is None else f'{low:g}'} to {'unbounded' if high is None else f'{high:g}'}"
