from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from cryobench.core import FormatError, InputError
from cryobench.io import read_cs, require_fields, write_cs

TABLE = np.array(
    [(1, b"a.mrcs", (0.5, 1.5)), (2, b"b.mrcs", (2.5, 3.5))],
    dtype=[("uid", "<u8"), ("blob/path", "S8"), ("alignments3D/shift", "<f4", (2,))],
)


def saved(array: np.ndarray, *, pickled: bool = False) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=pickled)
    return content.getvalue()


def archive() -> bytes:
    content = io.BytesIO()
    np.savez(content, table=TABLE)
    return content.getvalue()


def test_tables_come_back_and_load_plainly(tmp_path: Path) -> None:
    write_cs(tmp_path / "p.cs", TABLE)
    assert [path.name for path in tmp_path.iterdir()] == ["p.cs"]
    for found in (read_cs(tmp_path / "p.cs"), np.load(tmp_path / "p.cs")):  # the second as cryoDRGN reads it
        assert found.dtype == TABLE.dtype
        np.testing.assert_array_equal(found, TABLE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a readable .cs file .*expected the structured array"),
        (b"not an array", "not a readable .cs file"),
        (saved(TABLE)[:-4], "not a readable .cs file"),
        (saved(np.array([{"a": 1}], dtype=object), pickled=True), "not a readable .cs file .*allow_pickle"),
        (saved(np.array([(object(),)], dtype=[("a", "O")]), pickled=True), "not a readable .cs file .*allow_pickle"),
        (saved(np.zeros((2, 3))), "not a .cs file: expected the structured array"),
        (saved(TABLE[0]), "one row for each particle"),
        (saved(TABLE.reshape(1, 2)), "one row for each particle"),
        (archive(), "not a .cs file"),
        (saved(TABLE[:0]), "holds no particle"),
        (b"\x94CSDAT" + bytes(40), "CSDAT format: save it again in numpy's format"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "p.cs").write_bytes(content)
    with pytest.raises(FormatError, match=rf"p\.cs: .*{message}"):
        read_cs(tmp_path / "p.cs")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"p\.cs: cannot be read \(No such file"):
        read_cs(tmp_path / "p.cs")


@pytest.mark.parametrize("table", [np.zeros(3), TABLE[0], np.array([(None,)], dtype=[("a", "O")])])
def test_only_tables_are_written(tmp_path: Path, table: np.ndarray) -> None:
    with pytest.raises(InputError, match="holds a structured array of rows"):
        write_cs(tmp_path / "p.cs", np.asarray(table))
    assert not list(tmp_path.iterdir())


def test_a_missing_field_is_named() -> None:
    require_fields(TABLE, ("uid", "blob/path"), "p.cs")
    with pytest.raises(FormatError, match=r"p\.cs: no field blob/idx: .*passthrough"):
        require_fields(TABLE, ("uid", "blob/idx"), "p.cs")
