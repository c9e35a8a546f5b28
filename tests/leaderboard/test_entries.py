"""A folder of entries: read, written, and its history checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_up_leaderboard import ODD, PUBLISHED, entry

from cryobench.benchmark.leaderboard import check_history, entry_schema, read_entries, write_entries
from cryobench.core import FormatError, LeaderboardEntry, OutputError, superseded

ONE = entry(PUBLISHED, "ppca", 0.5, 0)
TWO = entry(PUBLISHED, "ppca", 0.6, 9, number=2, supersedes=ONE.id)


def test_what_is_written_is_read(tmp_path: Path, entries: tuple[LeaderboardEntry, ...]) -> None:
    paths = write_entries(entries, tmp_path / "entries")
    assert [path.name for path in paths] == [f"{each.id}.json" for each in entries]
    assert read_entries([tmp_path / "entries"]) == tuple(sorted(entries, key=lambda each: each.id))
    before = {path: path.stat().st_mtime_ns for path in paths}
    write_entries(entries, tmp_path / "entries")
    assert {path: path.stat().st_mtime_ns for path in paths} == before


def test_nothing_is_written_over(tmp_path: Path) -> None:
    write_entries([ONE], tmp_path)
    other = entry(PUBLISHED, "ppca", 0.9, 0)
    with pytest.raises(OutputError, match="an entry is never changed"):
        write_entries([entry(ODD, "ppca", 0.5, 0), other], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{ONE.id}.json"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "not a leaderboard entry"),
        ("a.json", '{"schema_version": 2}', "schema version 2, expected 1"),
        ("a.json", "[" * 100_000, "not a leaderboard entry"),
        ("a.json", '{"schema_version": 1}', "field 'id'"),
        ("a.json", ONE.model_dump_json(), f"call the file {ONE.id}.json"),
        (f"{ONE.id}.json", ONE.model_dump_json().replace("0.5,", "NaN,"), "finite"),
    ],
)
def test_bad_files_are_named(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(FormatError, match=message) as caught:
        read_entries([tmp_path])
    assert str(tmp_path / name) in str(caught.value)


def test_empty_and_missing_folders_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"holds no entries.*cryobench leaderboard quote"):
        read_entries([tmp_path])
    with pytest.raises(FormatError, match="is no folder"):
        read_entries([tmp_path / "none"])


def test_an_entry_stands_in_one_folder(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_entries([ONE], tmp_path / name)
    with pytest.raises(FormatError, match="has the same id"):
        read_entries([tmp_path / "a", tmp_path / "b"])


def test_history() -> None:
    check_history([TWO, ONE])
    assert superseded([ONE, TWO]) == {ONE.id}
    rerun = entry(PUBLISHED, "ppca", 0.5, 5, status="rerun", supersedes=ONE.id)
    check_history([ONE, rerun])
    claim = entry(PUBLISHED, "ppca", 0.5, 9, number=2, supersedes=rerun.id)
    bad = {
        "which is in none": [TWO],
        "another dataset or method": [ONE, entry(PUBLISHED, "recovar", 0.5, 9, supersedes=ONE.id)],
        "is claimed and cannot supersede": [ONE, rerun, claim],
        "which is of 2026-01-01": [ONE, TWO.model_copy(update={"added": ONE.added.replace(year=2025)})],
        "both supersede": [ONE, TWO, entry(PUBLISHED, "ppca", 0.7, 9, number=3, supersedes=ONE.id)],
        "supersedes itself": [
            entry(PUBLISHED, "ppca", 0.5, 0, supersedes=f"{ONE.stem}.2"),
            entry(PUBLISHED, "ppca", 0.5, 0, number=2, supersedes=ONE.id),
        ],
    }
    for message, entries in bad.items():
        with pytest.raises(FormatError, match=message):
            check_history(entries)


def test_schema_names_every_field() -> None:
    schema = json.loads(json.dumps(entry_schema()))
    assert set(schema["properties"]) == set(LeaderboardEntry.model_fields)
    assert schema["additionalProperties"] is False
