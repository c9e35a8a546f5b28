from __future__ import annotations

from pathlib import Path

from cryobench.io import below, find_files, natural_key


def test_names_sort_by_their_numbers() -> None:
    names = ["10.mrc", "2.mrc", "²1.mrc", "a10.mrc", "a9.mrc", "01.mrc", "1.mrc", "b.mrc"]
    expected = ["01.mrc", "1.mrc", "2.mrc", "10.mrc", "a9.mrc", "a10.mrc", "b.mrc", "²1.mrc"]
    assert [path.name for path in sorted(map(Path, names), key=natural_key)] == expected


def test_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("10.mrc", "2.MRC", "._2.mrc", "3.mrcs", "3.txt"):
        (tmp_path / name).touch()
    (tmp_path / "1.mrc").mkdir()
    assert [path.name for path in find_files(tmp_path, (".mrc",))] == ["2.MRC", "10.mrc"]
    assert [path.name for path in find_files(tmp_path, (".mrc", ".mrcs"))] == ["2.MRC", "3.mrcs", "10.mrc"]
    assert find_files(tmp_path, (".cs",)) == []


def test_folders_below_that_hold_a_file(tmp_path: Path) -> None:
    assert below(tmp_path / "none", "a.json") == ""
    for name in ("10", "2"):
        (tmp_path / name).mkdir()
        assert below(tmp_path, "a.json") == ""
    (tmp_path / "10/deep").mkdir()
    (tmp_path / "10/deep/a.json").touch()
    assert below(tmp_path, "a.json") == f"; {tmp_path}/10/deep has one"
    (tmp_path / "10/a.json").touch()
    assert below(tmp_path, "a.json") == f"; {tmp_path}/10 has one"
    (tmp_path / "2/a.json").touch()
    assert below(tmp_path, "a.json") == f"; {tmp_path}/2, {tmp_path}/10 have one"
    for name in "34567":
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.json").touch()
    assert below(tmp_path, "a.json").endswith("/5 and 3 more have one")
