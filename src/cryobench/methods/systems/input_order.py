"""Which row of a method's output each particle is, where the method keeps the order of the images that it was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from jaxtyping import Int64

from cryobench.core import FormatError, Particles
from cryobench.io import StackImages, read_cs, read_indices, read_particle_table, read_text, require_fields
from cryobench.methods.systems.matching import rows_of_particles

_LISTS = (".star", ".cs")
_WITHOUT_NAMES = (".txt", ".mrcs", ".mrc")
_MOST = 1 << 40


@dataclass(frozen=True, eq=False)
class InputOrder:
    """Rows of an output put into the order of the particles.

    Parameters
    ----------
    rows
        The row of each particle, shape (N,).
    sources
        The files that it was taken from.
    note
        How it is known.
    """

    rows: Int64[np.ndarray, " N"]
    sources: tuple[Path, ...]
    note: str

    @property
    def particles(self) -> Int64[np.ndarray, " N"]:
        """The particle of each row."""
        return np.argsort(self.rows)


def order_of_input(
    images: Any, selection: Any, count: int, particles: Particles, folder: Path, settings: Path
) -> InputOrder:
    """Return the row of each particle.

    Parameters
    ----------
    images
        The input file that the settings name: a ``.star`` or ``.cs`` file, a list of stacks or a stack. It is read only
        for the names of the images in it.
    selection
        What the settings name as the rows of the input that were used: None for all, a number for the first so many, or
        a file of indices.
    count
        Number of rows in the output.
    particles
        Those of the dataset.
    folder
        The output.
    settings
        The file of settings, for messages.

    Raises
    ------
    FormatError
        If rows and particles cannot be matched, or a file is missing that is needed for it.
    """
    chosen, sources = _selection(selection, count, particles, folder, settings)
    path = _find(images, (*_LISTS, *_WITHOUT_NAMES), particles, folder) if isinstance(images, str) else None
    named = None if path is None else _images_in(path, particles)
    if path is None or named is None:
        rows, note = _assumed(images, chosen, count, particles, settings)
        return InputOrder(rows, sources, note)
    stacks, positions = named
    used = np.arange(len(stacks)) if chosen is None else chosen
    beyond = used[used >= len(stacks)]
    if beyond.size or len(used) != count:
        why = f"{len(used):,} images" if not beyond.size else f"no image {beyond[0] + 1:,}"
        raise FormatError(
            f"{path}: {why}, but the output in {folder} has {count:,} rows: expected the file that the method was run "
            "on"
        )
    rows = rows_of_particles([stacks[i] for i in used.tolist()], positions[used], particles, str(path))
    own = path.suffix != ".mrcs" and path.parent in _dataset_folders(particles)
    what = "a file of the dataset" if own else "the input that the settings name"
    return InputOrder(rows, (path, *sources), f"order of the particles: matched by image names in {path}, {what}")


def _selection(
    selection: Any, count: int, particles: Particles, folder: Path, settings: Path
) -> tuple[Int64[np.ndarray, " k"] | None, tuple[Path, ...]]:
    if selection is None:
        return None, ()
    if type(selection) is int and selection >= 0:
        return np.arange(min(selection, count), dtype=np.int64), ()
    path = _find(selection, (".pkl", ".npy", ".txt"), particles, folder) if isinstance(selection, str) else None
    if path is None:
        raise FormatError(
            f"{settings}: run on a selection of particles, ind: {selection!s:.200}, and there is no such file: copy it "
            f"into {folder}, or run the method without a selection"
        )
    chosen = read_indices(path, _MOST)
    if len(chosen) != count:
        raise FormatError(
            f"{path}: {len(chosen):,} indices, but the output in {folder} has {count:,} rows: expected the selection "
            "that the method was run with"
        )
    return chosen, (path,)


def _assumed(
    images: Any, chosen: Int64[np.ndarray, " k"] | None, count: int, particles: Particles, settings: Path
) -> tuple[Int64[np.ndarray, " N"], str]:
    n = len(particles)
    used = np.arange(count) if chosen is None else chosen
    rows = np.full(n, -1, dtype=np.int64)
    inside = used[used < n]
    rows[inside] = np.flatnonzero(used < n)
    if len(used) != n or (rows < 0).any():
        missing = np.flatnonzero(rows < 0)
        which = f"; particle {missing[0]} is missing" if missing.size else ""
        raise FormatError(
            f"{settings}: the output has {count:,} rows for {n:,} particles{which}: expected one for each: give the "
            "dataset that the method was run on, and run it without a selection"
        )
    return rows, (
        f"order of the particles: ASSUMED to be that of the dataset: the input of the run, {images!s:.200}, is not "
        "there, or names none of its images; run the method on the dataset's particles.star, and it is checked"
    )


def _dataset_folders(particles: Particles) -> list[Path]:
    if not isinstance(particles.images, StackImages):
        return []
    parents = [stack.absolute().parent for stack in particles.images.stacks]
    return list(dict.fromkeys([parent for each in parents for parent in (each, each.parent)]))


def _find(name: str, suffixes: Sequence[str], particles: Particles, folder: Path) -> Path | None:
    """Return the file of this name: where the settings say, else beside the dataset or in the output."""
    if "\0" in name or PurePosixPath(name).suffix not in suffixes:
        return None
    base = PurePosixPath(name).name
    places = [Path(name)] if Path(name).is_absolute() else []
    places += [place / base for place in (*_dataset_folders(particles), folder)]
    try:
        return next((place for place in places if place.is_file()), None)
    except OSError:  # a name that is too long
        return None


def _images_in(path: Path, particles: Particles) -> tuple[list[str], Int64[np.ndarray, " m"]] | None:
    """Return stack and place of each image that a file names, None where they are none of the dataset's."""
    if not isinstance(particles.images, StackImages):
        return None
    if path.suffix == ".star":
        return _star_images(path)
    if path.suffix == ".cs":
        return _cs_images(path)
    lines = [str(path)] if path.suffix in {".mrcs", ".mrc"} else read_text(path).split("\n")
    stacks: list[str] = []
    positions: list[int] = []
    for line in filter(None, map(str.strip, lines)):
        counts = _counts(line, particles.images)
        if len(counts) != 1:
            return None
        stacks += [line] * counts[0]
        positions += range(counts[0])
    return (stacks, np.asarray(positions, dtype=np.int64)) if stacks else None


