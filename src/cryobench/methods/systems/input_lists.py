"""Lists of the images that a method was run on: found where settings may point to, and read for their names alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import Int64

from cryobench.core import FormatError, Particles
from cryobench.io import StackImages, read_cs, read_particle_table, read_text, require_fields
from cryobench.methods.systems.matching import stack_of

TABLES, STACKS = (".star", ".cs", ".txt"), (".mrcs", ".mrc")


@dataclass(frozen=True, eq=False)
class NamedImages:
    """Images in the order of a list.

    Parameters
    ----------
    stacks
        Path of the stack of each, as the list has it.
    positions
        Its place there from 0, shape (m,).
    """

    stacks: list[str]
    positions: Int64[np.ndarray, " m"]


def find_named(name: str, suffixes: Sequence[str], particles: Particles, folder: Path) -> tuple[Path | None, str]:
    """Return the file that settings name, or why there is none.

    A path is followed only if it ends, links followed, in a folder of the dataset or below the output. One that is not
    there, as after a copy from another machine, stands for the file of that name in the output or beside the dataset's
    stacks. One that is there, but elsewhere, is not opened, and no file of the dataset stands for it: it may list other
    images.

    Parameters
    ----------
    name
        The path in the settings.
    suffixes
        Those of the files that may be meant.
    particles
        Those of the dataset.
    folder
        The output.
    """
    if "\0" in name or PurePosixPath(name).suffix not in suffixes:
        return None, f"is none of {', '.join(suffixes)}"
    given, base = Path(name), PurePosixPath(name).name
    beside = dataset_folders(particles)
    try:
        own, others = folder.resolve(), [place.resolve() for place in beside]

        def allowed(path: Path) -> bool:
            real = path.resolve()
            return (real.is_relative_to(own) or real.parent in others) and real.is_file()

        if given.is_absolute() and allowed(given):
            return given, ""
        elsewhere = given.is_absolute() and given.is_file()
        places = [folder, *([] if elsewhere else beside)]
        found = next((place / base for place in places if allowed(place / base)), None)
    except (OSError, RuntimeError):  # a name that is too long, links in a circle
        return None, "cannot be looked for"
    if elsewhere:
        return found, "lies neither in the dataset nor in the output, and settings are not followed elsewhere"
    return found, "is not there"


def dataset_folders(particles: Particles) -> list[Path]:
    """Return the folders of the dataset's stacks, each with the one above it."""
    if not isinstance(particles.images, StackImages):
        return []
    parents = [stack.absolute().parent for stack in particles.images.stacks]
    return list(dict.fromkeys([parent for each in parents for parent in (each, each.parent)]))


def read_names(path: Path, particles: Particles) -> NamedImages:
    """Return the images that a list names; a stack is not opened, and stands for its own images.

    Raises
    ------
    FormatError
        If it is no such list, or is of whole stacks and one is none of the dataset's.
    """
    if path.suffix == ".star":
        return _star_images(path)
    if path.suffix == ".cs":
        return _cs_images(path)
    if path.suffix in STACKS:
        return _whole([(str(path), str(path))], particles)
    if path.suffix != ".txt":
        raise FormatError(f"{path}: no list of images: expected one of {', '.join((*TABLES, *STACKS))}")
    lines = [(line.strip(), f"{path}: line {row}") for row, line in enumerate(read_text(path).split("\n"), start=1)]
    stacks = [(name, where) for name, where in lines if name]
    if not stacks:
        raise FormatError(f"{path}: names no stack: expected the path of one stack a line")
    return _whole(stacks, particles)


def _whole(stacks: Sequence[tuple[str, str]], particles: Particles) -> NamedImages:
    """Return all images of stacks, each given with the words that say where it is named."""
    if not isinstance(particles.images, StackImages):
        raise FormatError(f"{stacks[0][1]}: the dataset's images have no names: expected stacks on disk")
    counts = dict(zip(particles.images.stacks, particles.images.counts, strict=True))
    known, sizes = [PurePosixPath(stack) for stack in counts], list(counts.values())
    found = [(name, sizes[stack_of(name, known, where)]) for name, where in stacks]
    named = [name for name, size in found for _ in range(size)]
    return NamedImages(named, np.concatenate([np.arange(size, dtype=np.int64) for _, size in found]))


def _star_images(path: Path) -> NamedImages:
    stacks: list[str] = []
    positions: list[int] = []
    for row, name in enumerate(read_particle_table(path, "rlnImageName").column("rlnImageName")):
        number, _, stack = name.rpartition("@")
        if not stack or not (number.isascii() and number.isdigit() and len(number) < 19 and int(number)):
            raise FormatError(f"{path}: row {row + 1}: image '{name:.80}': expected a name such as 000001@stack.mrcs")
        stacks.append(stack)
        positions.append(int(number) - 1)
    return NamedImages(stacks, np.asarray(positions, dtype=np.int64))


def _cs_images(path: Path) -> NamedImages:
    table = read_cs(path)
    require_fields(table, ("blob/path", "blob/idx"), str(path))
    paths, places = table["blob/path"], table["blob/idx"]
    if paths.dtype.kind not in "SU" or places.dtype.kind not in "iu" or paths.ndim != 1 or places.ndim != 1:
        raise FormatError(f"{path}: blob/path and blob/idx are no text and integers: expected a cryoSPARC file")
    words = [name.decode(errors="replace") if isinstance(name, bytes) else str(name) for name in paths.tolist()]
    return NamedImages([word.removeprefix(">") for word in words], places.astype(np.int64))
