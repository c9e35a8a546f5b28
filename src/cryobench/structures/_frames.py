"""Frames of molecular dynamics: where each lies in a file, and reading some of them.

XTC is compressed, and decoded by biotraj. In DCD and TRR the coordinates lie plainly in the file: they are read at
their place, which takes the same time for any frame, where biotraj walks through all frames before it.
"""

from __future__ import annotations

import abc
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from jaxtyping import Float32, Float64, Int64

from cryobench.core import FormatError

FloatFrames = Float32[np.ndarray, "F N 3"] | Float64[np.ndarray, "F N 3"]


@dataclass(frozen=True, eq=False)
class Frames(abc.ABC):
    """A file of frames.

    Parameters
    ----------
    path
        The file.
    n_atoms
        Number of atoms, N.
    offsets
        Byte at which each frame starts, shape (frames,).
    """

    path: Path
    n_atoms: int
    offsets: Int64[np.ndarray, " frames"]

    def __len__(self) -> int:
        return len(self.offsets)

    @abc.abstractmethod
    def read(self, start: int, count: int) -> FloatFrames:
        """Return the positions in ``count`` frames from ``start`` on, in Å, shape (count, N, 3).

        Raises
        ------
        FormatError
            If they cannot be read.
        """

    def damaged(self, start: int, why: str) -> FormatError:
        """Return the error that says that frames from ``start`` on are damaged."""
        return FormatError(f"{self.path}: frames from {start} on cannot be read ({why}): the file may be damaged")


def open_frames(path: Path) -> Frames:
    """Return the frames of an XTC, TRR or DCD file; only their headers are read.

    Raises
    ------
    FormatError
        If the file is missing, of another kind, empty, or ends within a frame.
    """
    kinds: dict[str, Callable[[Path, BinaryIO], Frames]] = {".xtc": _open_xtc, ".trr": _open_trr, ".dcd": _open_dcd}
    kind = path.suffix.lower()
    if kind not in kinds:
        raise FormatError(f"{path}: not a trajectory: expected one of {', '.join(kinds)}")
    if not path.is_file():
        raise FormatError(f"{path}: no such file: give the path of a trajectory ({', '.join(kinds)})")
    try:
        with path.open("rb", buffering=0) as file:
            frames = kinds[kind](path, file)
    except (OSError, ValueError, struct.error) as error:
        raise FormatError(f"{path}: cannot be read as a {kind[1:].upper()} trajectory ({error})") from error
    if not len(frames):
        raise FormatError(f"{path}: holds no frame: it may be damaged, or the simulation wrote none")
    return frames


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _unpack(file: BinaryIO, layout: str) -> tuple[Any, ...]:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _require_end(frame: int, end: int, size: int) -> None:
    if end > size:
        raise ValueError(f"it ends within frame {frame}: write it again, or cut it before that frame")


def _require_same(frame: int, n_atoms: int, first: int) -> None:
    if n_atoms != first or n_atoms <= 0:
        raise ValueError(f"frame {frame} has {n_atoms} atoms, the first frame {first}")


def _angstroms(nanometres: np.ndarray) -> FloatFrames:
    with np.errstate(over="ignore", invalid="ignore"):  # who asked for the frames looks at whether they are finite
        return np.asarray(nanometres.astype(nanometres.dtype.newbyteorder("=")) * 10)


class XtcFrames(Frames):
    """GROMACS XTC, in nm, compressed; biotraj decodes it."""

    def read(self, start: int, count: int) -> FloatFrames:
        """Return frames from ``start`` on in Å; see :meth:`Frames.read`."""
        import biotraj  # noqa: PLC0415 (slow to import)

        try:
            with biotraj.XTCTrajectoryFile(str(self.path), "r") as file:
                file.offsets = self.offsets
                file.seek(start)
                coordinates = file.read(count)[0]
        except UnicodeError as error:
            raise FormatError(
                f"{self.path}: biotraj reads plain (ASCII) paths only: link to it by such a name"
            ) from error
        except (OSError, RuntimeError, ValueError) as error:
            raise self.damaged(start, str(error)) from error
        if len(coordinates) != count:
            raise self.damaged(start, "the file has become shorter")
        return _angstroms(coordinates)


_XTC_MAGIC = 1995
_XTC_HEADER = ">3i10fi"  # magic, atoms, step; time, box; atoms
_XTC_COMPRESSED = ">f8i"  # precision; least and most of x, y, z, index of a step, bytes
_XTC_SMALL = range(9, 73)  # indices of the format's table of steps
_XTC_MOST_BYTES = 13  # for each atom: three numbers of 32 bits, and what says how many of which kind follow


