"""Particle images in MRC stacks, in the order that a list gives them, read on demand."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from cryobench.core import FormatError, InputError
from cryobench.core.checks import require_even_box
from cryobench.io.image_lists import ImageList, read_cs_list, read_star_list, read_txt_list
from cryobench.io.mrc import map_stack

_LISTS = {".txt": read_txt_list, ".star": read_star_list, ".cs": read_cs_list}
_STACKS = (".mrcs", ".mrc")
IMAGE_SUFFIXES = (*_STACKS, *_LISTS)
"""Kinds of file that :func:`open_images` reads."""


class StackImages:
    """Images of one or more stacks, memory-mapped.

    Parameters
    ----------
    stacks
        Paths of MRC stacks; one image size for all.
    stack_of, positions
        For each image its stack, as an index into ``stacks``, and its place there from 0, shape (N,). None: every image
        of every stack, in order.
    pixel_size
        Edge of a pixel in Å; None: what the headers of the stacks agree on, if they do.
    source
        What named the images, for messages.

    Attributes
    ----------
    stacks
        As given.
    volumes
        Those whose headers say that they are maps: their sections are taken as images.
    pixel_size
        Edge of a pixel in Å, None where it is not known.

    Raises
    ------
    FormatError
        If there is no stack, one is missing, truncated or not an image stack, the sizes differ or are not even
        squares, or an image lies beyond the end of its stack.
    """

    def __init__(
        self,
        stacks: Sequence[Path],
        stack_of: np.ndarray | None = None,
        positions: np.ndarray | None = None,
        pixel_size: float | None = None,
        source: str = "images",
    ) -> None:
        if not stacks:
            raise FormatError("there is no stack to read images from")
        self.stacks = tuple(stacks)
        mapped = [map_stack(path) for path in self.stacks]
        self._maps = [stack.images for stack in mapped]
        self.volumes = tuple(path for path, stack in zip(self.stacks, mapped, strict=True) if stack.is_volume)
        self._box = _one_box(self.stacks, self._maps)
        self.pixel_size = _agreed([stack.pixel_size for stack in mapped]) if pixel_size is None else pixel_size
        if stack_of is None or positions is None:
            stack_of = np.repeat(np.arange(len(self._maps)), self.counts)
            positions = np.concatenate([np.arange(count) for count in self.counts])
        self._stack_of, self._positions = stack_of, positions
        beyond = np.flatnonzero((positions < 0) | (positions >= np.array(self.counts)[stack_of]))
        if beyond.size:
            row, stack = beyond[0], stack_of[beyond[0]]
            raise FormatError(
                f"{source}: row {row + 1}: image {positions[row] + 1} of {self.stacks[stack]}, which holds "
                f"{self.counts[stack]}: give the stack that the list was made for"
            )

    @property
    def box(self) -> int:
        """Edge of an image in pixels."""
        return self._box

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of images that each stack holds."""
        return tuple(len(stack) for stack in self._maps)

    @property
    def names(self) -> list[str]:
        """RELION's name of each image, such as ``000001@/data/particles.mrcs``."""
        pairs = zip(self._positions.tolist(), self._stack_of.tolist(), strict=True)
        return [f"{position + 1:06d}@{self.stacks[stack]}" for position, stack in pairs]

    def __len__(self) -> int:
        return len(self._positions)

    def read(self, indices: np.ndarray) -> Float32[np.ndarray, "n D D"]:
        """Return the images with these indices, in this order, as a new array."""
        out = np.empty((len(indices), self.box, self.box), dtype=np.float32)
        places = zip(self._stack_of[indices].tolist(), self._positions[indices].tolist(), strict=True)
        for row, (stack, position) in enumerate(places):
            out[row] = self._maps[stack][position]
        return out

    def select(self, indices: np.ndarray) -> StackImages:
        """Return the images with these indices, in this order, without reading them.

        Raises
        ------
        InputError
            If an index is not that of an image, or there is none.
        """
        if not len(indices) or indices.min() < 0 or indices.max() >= len(self):
            raise InputError(f"indices must be from 0 to {len(self) - 1}, for {len(self)} images, and at least one")
        chosen = copy.copy(self)
        chosen._stack_of, chosen._positions = self._stack_of[indices], self._positions[indices]
        return chosen


def open_images(path: Path, datadir: Path | None = None, indices: np.ndarray | None = None) -> StackImages:
    """Open the particle images of a stack or of a list of them.

    Parameters
    ----------
    path
        A stack (``.mrcs``, ``.mrc``), a list of stacks (``.txt``), a RELION ``.star`` or a cryoSPARC ``.cs`` file.
    datadir
        Folder that the paths in a list start from, or that holds the stacks by their base names; that of the list by
        default. Paths may not leave it.
    indices
        Which images to keep, and in which order, from 0; all by default.

    Returns
    -------
    The images, none of them read yet, with their pixel size in Å where the file or the stacks give one.

    Raises
    ------
    FormatError
        If the file or a stack is missing, damaged, of another kind, or disagrees with the others.
    InputError
        If an index is not that of an image.
    """
    suffix = path.suffix.lower()
    if suffix not in IMAGE_SUFFIXES:
        raise FormatError(f"{path}: not particle images: expected one of {', '.join(IMAGE_SUFFIXES)}")
    if not path.is_file():
        raise FormatError(f"{path}: no such file: give the path of a stack or of a list of images")
    if datadir is not None and not datadir.is_dir():
        raise FormatError(f"{datadir}: no such folder: give the one that the paths in {path.name} start from")
    listed = ImageList((path,), None, None, None) if suffix in _STACKS else _LISTS[suffix](path, datadir)
    images = StackImages(listed.stacks, listed.stack_of, listed.positions, listed.pixel_size, str(path))
    return images if indices is None else images.select(indices)


def _one_box(paths: Sequence[Path], maps: Sequence[np.ndarray]) -> int:
    for path, data in zip(paths, maps, strict=True):
        rows, columns = data.shape[1:]
        if rows != columns:
            raise FormatError(f"{path}: images of shape {rows} x {columns}: expected square images")
        if data.shape[1:] != maps[0].shape[1:]:
            raise FormatError(
                f"{path}: images of {rows} pixels, but {paths[0]} has images of {maps[0].shape[1]}: "
                "expected one size; crop them to it"
            )
    box = int(maps[0].shape[1])
    try:
        require_even_box(box)
    except InputError as error:
        raise FormatError(f"{paths[0]}: {error}") from error
    return box


def _agreed(sizes: Sequence[float | None]) -> float | None:
    known = [size for size in sizes if size is not None]
    return known[0] if known and max(known) - min(known) <= 1e-3 * min(known) else None