def _counts(name: str, images: StackImages) -> list[int]:
    base = PurePosixPath(name).name
    return [count for stack, count in zip(images.stacks, images.counts, strict=True) if stack.name == base]


def _star_images(path: Path) -> tuple[list[str], Int64[np.ndarray, " m"]]:
    stacks: list[str] = []
    positions: list[int] = []
    for row, name in enumerate(read_particle_table(path, "rlnImageName").column("rlnImageName")):
        number, _, stack = name.rpartition("@")
        if not stack or not (number.isascii() and number.isdigit() and len(number) < 19 and int(number)):
            raise FormatError(f"{path}: row {row + 1}: image '{name:.80}': expected a name such as 000001@stack.mrcs")
        stacks.append(stack)
        positions.append(int(number) - 1)
    return stacks, np.asarray(positions, dtype=np.int64)


def _cs_images(path: Path) -> tuple[list[str], Int64[np.ndarray, " m"]]:
    table = read_cs(path)
    require_fields(table, ("blob/path", "blob/idx"), str(path))
    paths, places = table["blob/path"], table["blob/idx"]
    if paths.dtype.kind not in "SU" or places.dtype.kind not in "iu" or paths.ndim != 1 or places.ndim != 1:
        raise FormatError(f"{path}: blob/path and blob/idx are no text and integers: expected a cryoSPARC file")
    words = [name.decode(errors="replace") if isinstance(name, bytes) else str(name) for name in paths.tolist()]
    return [word.removeprefix(">") for word in words], places.astype(np.int64)