def _open_xtc(path: Path, file: BinaryIO) -> XtcFrames:
    size, at, first = _size(file), 0, 0
    offsets: list[int] = []
    while at < size:
        _require_end(len(offsets), at + struct.calcsize(_XTC_HEADER), size)
        file.seek(at)
        magic, n_atoms, *_, again = _unpack(file, _XTC_HEADER)
        if magic != _XTC_MAGIC or n_atoms != again:
            raise ValueError(f"frame {len(offsets)} does not start as XTC frames do")
        first = first or n_atoms
        _require_same(len(offsets), n_atoms, first)
        offsets.append(at)
        at = file.tell()
        if n_atoms <= 9:
            at += 12 * n_atoms
        else:
            _require_end(len(offsets) - 1, at + struct.calcsize(_XTC_COMPRESSED), size)
            _, *bounds, small, n_bytes = _unpack(file, _XTC_COMPRESSED)
            # biotraj's decoder trusts these numbers, and would write or read outside its buffers.
            ordered = all(low <= high for low, high in zip(bounds[:3], bounds[3:], strict=True))
            if not ordered or small not in _XTC_SMALL or not 0 < n_bytes <= _XTC_MOST_BYTES * n_atoms:
                raise ValueError(f"frame {len(offsets) - 1} has a damaged header")
            at = file.tell() + (n_bytes + 3) // 4 * 4
        _require_end(len(offsets) - 1, at, size)
    return XtcFrames(path, first, np.array(offsets, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class TrrFrames(Frames):
    """GROMACS TRR, in nm; ``kind`` is the number type of the coordinates, at ``offsets``."""

    kind: str

    def read(self, start: int, count: int) -> FloatFrames:
        """Return frames from ``start`` on in Å; see :meth:`Frames.read`."""
        wanted = 3 * self.n_atoms
        frames = [np.fromfile(self.path, self.kind, wanted, offset=int(at)) for at in self.offsets[start:][:count]]
        if any(len(frame) != wanted for frame in frames):
            raise self.damaged(start, "the file has become shorter")
        return _angstroms(np.stack(frames).reshape(count, -1, 3))


_TRR_MAGIC = 1993
_TRR_HEADER = ">3i12s13i"  # magic, lengths of the name; name; sizes of 10 parts, atoms, step, energies


def _open_trr(path: Path, file: BinaryIO) -> TrrFrames:
    size, at, n, first = _size(file), 0, 0, 0
    offsets: list[int] = []
    kinds: set[str] = set()
    while at < size:
        _require_end(n, at + struct.calcsize(_TRR_HEADER), size)
        file.seek(at)
        magic, _, length, name, *parts, n_atoms, _, _ = _unpack(file, _TRR_HEADER)
        if (magic, length, name) != (_TRR_MAGIC, 12, b"GMX_trn_file") or min(parts) < 0:
            raise ValueError(f"frame {n} does not start as TRR frames do")
        first = first or n_atoms
        _require_same(n, n_atoms, first)
        box, before, (positions, *after) = parts[2], sum(parts[:7]), parts[7:]
        width = box // 9 or max(positions, *after) // (3 * n_atoms)
        if width not in {4, 8} or positions not in {0, 3 * n_atoms * width}:
            raise ValueError(f"frame {n} has numbers of {width} bytes")
        start = file.tell() + 2 * width + before  # after time and lambda
        # A simulation may write velocities or forces more often than positions.
        if positions:
            offsets.append(start)
            kinds.add(f">f{width}")
        at = start + positions + sum(after)
        _require_end(n, at, size)
        n += 1
    if len(kinds) > 1:
        raise ValueError("it mixes numbers of 4 and 8 bytes")
    return TrrFrames(path, first, np.array(offsets, dtype=np.int64), kinds.pop() if kinds else ">f4")


@dataclass(frozen=True, eq=False)
class DcdFrames(Frames):
    """CHARMM, NAMD or X-PLOR DCD, in Å; ``layout`` is that of a frame."""

    layout: np.dtype[np.void]

    def read(self, start: int, count: int) -> FloatFrames:
        """Return frames from ``start`` on in Å; see :meth:`Frames.read`."""
        records = np.fromfile(self.path, self.layout, count, offset=int(self.offsets[start]))
        if len(records) != count:
            raise self.damaged(start, "the file has become shorter")
        if any((records[axis][mark] != 4 * self.n_atoms).any() for axis in "xyz" for mark in ("length", "again")):
            raise self.damaged(start, "the lengths of records are wrong")
        return np.stack([records[axis]["data"] for axis in "xyz"], axis=-1).astype(np.float32)


def _open_dcd(path: Path, file: BinaryIO) -> DcdFrames:
    start = file.read(8)
    order = next((order for order in "<>" if start == struct.pack(f"{order}i4s", 84, b"CORD")), None)
    if order is None:
        raise ValueError("it does not start as DCD files of coordinates with 32-bit records do")
    control = _unpack(file, f"{order}20i")
    fixed, charmm = control[8], control[19] != 0
    if fixed:
        raise ValueError(f"{fixed} atoms are fixed and left out of its frames: write it again with all atoms")
    (_, length) = _unpack(file, f"{order}2i")
    file.seek(length, os.SEEK_CUR)
    _, record, n_atoms, again = _unpack(file, f"{order}4i")
    if (record, again) != (4, 4) or n_atoms <= 0:
        raise ValueError("the number of atoms is not where it should be")
    axis = np.dtype([("length", f"{order}i4"), ("data", f"{order}f4", (n_atoms,)), ("again", f"{order}i4")])
    cell = [("cell", "V56")] if charmm and control[10] else []
    fourth = [("w", axis)] if charmm and control[11] == 1 else []
    layout = np.dtype([*cell, *((name, axis) for name in "xyz"), *fourth])
    # The number of frames in the header is what was planned, not what was written.
    offset = file.tell()
    size = _size(file)
    n_frames = -(-(size - offset) // layout.itemsize)
    _require_end(n_frames - 1, offset + n_frames * layout.itemsize, size)
    return DcdFrames(path, n_atoms, offset + layout.itemsize * np.arange(n_frames, dtype=np.int64), layout)
