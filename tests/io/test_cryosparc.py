from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from cryobench.core import FormatError, InputError
from cryobench.io import read_cs, read_cs_fields, require_fields, write_cs

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
        (saved(np.array([{"a": 1}], dtype=object), pickled=True), "holds pickled Python objects, which are never read"),
        (saved(np.array([(object(),)], dtype=[("a", "O")]), pickled=True), "holds pickled Python objects"),
        (saved(np.zeros((2, 3))), "not a .cs file: expected the structured array"),
        (saved(TABLE[0]), "one row for each particle"),
        (saved(TABLE.reshape(1, 2)), "one row for each particle"),
        (archive(), "not a readable .cs file .*magic string"),
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


def abinitio(classes: int) -> np.ndarray:
    """Rows with the 18 fields a class of an ab-initio job of several classes."""
    fields: list[tuple[object, ...]] = [("uid", "<u8"), ("blob/path", "S40"), ("blob/idx", "<u4")]
    for k in range(classes):
        own = f"alignments_class_{k}"
        fields += [(f"{own}/{name}", "<f4") for name in (
            "split", "alpha", "error", "error_min", "image_pow", "cross_cor", "psize_A", "class_posterior", "alpha_min",
            "ess_R", "ess_S", "weight", "defocus", "scale",
        )]  # fmt: skip
        fields += [(f"{own}/pose", "<f4", (3,)), (f"{own}/shift", "<f4", (2,)), (f"{own}/pose_ess", "<f4")]
        fields.append((f"{own}/class", "<u4"))
    table = np.zeros(3, dtype=fields)
    table["uid"] = [7, 8, 9]
    table[f"alignments_class_{classes - 1}/pose"] = np.arange(9).reshape(3, 3)
    return table


@pytest.mark.filterwarnings("ignore:Stored array in format 2.0:UserWarning")
@pytest.mark.parametrize("classes", [16, 100, 400])
def test_tables_of_many_classes_are_read(classes: int, tmp_path: Path) -> None:
    table = abinitio(classes)
    assert len(table.dtype.names or ()) == 3 + 18 * classes
    np.save(tmp_path / "p.npy", table)
    (tmp_path / "p.npy").rename(tmp_path / "p.cs")
    with pytest.raises(ValueError, match="large and may not be safe"), (tmp_path / "p.cs").open("rb") as file:
        np.load(file)  # as it would be without saying how long a header may be
    assert read_cs_fields(tmp_path / "p.cs") == table.dtype.names
    found = read_cs(tmp_path / "p.cs")
    assert found.dtype == table.dtype
    np.testing.assert_array_equal(found, table)


def headed(header: str, version: int = 2) -> bytes:
    """A file in numpy's format with any header."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + len(text).to_bytes(2 if version == 1 else 4, "little") + text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (headed("{'descr': [" + " " * (1 << 20) + "], 'fortran_order': False, 'shape': (1,)}"), "expected at most 1,048,"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}", "a header of 4,294,967,295 bytes"),
        (headed("(" * 500_000 + ")" * 500_000), "brackets more than 16 deep"),
        (headed("[" * 100 + "]" * 100, version=1), "brackets more than 16 deep"),
        # Closing brackets within text hide the nesting from a count, so the parser has to stop by itself.
        (headed("('" + ")" * 1000 + "', " + "(" * 900 + ")" * 900 + ")"), "not a readable .cs file"),
        (headed("-" * 200_000 + "1"), "not a readable .cs file"),
        (headed("1" + "+1j" * 100_000), "not a readable .cs file"),
        (headed("{'descr': '<f4', 'fortran_order': False, 'shape': (1 << 40,)}"), "not a readable .cs file"),
        (headed("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (99999999999999,)}"), "not a readable .cs"),
        (headed("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (" + "9" * 40 + ",)}"), "not a readable .cs"),
        (headed("{'descr': [('a', 3)], 'fortran_order': False, 'shape': (1,)}"), "not a readable .cs file"),
        (headed("{'descr': " + "'" * 3), "not a readable .cs file"),
        (headed("{}", version=9), "not a readable .cs file"),
    ],
)
def test_harmful_headers_are_refused_without_numpys_advice(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "p.cs").write_bytes(content)
    with pytest.raises(FormatError, match=rf"p\.cs: .*{message}") as caught:
        read_cs(tmp_path / "p.cs")
    assert "allow_pickle" not in str(caught.value)
    assert "trust" not in str(caught.value)


def test_fields_of_a_harmful_header_are_refused_too(tmp_path: Path) -> None:
    (tmp_path / "p.cs").write_bytes(headed("(" * 500_000))
    with pytest.raises(FormatError, match="brackets more than 16 deep"):
        read_cs_fields(tmp_path / "p.cs")
