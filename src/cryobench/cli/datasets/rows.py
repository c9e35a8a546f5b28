"""Rows of labels and words, as several commands print them."""

from __future__ import annotations

from collections.abc import Mapping

from rich.markup import escape
from rich.table import Table

from cryobench.cli.console import console


def print_facts(facts: Mapping[str, str], title: str | None = None) -> None:
    """Print what is known of a dataset, a row for each label."""
    table = Table(show_header=False, box=None, title=title, title_justify="left")
    for label, words in facts.items():
        table.add_row(label, escape(words))
    console.print(table)
