"""Files that ``torch.save`` wrote, read without torch: tensors become arrays, and nothing in them is run.

Such a file is a zip archive, not compressed, of a pickle (``data.pkl``) and the numbers of each tensor (``data/0``).
The pickle is read as in :mod:`cryobench.io.restricted_pickle`. No member is written to disk, so its name cannot lead
anywhere, and one that is compressed, or whose size is not there, is refused, so a small file cannot become a large one.
"""

from __future__ import annotations

import math
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from cryobench.core import FormatError
from cryobench.io.pickle_machine import Name, Refused
from cryobench.io.pickled_arrays import ArrayBuilder, array_of_bytes
from cryobench.io.restricted_pickle import load_pickle

_STORAGES = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "BFloat16Storage": "bf16",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "b1",
}
_ZIP = b"PK\x03\x04"
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_ENCRYPTED = 1
_WANTED = "expected a file that torch.save wrote"
_AGAIN = "save it again with a newer torch: torch.save(torch.load(FILE, weights_only=True), FILE)"


def is_torch_archive(path: Path) -> bool:
    """Return whether a file begins as what ``torch.save`` writes, in its present form or that before torch 1.6."""
    try:
        with path.open("rb") as file:
            begins = file.read(len(_LEGACY))
    except OSError:
        return False
    return begins.startswith(_ZIP) or begins == _LEGACY


