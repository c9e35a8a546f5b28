"""The commands that the pages show exist, with the options they are given."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.core
import typer.main

from cryobench.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
_CALL = re.compile(r"(?<![\w/.-])(?:\.venv/bin/)?cryobench +([a-z-]+(?: +[^`\n&|]+)?)")
_SHELL = re.compile(r"^```sh\n(.*?)^```$|(`cryobench [^`\n]+`)", re.MULTILINE | re.DOTALL)


def calls() -> list[str]:
    """Return what follows ``cryobench`` in every shell block and every inline command of the pages, each once."""
    found = [
        match[1].strip()
        for page in PAGES
        for part in _SHELL.finditer(page.read_text(encoding="utf-8"))
        for match in _CALL.finditer(part[1] or part[2])
    ]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("call", calls())
def test_command_parses(call: str) -> None:
    # A variable of the shell stands for a number.
    words = [re.sub(r"^\$[a-z]+$", "1", word) for word in shlex.split(call)]
    command = typer.main.get_command(app)
    while words and isinstance(command, typer.core.TyperGroup):
        # As the group itself finds it: in a group of files and commands a file starts the command for files.
        name, command, words = command.resolve_command(typer.Context(command), words)
    if words:  # without any, a page speaks of the command and does not give it
        assert command.make_context(name, words).command.name == name


@pytest.mark.parametrize("call", ["demo -o demo --seed 1", "datasets list"])
def test_known_ones_are_among_them(call: str) -> None:
    assert call in calls()


@pytest.mark.parametrize(("name", "last"), [("run", "cryobench demo -o demo --seed 1"), ("test", "pytest")])
def test_readme_marks_its_two_commands(name: str, last: str) -> None:
    block = re.search(rf"^<!-- {name} -->\n```sh\n(.*)\n```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert block is not None, "the CI script finds the commands by these comments"
    assert block[1].startswith("python3 -m venv .venv && ")
    assert block[1].endswith(f".venv/bin/{last}")
