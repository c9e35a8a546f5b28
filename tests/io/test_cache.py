from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest

from cryobench.core import OutputError
from cryobench.io import cache_folder, writable_cache


def test_the_variable_is_read_at_each_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYOBENCH_CACHE", str(tmp_path / "a"))
    assert cache_folder() == tmp_path / "a"
    monkeypatch.setenv("CRYOBENCH_CACHE", str(tmp_path / "b"))
    assert cache_folder() == tmp_path / "b"
    assert not list(tmp_path.iterdir())


def test_without_the_variable_it_is_the_platforms_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for empty in (True, False):
        if empty:
            monkeypatch.setenv("CRYOBENCH_CACHE", "")
        else:
            monkeypatch.delenv("CRYOBENCH_CACHE")
        assert cache_folder() == Path(platformdirs.user_cache_dir("cryobench"))


def test_home_and_relative_folders_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CRYOBENCH_CACHE", "~/kept")
    assert cache_folder() == tmp_path / "kept"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRYOBENCH_CACHE", "here")
    assert cache_folder() == tmp_path / "here"


def test_a_folder_of_the_cache_is_made_when_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYOBENCH_CACHE", str(tmp_path / "a" / "b"))
    for _ in range(2):
        assert writable_cache("ctf") == tmp_path / "a" / "b" / "ctf"
    assert (tmp_path / "a" / "b" / "ctf").is_dir()


def test_a_cache_that_cannot_be_written_says_how_to_mend_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CRYOBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(OutputError, match=r"file/structures: .* \(Not a directory\): set CRYOBENCH_CACHE .*, or"):
        writable_cache("structures")
    monkeypatch.setenv("CRYOBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(OutputError, match=r"read-only\): set CRYOBENCH_CACHE to a folder .*, or ask"):
        writable_cache("structures", "or ask")
