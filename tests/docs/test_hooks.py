"""The parts of the pages that are made from the code."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import typer.core
import typer.main

from cryobench.cli.app import app
from cryobench.datasets import RECIPES
from cryobench.methods import METHODS, SYSTEMS
from cryobench.methods.running import RUNNERS
from cryobench.metrics import METRICS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_hooks", DOCS / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page_of_commands(hooks: ModuleType) -> str:
    page: str = hooks.on_page_markdown((DOCS / "reference/cli.md").read_text(encoding="utf-8"))
    return page


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("datasets", RECIPES),
        ("recipes", RECIPES),
        ("methods", METHODS),
        ("metrics", METRICS),
        ("runners", RUNNERS),
        ("systems", SYSTEMS),
    ],
)
def test_tables_name_every_entry(hooks: ModuleType, part: str, names: list[str]) -> None:
    head, rule, *rows = hooks.PARTS[part]().splitlines()
    assert {row.split("`")[1] for row in rows} == set(names)
    columns = head.count("|")
    assert all(re.sub(r"\\\|", "", line).count("|") == columns for line in (rule, *rows))


def test_page_of_commands_shows_every_option(page_of_commands: str) -> None:
    page = page_of_commands
    assert "## `cryobench demo`" in page
    assert "<!--" not in page
    assert "\x1b" not in page
    for option in ("--output", "--structure", "--ctf", "--resume", "--overwrite", "--dry-run", "--threads"):
        assert option in page


def every_command() -> set[str]:
    """Return the names of all commands and groups, with those that they are in, by walking through the program."""

    def walk(command: object, names: tuple[str, ...]) -> set[str]:
        found = {" ".join(names)}
        if isinstance(command, typer.core.TyperGroup):
            for name, inner in command.commands.items():
                found |= walk(inner, (*names, name))
        return found

    return walk(typer.main.get_command(app), ())


def test_page_of_commands_has_examples(page_of_commands: str) -> None:
    for command in ("score", "compare", "report", "methods run", "submission read", "leaderboard add", "queries"):
        section = page_of_commands.partition(f"## `cryobench {command}`\n")[2].partition("\n## ")[0]
        assert f"cryobench {command}" in section.partition("Examples:")[2], command


def test_page_of_commands_shows_the_commands_of_groups(page_of_commands: str) -> None:
    shown = re.findall(r"^## `cryobench ?(.*)`$", page_of_commands, re.MULTILINE)
    assert set(shown) == every_command()
    assert {"demo", "datasets build", "methods run", "submission read", "leaderboard add", "fsc per-image"} <= set(
        shown
    )
    assert all(f"Usage: cryobench {call}".strip() in page_of_commands for call in shown)


def test_every_part_is_used(hooks: ModuleType) -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    assert set(re.findall(r"<!-- cryobench: ([a-z]+) -->", text)) == set(hooks.PARTS)
