"""Lists of particle images: which stack, and which image of it, each particle is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int64

from cryobench.core import FormatError
from cryobench.io.cryosparc import read_cs, require_fields
from cryobench.io.files import inside, read_text
from cryobench.io.relion import read_particle_table


@dataclass(frozen=True, eq=False)
class ImageList:
    """Images by stack and position.

    Parameters
    ----------
    stacks
        Each stack once.
    stack_of, positions
        For each image its stack, as an index into ``stacks``, and its place there from 0, shape (N,). None: every image
        of every stack, in order.
    pixel_size
        Edge of a pixel in Å where the list gives one.
    """

    stacks: tuple[Path, ...]
    stack_of: Int64[np.ndarray, " N"] | None
    positions: Int64[np.ndarray, " N"] | None
    pixel_size: float | None


def read_txt_list(path: Path, datadir: Path | None) -> ImageList:
    """Read a text file with the name of one stack a line; empty lines are skipped.

    Raises
    ------
    FormatError
        If it cannot be read, names no stack, or names one that is missing or outside the folder.
    """
    lines = [(row, line.strip()) for row, line in enumerate(read_text(path).split("\n"), start=1)]
    stacks = tuple(_locate(line, path, datadir, f"line {row}") for row, line in lines if line)
    if not stacks:
        raise FormatError(f"{path}: names no stack: expected the path of one stack a line")
    return ImageList(stacks, None, None, None)


def read_star_list(path: Path, datadir: Path | None) -> ImageList:
    """Read the images of a RELION STAR file: ``rlnImageName``, such as ``000001@particles/000.mrcs``.

    Raises
    ------
    FormatError
        If it cannot be read, or names an image as RELION does not, or a stack that is missing or outside the folder.
    """
    table = read_particle_table(path, "rlnImageName")
    names, numbers = [], np.empty(table.rows, dtype=np.int64)
    for row, name in enumerate(table.column("rlnImageName")):
        number, at, stack = name.rpartition("@")
        if not stack or (at and not (number.isdecimal() and len(number) < 19)):
            raise FormatError(f"{path}: row {row + 1}: image '{name}': expected a name such as 000001@stack.mrcs")
        names.append(stack)
        numbers[row] = int(number) if at else 1
        if not numbers[row]:
            raise FormatError(f"{path}: row {row + 1}: image '{name}': RELION counts the images of a stack from 1")
    return _image_list(names, numbers - 1, path, datadir, _one_pixel_size(table.pixel_sizes(), path))


def read_cs_list(path: Path, datadir: Path | None) -> ImageList:
    """Read the images of a cryoSPARC file: ``blob/path`` and ``blob/idx``.

    Raises
    ------
    FormatError
        If it cannot be read, lacks those fields, or names a stack that is missing or outside the folder.
    """
    table = read_cs(path)
    require_fields(table, ("blob/path", "blob/idx"), str(path))
    paths, positions = table["blob/path"], table["blob/idx"]
    if paths.dtype.kind not in "SU" or positions.dtype.kind not in "iu" or paths.ndim != 1 or positions.ndim != 1:
        raise FormatError(
            f"{path}: blob/path has type {paths.dtype} and blob/idx {positions.dtype}: expected text and integers"
        )
    try:
        names = [text.decode() if isinstance(text, bytes) else str(text) for text in paths.tolist()]
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: blob/path is not text ({error}): expected UTF-8") from error
    sizes = table["blob/psize_A"] if "blob/psize_A" in (table.dtype.names or ()) else np.zeros(1)
    # cryoSPARC marks a path below its own project folder by a leading '>'.
    names = [name.removeprefix(">") for name in names]
    return _image_list(names, positions.astype(np.int64), path, datadir, _one_pixel_size(sizes, path))


def _image_list(
    names: Sequence[str], positions: Int64[np.ndarray, " N"], path: Path, datadir: Path | None, pixel_size: float | None
) -> ImageList:
    index: dict[str, int] = {}
    stacks: list[Path] = []
    stack_of = np.empty(len(names), dtype=np.int64)
    for row, name in enumerate(names):
        if name not in index:
            index[name] = len(stacks)
            stacks.append(_locate(name, path, datadir, f"row {row + 1}"))
        stack_of[row] = index[name]
    return ImageList(tuple(stacks), stack_of, positions, pixel_size)


def _locate(name: str, path: Path, datadir: Path | None, where: str) -> Path:
    """Return the stack that a list names: below its folder, or below ``datadir``, where the base name will do."""
    source, folder = f"{path}: {where}", path.parent if datadir is None else datadir
    full, base = folder / name, folder / Path(name).name
    try:
        there = full.is_file() and full.resolve().is_relative_to(folder.resolve())
        by_base_name = datadir is not None and not there and base.is_file()
        _require_no_way_out(base if by_base_name else full, folder, source)
        found = inside(folder, base.name if by_base_name else name, source)
        exists = found.is_file()
    except (OSError, ValueError) as error:  # a name that is too long, or holds a null character
        raise FormatError(f"{source}: {name[:80]!r} is no path ({error}): expected that of a stack") from error
    if not exists:
        raise FormatError(
            f"{source}: there is no stack '{name}' in {folder}: give --datadir the folder that the paths start from"
        )
    return found


def _require_no_way_out(path: Path, folder: Path, source: str) -> None:
    """Raise if a path that begins in a folder leads out of it by a link."""
    begins_inside = Path(os.path.abspath(path)).is_relative_to(os.path.abspath(folder))  # noqa: PTH100 -- as written
    real = path.resolve()
    if begins_inside and not real.is_relative_to(folder.resolve()):
        raise FormatError(
            f"{source}: '{path.name}' is a link, or lies beyond one, that leads out of its folder, to {real}: "
            f"give --datadir the real folder, {real.parent}"
        )


def _one_pixel_size(sizes: Float[np.ndarray, " N"], path: Path) -> float | None:
    """Return the pixel size that all images share, None where it is not given."""
    known = np.asarray(sizes, dtype=np.float64)
    known = known[np.isfinite(known) & (known > 0)]
    if not known.size:
        return None
    if known.max() - known.min() > 1e-3 * known.min():
        raise FormatError(
            f"{path}: images have pixel sizes from {known.min():.4f} to {known.max():.4f} Å: expected one; "
            "rescale them to one pixel size, or split the file"
        )
    return float(known[0])