def read_torch_archive(path: Path) -> Any:
    """Return what ``torch.save`` wrote: tensors as arrays, in containers as they were saved.

    Half-precision "bfloat16" comes back as float32; a tensor on any device is just its numbers.

    Raises
    ------
    FormatError
        If the file is missing or damaged, is of before torch 1.6, names anything but tensors, arrays and containers, or
        has members that are compressed, that climb out of the archive, or that overlap.
    """
    try:
        if path.exists() and not path.is_file():
            raise FormatError(f"{path}: no regular file: {_WANTED}")
        size = path.stat().st_size
        with path.open("rb") as file:
            if file.read(len(_LEGACY)) == _LEGACY:
                raise FormatError(f"{path}: in the format of torch before 1.6: {_AGAIN}")
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, size)
            (place,) = [name for name in members if name.name == "data.pkl"]
            root = place.parent
            little = root / "byteorder" not in members or _read(archive, members[root / "byteorder"]) == b"little"
            builder = _TensorBuilder(archive, members, root, "<" if little else ">", size)
            pickled = _read(archive, members[place])
            return load_pickle(pickled, builder, f"{path}: {place}")
    except FormatError:
        raise
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror or error}): {_WANTED}") from error
    except Refused as error:
        raise FormatError(f"{path}: {error}: {_WANTED}") from error
    except ValueError as error:
        raise FormatError(f"{path}: no single data.pkl in it, or a damaged one ({error}): {_WANTED}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError) as error:
        raise FormatError(f"{path}: not a readable archive ({error}): {_WANTED}") from error


def _members(archive: zipfile.ZipFile, size: int) -> dict[PurePosixPath, zipfile.ZipInfo]:
    members: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = PurePosixPath(info.filename)
        if name.is_absolute() or ".." in name.parts or "\\" in info.filename or ":" in info.filename:
            raise Refused(f"its member '{info.filename}' climbs out of the archive")
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise Refused(f"its member '{info.filename}' is compressed, which torch never does")
        if info.flag_bits & _ENCRYPTED or name in members:
            raise Refused(f"its member '{info.filename}' is encrypted or comes twice")
        members[name] = info
    if sum(info.file_size for info in members.values()) > size:
        raise Refused("its members overlap: together they are larger than the file")
    return members


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as member:
        return member.read()


@dataclass(frozen=True, eq=False)
class _Storage:
    """Numbers that several tensors may share."""

    values: np.ndarray


class _TensorBuilder(ArrayBuilder):
    def __init__(
        self,
        archive: zipfile.ZipFile,
        members: dict[PurePosixPath, zipfile.ZipInfo],
        root: PurePosixPath,
        order: str,
        size: int,
    ) -> None:
        super().__init__(size)
        self.calls |= {
            Name("torch._utils", "_rebuild_tensor_v2"): _tensor,
            Name("torch._utils", "_rebuild_tensor"): _tensor,
            Name("torch._utils", "_rebuild_parameter"): _parameter,
            Name("collections", "OrderedDict"): _ordered,
            Name("torch", "Size"): _size,
            Name("torch", "device"): _device,
        }
        self.words |= {Name("torch", name) for name in _STORAGES}
        self._archive, self._members, self._root, self._order = archive, members, root, order
        self._storages: dict[str, _Storage] = {}

    def build(self, made: Any, state: Any) -> Any:
        """As for arrays; a dictionary of weights has notes on its layers, which are dropped."""
        return made if type(made) is dict and type(state) is dict else super().build(made, state)

    def persistent(self, identity: Any) -> Any:
        """Return the numbers that a tensor is made of."""
        if type(identity) is not tuple or len(identity) != 5 or identity[0] != "storage":
            raise Refused("a tensor has its numbers outside the archive")
        _, kind, key, _, count = identity
        code = _STORAGES.get(kind.name) if isinstance(kind, Name) and kind.module == "torch" else None
        info = self._members.get(self._root / "data" / key) if type(key) is str and "/" not in key else None
        if code is None or info is None or type(count) is not int:
            raise Refused(f"the numbers of a tensor, data/{key!s:.40}, are missing or of an unknown type")
        if key not in self._storages:
            self.spend(info.file_size)
            self._storages[key] = _Storage(_numbers(_read(self._archive, info), code, count, self._order))
        return self._storages[key]


def _numbers(raw: bytes, code: str, count: int, order: str) -> np.ndarray:
    if code == "bf16":
        upper = array_of_bytes(raw, np.dtype(f"{order}u2"), (count,), "C").astype(np.uint32)
        return (upper << 16).view(np.float32)
    one_byte = code in {"u1", "i1", "b1"}
    return array_of_bytes(raw, np.dtype(code if one_byte else order + code), (count,), "C")


def _tensor(arguments: tuple[Any, ...]) -> np.ndarray:
    storage, offset, shape, strides = arguments[:4] if len(arguments) >= 4 else (None,) * 4
    whole = [offset, *shape, *strides] if type(shape) is tuple and type(strides) is tuple else [None]
    if not isinstance(storage, _Storage) or not all(type(n) is int and 0 <= n <= sys.maxsize for n in whole):
        raise Refused("a tensor is made of other things than it should be")
    values, size = storage.values, math.prod(shape)
    last = offset + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True))
    if size and last >= len(values):
        raise Refused(f"a tensor of shape {shape} reaches beyond its {len(values):,} numbers")
    if size > len(values) or max(shape, default=0) > max(len(values), 1 << 20):
        raise Refused(
            f"a tensor of shape {shape} has only {len(values):,} numbers, repeated: save it after .contiguous()"
        )
    if not size:
        return np.zeros(shape, values.dtype)
    steps = tuple(stride * values.itemsize for stride in strides)
    return np.array(np.lib.stride_tricks.as_strided(values[offset:], shape, steps, writeable=False))


def _parameter(arguments: tuple[Any, ...]) -> np.ndarray:
    if not arguments or not isinstance(arguments[0], np.ndarray):
        raise Refused("a parameter is made of other things than it should be")
    return arguments[0]


def _ordered(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    if arguments:
        raise Refused("a dictionary is made of other things than it should be")
    return {}


def _size(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(arguments) != 1 or type(arguments[0]) is not tuple:
        raise Refused("a shape is made of other things than it should be")
    return arguments[0]


def _device(arguments: tuple[Any, ...]) -> str:
    return ":".join(map(str, arguments))[:40]
