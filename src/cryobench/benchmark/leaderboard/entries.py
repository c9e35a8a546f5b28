"""Entries on disk: a JSON file each, and the rules that a folder of them keeps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pydantic

from cryobench.core import FormatError, LeaderboardEntry, OutputError
from cryobench.io import read_text, write_text

SCHEMA_VERSION = 1
_MAY_SUPERSEDE = {"quoted": {"quoted"}, "claimed": {"claimed"}, "rerun": {"claimed", "rerun"}}


def read_entries(folders: Iterable[Path]) -> tuple[LeaderboardEntry, ...]:
    """Read the entries (``*.json``) of folders, in the order of their ids.

    Raises
    ------
    FormatError
        If a folder has no entries, a file is not a valid entry or has not the name of its id, two files have one id, or
        an entry supersedes what it may not.
    """
    found: dict[str, tuple[Path, LeaderboardEntry]] = {}
    for folder in folders:
        paths = sorted(folder.glob("*.json"))
        if not paths:
            what = "holds no entries (*.json)" if folder.is_dir() else "is no folder"
            raise FormatError(
                f"{folder} {what}: cryobench leaderboard quote --entries {folder} writes the published ones"
            )
        for path in paths:
            entry = read_entry(path)
            if entry.id in found:
                raise FormatError(f"{path}: {found[entry.id][0]} has the same id: an entry stands in one folder")
            found[entry.id] = path, entry
    entries = tuple(entry for _, (_, entry) in sorted(found.items()))
    check_history(entries)
    return entries


def read_entry(path: Path) -> LeaderboardEntry:
    """Read an entry.

    Raises
    ------
    FormatError
        If it is not valid, or the file has another name than its id.
    """
    text = read_text(path)
    version = _version(text)
    if version is not None and version != SCHEMA_VERSION:
        raise FormatError(
            f"{path}: schema version {version}, expected {SCHEMA_VERSION}: made by another version of cryobench"
        )
    try:
        entry = LeaderboardEntry.model_validate_json(text)
    except pydantic.ValidationError as error:
        raise FormatError(f"{path}: not a leaderboard entry: {first_error(error)}") from error
    if path.name != f"{entry.id}.json":
        raise FormatError(f"{path}: its id is '{entry.id}': call the file {entry.id}.json")
    return entry


def entry_text(entry: LeaderboardEntry) -> str:
    """Return an entry as the text of its file."""
    return entry.model_dump_json(indent=1) + "\n"


def write_entries(entries: Sequence[LeaderboardEntry], folder: Path) -> list[Path]:
    """Write entries into a folder, which is made if it is missing; return their paths.

    A file that is there with the same text is left alone.

    Raises
    ------
    OutputError
        If one is there already and another. Then none is written.
    """
    paths = [folder / f"{entry.id}.json" for entry in entries]
    texts = [entry_text(entry) for entry in entries]
    for path, text in zip(paths, texts, strict=True):
        if path.exists() and read_text(path) != text:
            raise OutputError(f"{path} exists and differs: an entry is never changed, another one supersedes it")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in zip(paths, texts, strict=True):
        if not path.exists():
            write_text(path, text)
    return paths


def entry_schema() -> dict[str, object]:
    """Return the JSON schema of an entry."""
    return LeaderboardEntry.model_json_schema()


def first_error(error: pydantic.ValidationError) -> str:
    """Return the first of what is wrong, with its place."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"field '{where}': {message}" if where else message


def check_history(entries: Sequence[LeaderboardEntry]) -> None:
    """Check that each entry supersedes an earlier one of its dataset and method, and that none is superseded twice.

    Raises
    ------
    FormatError
        Naming the entry.
    """
    known = {entry.id: entry for entry in entries}
    taken: dict[str, str] = {}
    for entry in entries:
        if entry.supersedes is None:
            continue
        old = known.get(entry.supersedes)
        if old is None:
            raise FormatError(f"entry {entry.id} supersedes '{entry.supersedes}', which is in none of the folders")
        if (old.dataset.id, old.method.name) != (entry.dataset.id, entry.method.name):
            raise FormatError(f"entry {entry.id} supersedes {old.id}, which is of another dataset or method")
        if old.status not in _MAY_SUPERSEDE[entry.status]:
            raise FormatError(
                f"entry {entry.id} is {entry.status} and cannot supersede {old.id}, which is {old.status}"
            )
        if old.added > entry.added:
            raise FormatError(f"entry {entry.id} of {entry.added} supersedes {old.id}, which is of {old.added}")
        if old.id in taken:
            raise FormatError(f"entries {taken[old.id]} and {entry.id} both supersede {old.id}: one may")
        taken[old.id] = entry.id
    for entry in entries:
        _require_no_circle(entry, known)


def _require_no_circle(entry: LeaderboardEntry, known: dict[str, LeaderboardEntry]) -> None:
    passed = {entry.id}
    while entry.supersedes is not None:
        entry = known[entry.supersedes]
        if entry.id in passed:
            raise FormatError(f"entry {entry.id} supersedes itself by way of others")
        passed.add(entry.id)


def _version(text: str) -> int | None:
    """Return the schema version that a file gives, or None where it gives none."""
    try:
        content = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return None
    version = content.get("schema_version") if isinstance(content, dict) else None
    return version if isinstance(version, int) else None
