"""STAR files as RELION 3.1 and later write them: named blocks, each a table of columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import gemmi

from cryobench.core import FormatError
from cryobench.io.files import write_text

Table = Mapping[str, Sequence[str]]
"""Columns of text by their label without the underscore, all of one length."""

_VERSION = "# version 30001\n\n"
_PLAIN = re.compile(r"[0-9A-Za-z./~+-][^\s'\"]*")
_RESERVED = re.compile(r"(data|loop|save|stop|global)_.*", re.IGNORECASE)


def write_star(path: Path, blocks: Mapping[str, Table]) -> None:
    """Write blocks of tables, such as ``{"optics": {...}, "particles": {...}}``."""
    document = gemmi.cif.Document()
    for name, table in blocks.items():
        loop = document.add_new_block(name).init_loop("_", list(table))
        loop.set_all_values([[_written(value) for value in column] for column in table.values()])
    text = document.as_string()
    write_text(path, re.sub(r"^data_", f"{_VERSION}data_", text, flags=re.MULTILINE))


def _written(value: str) -> str:
    """Return a value as it stands in a file: quoted only where it has to be, since many readers split at blanks."""
    plain = _PLAIN.fullmatch(value) and not _RESERVED.fullmatch(value)
    return value if plain else str(gemmi.cif.quote(value))


def read_star(path: Path) -> dict[str, dict[str, list[str]]]:
    """Return the tables of a STAR file by block name.

    Raises
    ------
    FormatError
        If the file cannot be read as STAR.
    """
    try:
        document = gemmi.cif.read(str(path))
    except (OSError, ValueError, RuntimeError) as error:
        raise FormatError(f"{path}: not a readable STAR file ({error})") from error
    blocks: dict[str, dict[str, list[str]]] = {}
    for block in document:
        columns: dict[str, list[str]] = {}
        for item in block:
            if item.loop is not None:
                values = item.loop.values
                width = item.loop.width()
                columns |= {
                    tag.lstrip("_"): [gemmi.cif.as_string(value) for value in values[i::width]]
                    for i, tag in enumerate(item.loop.tags)
                }
            elif item.pair is not None:
                columns[item.pair[0].lstrip("_")] = [gemmi.cif.as_string(item.pair[1])]
        blocks[block.name] = columns
    return blocks
