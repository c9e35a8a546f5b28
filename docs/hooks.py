"""Parts of the pages that are made from the code while the site is built.

A page holds a comment such as ``<!-- cryobench: commands -->``; it is replaced by what the package says about itself.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any

from cryobench.benchmark import metric_needs
from cryobench.cli.app import app
from cryobench.core import ResultsDocument
from cryobench.datasets import RECIPES
from cryobench.methods import METHODS, SYSTEMS, submission_schema
from cryobench.methods.running import RUNNERS, Runner
from cryobench.metrics import METRICS

_MARKER = re.compile(r"<!-- cryobench: ([a-z]+) -->")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the comments of a page; called by mkdocs for each page."""
    return _MARKER.sub(lambda match: PARTS[match[1]](), markdown)


def commands() -> str:
    """Return the help of the program, of each of its commands, and of the commands within those."""
    calls = [(), *((command.name,) for command in app.registered_commands)]
    for group in app.registered_groups:
        inner = group.typer_instance
        assert inner is not None
        name = inner.info.name
        calls += [(name,), *((name, command.name) for command in inner.registered_commands)]
    return "\n\n".join(_help_section(*map(str, call)) for call in calls)


def datasets() -> str:
    """Return a table of the datasets and their scales."""
    rows = []
    for name in RECIPES:
        recipe = RECIPES[name]
        for scale, size in recipe.sizes.items():
            imaging = size.imaging
            simulated = f"{imaging.box} px of {imaging.pixel_size:g} Å"
            stored = f"{imaging.output_box} px of {imaging.output_pixel_size:g} Å"
            counts = (f"{size.states:,}", f"{size.particles:,}")
            quality = (f"{size.resolution:g} Å", f"{imaging.noise.snr:g}")
            rows.append((f"`{name}`", scale, *counts, simulated, stored, *quality))
    return _table(("name", "scale", "states", "images", "simulated", "on disk", "map resolution", "SNR"), rows)


def recipes() -> str:
    """Return a table of the datasets and what stands in for them."""
    rows = [(f"`{name}`", RECIPES[name].summary, RECIPES[name].stand_in) for name in RECIPES]
    return _table(("name", "what it is", "its stand-in"), rows)


def methods() -> str:
    """Return a table of the built-in methods and controls."""
    cards = [METHODS[name].card for name in METHODS]
    return _table(("name", "role", "what it is"), [(f"`{card.name}`", card.role, card.summary) for card in cards])


def metrics() -> str:
    """Return a table of the metrics."""
    cards = [METRICS[name] for name in METRICS]
    rows = [(f"`{c.name}`", c.summary, _range(*c.range), f"{c.direction} is better", c.reference) for c in cards]
    return _table(("name", "what it is", "range", "direction", "reference"), rows)


def runners() -> str:
    """Return a table of the programs of others that are run here, or whose inputs are exported."""
    rows = []
    for name in RUNNERS:
        card = RUNNERS[name].card
        how = "run here" if isinstance(RUNNERS[name], Runner) else "inputs exported"
        rows.append((f"`{name}`", card.title, how, card.kind, card.gives, card.licence))
    return _table(("name", "what it is", "how", "kind", "what it gives", "licence"), rows)


def systems() -> str:
    """Return a table of the systems whose output is read."""
    cards = [SYSTEMS[name].card for name in SYSTEMS]
    rows = [(f"`{card.name}`", card.title, card.known_by, card.reads, card.licence or "its vendor's") for card in cards]
    return _table(("name", "what it is", "known by", "what is read", "licence of the program"), rows)


def submission() -> str:
    """Return a table of the fields of ``submission.json``."""
    schema = submission_schema()
    rows = []
    for name, field in schema["properties"].items():
        default = "required" if name in schema["required"] else f"`{json.dumps(field['default'])}`"
        rows.append((f"`{name}`", _type(field), default, field["description"]))
    return _table(("field", "type", "default", "what it is"), rows)


def results() -> str:
    """Return the JSON schema of ``results.json``."""
    return f"```json\n{json.dumps(ResultsDocument.model_json_schema(), indent=2)}\n```"


def needs() -> str:
    """Return a table of what each metric needs of a submission."""
    rows = [(f"`{name}`", METRICS[name].label, " or ".join(parts)) for name, parts in metric_needs().items()]
    return _table(("metric", "label", "needs"), rows)


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "datasets": datasets,
    "methods": methods,
    "metrics": metrics,
    "needs": needs,
    "recipes": recipes,
    "results": results,
    "runners": runners,
    "submission": submission,
    "systems": systems,
}


def _type(field: dict[str, Any]) -> str:
    """Return the type of a field of a JSON schema in words."""
    if "anyOf" in field:
        return " or ".join(_type(each) for each in field["anyOf"])
    if "enum" in field:
        return " or ".join(f"`{json.dumps(each)}`" for each in field["enum"])
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    return f"list of {_type(field['items'])}" if field.get("type") == "array" else str(field.get("type", "object"))


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
