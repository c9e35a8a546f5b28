from __future__ import annotations

from pathlib import Path

from cryobench.io import find_files, natural_key


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
