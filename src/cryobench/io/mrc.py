"""MRC maps and image stacks."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import mrcfile
import numpy as np
from jaxtyping import Float32
from mrcfile.dtypes import HEADER_DTYPE

from cryobench.core import FormatError, InputError, Volume
from cryobench.io.files import replacing, write_bytes

_LABEL = b"cryobench"
_ALIKE = 1e-3  # headers hold the edge of the box in single precision
_MODES = {0: 1, 1: 2, 2: 4, 6: 2, 12: 2}
"""Bytes of a value in the modes of real numbers."""


class MrcStackWriter:
    """Writes a float32 stack image by image, under a temporary name until it is complete.

    Use it as a context manager; the same images give the same bytes, however they are grouped into calls.

    Parameters
    ----------
    path
        The file that appears when the block ends well.
    images, box
        How many images will come, and their edge in pixels.
    pixel_size
        Edge of a pixel in Å.
    """

    def __init__(self, path: Path, images: int, box: int, pixel_size: float) -> None:
        self._replacing = replacing(path)
        self._shape = (images, box, box)
        self._pixel_size = pixel_size
        self._moments = np.zeros((images, 2))
        self._lowest, self._highest = np.inf, -np.inf
        self._written = 0

    def __enter__(self) -> MrcStackWriter:
        self._file = self._replacing.__enter__().open("wb")
        self._file.write(bytes(HEADER_DTYPE.itemsize))
        return self

    def write(self, images: Float32[np.ndarray, "n D D"]) -> None:
        """Append images, shape (n, D, D)."""
        n = len(images)
        if images.shape[1:] != self._shape[1:] or self._written + n > self._shape[0]:
            raise InputError(f"images of shape {images.shape} do not fit a stack of shape {self._shape}")
        self._file.write(np.ascontiguousarray(images, dtype="<f4").data)
        wide = images.reshape(n, -1).astype(np.float64)
        self._moments[self._written : self._written + n] = np.stack((wide.sum(1), (wide**2).sum(1)), axis=1)
        self._lowest = min(self._lowest, float(wide.min()))
        self._highest = max(self._highest, float(wide.max()))
        self._written += n

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._written != self._shape[0]:
            kind = InputError
            error = InputError(f"stack ended after {self._written} of {self._shape[0]} images")
        try:
            with self._file:
                if kind is None:
                    self._file.seek(0)
                    self._file.write(self._header().tobytes())
        except OSError as failure:
            kind, error = type(failure), failure
        # It makes the file durable and gives it its name, or removes it.
        self._replacing.__exit__(kind, error, trace)
        if error is not None and trace is None:
            raise error

    def _header(self) -> np.ndarray:
        pixels = float(np.prod(self._shape))
        mean = float(self._moments[:, 0].sum()) / pixels
        variance = float(self._moments[:, 1].sum()) / pixels - mean**2
        statistics = (self._lowest, self._highest, mean, max(variance, 0.0) ** 0.5)
        return _header(self._shape, self._pixel_size, statistics, is_volume=False)


def write_volume(path: Path, volume: Volume) -> None:
    """Write a map as an MRC volume with its pixel size."""
    wide = volume.data.astype(np.float64)
    statistics = (float(wide.min()), float(wide.max()), float(wide.mean()), float(wide.std()))
    header = _header(volume.data.shape, volume.pixel_size, statistics, is_volume=True)
    write_bytes(path, header.tobytes() + np.ascontiguousarray(volume.data, dtype="<f4").tobytes())


def read_volume(path: Path, pixel_size: float | None = None) -> Volume:
    """Read a cubic map; ``pixel_size`` (Å) takes the place of the one in its header.

    A machine stamp of zeros is taken as little-endian where the header makes sense that way.

    Raises
    ------
    FormatError
        If the file is not a complete MRC map of a cubic, even box with a pixel size, the same along each axis, and its
        axes in the order x, y, z.
    """
    if not path.exists():
        raise FormatError(f"{path}: no such file: check its path")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # trailing bytes do no harm
            with mrcfile.open(path, permissive=_lacks_stamp(path)) as mrc:
                stored, edges = mrc.data, _edges(mrc.voxel_size)
                _require_axes(mrc.header, path)
                if stored.dtype.kind not in "fiu":
                    raise FormatError(f"{path}: voxels of type {stored.dtype}: expected real numbers")
                data = np.array(stored, dtype=np.float32)
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: not a readable MRC map ({error})") from error
    if data.ndim != 3 or len(set(data.shape)) != 1:
        raise FormatError(f"{path}: {' x '.join(map(str, data.shape))} voxels: expected a cubic map")
    size = edges[0] if pixel_size is None else pixel_size
    if size is None:
        raise FormatError(f"{path}: its header holds no pixel size: give it with --apix, in Å")
    if pixel_size is None:
        _require_one_edge(edges, path, "resample it, or give the true one with --apix")
    try:
        return Volume(data, size)
    except InputError as error:
        raise FormatError(f"{path}: {error}") from error


def volume_grid(path: Path) -> tuple[int, float | None]:
    """Return the box of a cubic map and the edge of its voxel in Å, None where the header has none; no voxel is read.

    Raises
    ------
    FormatError
        If the file is missing, truncated, or no cubic MRC map.
    """
    stack = map_stack(path)
    if len(set(stack.images.shape)) != 1:
        raise FormatError(f"{path}: {' x '.join(map(str, stack.images.shape))} voxels: expected a cubic map")
    return len(stack.images), stack.pixel_size


class MappedStack(NamedTuple):
    """A stack whose images are read when they are asked for.

    Parameters
    ----------
    images
        Memory-mapped array, shape (n, rows, columns), n of at least 1, of any real type.
    pixel_size
        Edge of a pixel in Å, None where the header has none.
    is_volume
        Whether the header says that the images are the sections of a map.
    stamped
        Whether the header holds a machine stamp; where it is zeros, little-endian is what makes sense.
    """

    images: np.ndarray
    pixel_size: float | None
    is_volume: bool
    stamped: bool = True


def map_stack(path: Path) -> MappedStack:
    """Return the images of a stack without reading them.

    Raises
    ------
    FormatError
        If the file is missing, truncated, or not an MRC stack of images, its axes in the order x, y, z and its pixels
        square.
    """
    wanted = "expected a complete MRC stack of images"
    try:
        unstamped = _lacks_stamp(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # trailing bytes do no harm
            with mrcfile.mmap(path, mode="r", permissive=unstamped) as mrc:
                data, edges, header = mrc.data, _edges(mrc.voxel_size), mrc.header
    except (OSError, ValueError, OverflowError) as error:
        raise FormatError(f"{path}: not a readable MRC stack ({error}): {wanted}") from error
    stack = np.asarray(data[None] if data.ndim == 2 else data)
    if stack.ndim != 3 or not stack.size or stack.dtype.kind not in "fiu":
        raise FormatError(f"{path}: shape {stack.shape}, type {stack.dtype}: {wanted}")
    _require_axes(header, path)
    _require_one_edge(edges[:2], path, "resample it, or correct its header")
    is_volume = int(header.ispg) == 1 and int(header.nx) == int(header.nz) == int(header.mz)
    return MappedStack(stack, edges[0], is_volume, not unstamped)


def _lacks_stamp(path: Path) -> bool:
    """Return whether a file is a complete little-endian MRC file, but for its machine stamp, which is zeros.

    Early versions of cryoDRGN wrote such files, and stacks without the map ID too. The checks are those that reading
    without the stamp would leave out.

    Raises
    ------
    ValueError
        If it is such a file, cut short.
    """
    with path.open("rb") as file:
        raw = file.read(HEADER_DTYPE.itemsize)
        size = file.seek(0, os.SEEK_END)
    if len(raw) < HEADER_DTYPE.itemsize:
        return False
    header = np.frombuffer(raw, HEADER_DTYPE.newbyteorder("<"))[0]
    edges = [int(header[name]) for name in ("nx", "ny", "nz")]
    mode, extended, map_id = int(header["mode"]), int(header["nsymbt"]), bytes(header["map"])
    if any(header["machst"]) or mode not in _MODES or min(edges) < 1 or extended < 0:
        return False
    expected = len(raw) + extended + math.prod(edges) * _MODES[mode]
    if map_id[:3] != b"MAP":
        return not any(map_id) and size == expected
    if size < expected:
        raise ValueError(f"it has {size:,} bytes, by its header {expected:,}")
    return True


def _edges(voxel: np.ndarray) -> list[float | None]:
    """Return the edges of a voxel along x, y and z in Å, None where the header holds none."""
    edges = [float(voxel[axis]) for axis in "xyz"]
    return [edge if np.isfinite(edge) and edge > 0 else None for edge in edges]


def _require_axes(header: np.ndarray, path: Path) -> None:
    order = tuple(int(header[name]) for name in ("mapc", "mapr", "maps"))
    if order not in {(1, 2, 3), (0, 0, 0)}:  # old writers leave them out
        raise FormatError(
            f"{path}: its columns, rows and sections are the axes {order}: expected x, y, z, that is (1, 2, 3); "
            "write it anew with its axes in this order"
        )


def _require_one_edge(edges: Sequence[float | None], path: Path, advice: str) -> None:
    known = [edge for edge in edges if edge is not None]
    if known and max(known) - min(known) > _ALIKE * min(known):
        raise FormatError(
            f"{path}: edges of {' x '.join(f'{edge:g}' for edge in known)} Å a voxel: expected the same along each "
            f"axis; {advice}"
        )


def _header(
    shape: tuple[int, ...], pixel_size: float, statistics: tuple[float, float, float, float], *, is_volume: bool
) -> np.ndarray:
    """Return an MRC2014 header; a stack has space group 0 and one section a cell, a volume space group 1."""
    sections, rows, columns = shape
    header = np.zeros((), dtype=HEADER_DTYPE.newbyteorder("<"))
    header["nx"], header["ny"], header["nz"] = columns, rows, sections
    header["mode"] = 2
    header["mx"], header["my"], header["mz"] = columns, rows, sections if is_volume else 1
    cell_z = pixel_size * (sections if is_volume else 1)
    header["cella"] = (pixel_size * columns, pixel_size * rows, cell_z)
    header["cellb"] = (90.0, 90.0, 90.0)
    header["mapc"], header["mapr"], header["maps"] = 1, 2, 3
    header["dmin"], header["dmax"], header["dmean"], header["rms"] = statistics
    header["ispg"] = 1 if is_volume else 0
    header["nversion"] = 20140
    header["map"] = b"MAP "
    header["machst"] = (0x44, 0x44, 0, 0)
    header["nlabl"] = 1
    header["label"][0] = _LABEL
    return header
