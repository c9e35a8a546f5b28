"""Torch archives: real ones against torch's own reading, and one written here without torch."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryobench.core import FormatError
from cryobench.io import is_torch_archive, read_torch_archive

DATA = Path(__file__).parents[1] / "data" / "cryodrgn"


def test_tensors_are_those_that_torch_reads() -> None:
    assert is_torch_archive(DATA / "tensors.pt")
    found = read_torch_archive(DATA / "tensors.pt")
    expected = np.load(DATA / "tensors.npz")
    states = {f"state/{name}": value for name, value in found.pop("state").items()}
    tensors = states | {name: value for name, value in found.items() if isinstance(value, np.ndarray)}
    assert set(tensors) == set(expected.files)
    for name in expected.files:
        np.testing.assert_array_equal(tensors[name].astype(np.float32), expected[name], err_msg=name)
    types = {"mu": "f4", "half": "f2", "brain": "f4", "positive": "b1"}
    assert all(tensors[name].dtype == np.dtype(kind) for name, kind in types.items())
    assert found["multi_mu"] is None
    assert found["shape"] == (5, 3)
    empty, two = found["nn"]
    assert (empty.shape, empty.dtype) == ((0,), np.int64)
    np.testing.assert_array_equal(two, [1, 2])


def test_weights_are_those_that_torch_reads() -> None:
    weights = read_torch_archive(DATA / "train_dec" / "weights.2.pkl")["model_state_dict"]
    expected = np.load(DATA / "expected.npz")
    names = [name for name in expected.files if name.startswith("weights/")]
    assert {f"weights/{name}" for name in weights} == set(names)
    for name in names:
        np.testing.assert_array_equal(weights[name.removeprefix("weights/")], expected[name], err_msg=name)


def test_the_old_format_says_how_to_save_it_again() -> None:
    assert is_torch_archive(DATA / "tensors_before_1.6.pt")
    with pytest.raises(FormatError, match=r"before 1\.6: save it again"):
        read_torch_archive(DATA / "tensors_before_1.6.pt")


def changed(change: dict[str, bytes | None]) -> bytes:
    """Return the archive of tensors with some members replaced, added, or (None) left out."""
    with zipfile.ZipFile(DATA / "tensors.pt") as archive:
        members = {name: archive.read(name) for name in archive.namelist()} | change
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, value in members.items():
            if value is not None:
                archive.writestr(name, value)
    return content.getvalue()


def test_a_rewritten_archive_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(changed({}))
    np.testing.assert_array_equal(read_torch_archive(tmp_path / "a.pt")["mu"], np.load(DATA / "tensors.npz")["mu"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tensors/data.pkl": None}, r"no single data\.pkl"),
        ({"other/data.pkl": b""}, r"no single data\.pkl"),
        ({"tensors/data/0": None}, "missing or of an unknown type"),
        ({"tensors/data/0": b"\0" * 59}, "59 bytes"),
        ({"tensors/data/0": b"\0" * 64}, "64 bytes"),
        ({"tensors/data.pkl": pickle.dumps(1)[:-1]}, "not a pickle"),
        ({"tensors/data.pkl": b""}, "empty"),
    ],
)
def test_a_damaged_archive_is_refused(tmp_path: Path, change: dict[str, bytes | None], message: str) -> None:
    (tmp_path / "a.pt").write_bytes(changed(change))
    with pytest.raises(FormatError, match=message):
        read_torch_archive(tmp_path / "a.pt")


@pytest.mark.parametrize("length", [0, 3, 100, 2000, 4000])
def test_a_truncated_archive_is_refused(tmp_path: Path, length: int) -> None:
    (tmp_path / "a.pt").write_bytes((DATA / "tensors.pt").read_bytes()[:length])
    with pytest.raises(FormatError, match=r"expected a file that torch\.save wrote"):
        read_torch_archive(tmp_path / "a.pt")


def tensor(shape: tuple[int, ...], strides: tuple[Any, ...], offset: Any = 0, count: int = 15) -> bytes:
    """Return a pickle of one tensor of the 15 numbers in data/0, written by hand."""

    def integers(values: tuple[Any, ...]) -> bytes:
        return b"(" + b"".join(pickle.dumps(value, protocol=2)[2:-1] for value in values) + b"t"

    storage = (
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
        + pickle.dumps(count, protocol=2)[2:-1] + b"tQ"
    )  # fmt: skip
    numbers = pickle.dumps(offset, protocol=2)[2:-1] + integers(shape) + integers(strides)
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + storage + numbers + b"\x89ccollections\nOrderedDict\n)RtR."


def test_a_tensor_written_by_hand_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(changed({"tensors/data.pkl": tensor((3, 2), (1, 3), 1)}))
    flat = np.load(DATA / "tensors.npz")["mu"].ravel()
    np.testing.assert_array_equal(read_torch_archive(tmp_path / "a.pt"), flat[1:7].reshape(2, 3).T)


@pytest.mark.parametrize(
    ("pickled", "message"),
    [
        (tensor((16,), (1,)), "reaches beyond its 15 numbers"),
        (tensor((5, 3), (3, 1), 1), "reaches beyond its 15 numbers"),
        (tensor((2,), (100,)), "reaches beyond its 15 numbers"),
        (tensor((15,), (1,), count=10**12), "bytes"),
        (tensor((10**9, 10**9), (0, 0)), "repeated: save it after .contiguous"),
        (tensor((0, 10**12), (1, 1)), "repeated: save it after .contiguous"),
        (tensor((15,), (-1,), 14), "made of other things"),
        (tensor((15,), (1,), -1), "made of other things"),
        (tensor((15,), (1.0,)), "made of other things"),
        (tensor((15,), (1, 1)), "not a pickle"),
        (tensor((2**70,), (1,)), "made of other things"),
    ],
)
def test_a_tensor_stays_within_its_numbers(tmp_path: Path, pickled: bytes, message: str) -> None:
    (tmp_path / "a.pt").write_bytes(changed({"tensors/data.pkl": pickled}))
    with pytest.raises(FormatError, match=message):
        read_torch_archive(tmp_path / "a.pt")
