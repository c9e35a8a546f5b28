"""What is known to be wrong in the published files, found and put right without changing them.

Each repair says which file is meant, what it says, and what is taken instead. What is wrong in another way is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cryobench.core import CTFParameters, FormatError
from cryobench.datasets.published.layout import Layout
from cryobench.datasets.published.releases import Release
from cryobench.io import ctf_from_table, read_array_pickle, read_particle_table
from cryobench.io.mrc import MappedStack, map_stack

_ALIKE = 1e-3
_DEFAULT = 1.0
"""The pixel size in Å that cryoDRGN writes where it is told none; its ``downsample`` scales it as if it were true."""

Repairs = tuple[str, ...]


def read_ctf(layout: Layout, release: Release) -> tuple[CTFParameters, Repairs]:
    """Return the CTF parameters, and what was wrong with the box and pixel size beside them.

    Raises
    ------
    FormatError
        If it is no table of CTF parameters, or its box and pixel size are none of those that are known to be there.
    """
    table = read_array_pickle(layout.ctf)
    ctf = ctf_from_table(table, str(layout.ctf))
    columns = np.asarray(table)[:, :2] if np.asarray(table).shape[1] == 9 else None
    if columns is None:
        return ctf, ()
    sizes = np.unique(columns, axis=0)
    if len(sizes) > 1:
        raise FormatError(
            f"{layout.ctf}: rows give {len(sizes)} different pairs of box and pixel size, the first two of which are "
            f"{_pair(*sizes[0])} and {_pair(*sizes[1])}: expected one for all images"
        )
    wrong = _wrong_pair(float(sizes[0, 0]), float(sizes[0, 1]), release, str(layout.ctf))
    return ctf, (f"{layout.name(layout.ctf)}: {wrong}",) if wrong else ()


def check_star(layout: Layout, release: Release) -> Repairs:
    """Return what is wrong with the box and pixel size in the STAR file that lists the images, if one does.

    Raises
    ------
    FormatError
        If they are none of those that are known to be there.
    """
    listing = layout.listing
    if listing is None or listing.suffix != ".star":
        return ()
    table = read_particle_table(listing, "rlnImageName")
    if not (table.has("rlnImageSize") and table.has("rlnImagePixelSize")):
        return ()
    pairs = np.unique(np.column_stack((table.numbers("rlnImageSize"), table.numbers("rlnImagePixelSize"))), axis=0)
    if len(pairs) > 1:
        raise FormatError(f"{listing}: its images have {len(pairs)} boxes or pixel sizes: expected one")
    wrong = _wrong_pair(float(pairs[0, 0]), float(pairs[0, 1]), release, str(listing))
    return (f"{layout.name(listing)}: {wrong}",) if wrong else ()


def check_stacks(layout: Layout, release: Release) -> tuple[tuple[int, ...], Repairs]:
    """Return the number of images of each stack, and what is wrong with the headers.

    Raises
    ------
    FormatError
        If a file is damaged, or of another box or pixel size than those known.
    """
    mapped = {path: map_stack(path) for path in layout.stacks}
    for path, stack in mapped.items():
        if stack.images.shape[1:] != (release.box, release.box):
            rows, columns = stack.images.shape[1:]
            raise FormatError(
                f"{path}: images of {columns} x {rows} pixels: those of {release.title} have {release.box}; "
                "name the dataset that this archive is of"
            )
    counts = tuple(len(stack.images) for stack in mapped.values())
    return counts, _headers(("stack of images", "stacks of images"), mapped, release)


def check_maps(names: tuple[str, str], paths: Sequence[Path], release: Release) -> Repairs:
    """Return what is wrong with the headers of maps, which have ``names``: of one, and of many.

    Raises
    ------
    FormatError
        If one is damaged, or of another box or pixel size than those known.
    """
    mapped = {path: map_stack(path) for path in paths}
    for path, found in mapped.items():
        if found.images.shape != (release.box,) * 3:
            raise FormatError(
                f"{path}: {' x '.join(map(str, found.images.shape))} voxels: expected {release.box} on each axis, as "
                "the images have"
            )
    return _headers(names, mapped, release)


def _headers(names: tuple[str, str], found: Mapping[Path, MappedStack], release: Release) -> Repairs:
    repairs = []
    unstamped = sum(not each.stamped for each in found.values())
    if unstamped:
        repairs.append(f"{_how_many(unstamped, len(found), names)}: machine stamp of zeros, taken as little-endian")
    sizes = Counter[float]()
    downsampled = _DEFAULT * release.simulated_box / release.box
    known = sorted({0.0, _DEFAULT, downsampled, release.simulated_pixel_size})
    for path, each in found.items():
        size = 0.0 if each.pixel_size is None else each.pixel_size
        if _alike(size, release.pixel_size):
            continue
        if not any(_alike(size, other) for other in known):
            raise FormatError(
                f"{path}: its header says {size:g} Å a pixel: expected {release.pixel_size:g}, as in {release.title}, "
                f"or one of the values known to be there instead, {', '.join(f'{other:g}' for other in known)}"
            )
        sizes[round(size, 3)] += 1
    for size, count in sorted(sizes.items()):
        who = _how_many(count, len(found), names)
        repairs.append(f"{who}: pixel size of {size:g} Å in the header, taken as {release.pixel_size:g}")
    return tuple(repairs)


def _how_many(count: int, total: int, names: tuple[str, str]) -> str:
    if total == 1:
        return f"the {names[0]}"
    return f"all {total} {names[1]}" if count == total else f"{count} of {total} {names[1]}"


def _wrong_pair(box: float, size: float, release: Release, source: str) -> str:
    """Return what is wrong with a box and a pixel size, or nothing."""
    true = float(release.box), release.pixel_size
    simulated = float(release.simulated_box), release.simulated_pixel_size
    if _alike(box, true[0]) and _alike(size, true[1]):
        return ""
    if _alike(box, true[1]) and _alike(size, true[0]):
        return f"{_pair(box, size)}, image size and pixel size in each other's place, taken as {_pair(*true)}"
    if _alike(box, simulated[0]) and _alike(size, simulated[1]):
        return f"still {_pair(box, size)}, as before the images were downsampled, taken as {_pair(*true)}"
    raise FormatError(
        f"{source}: says {_pair(box, size)}: expected {_pair(*true)}, as in {release.title}, or {_pair(*simulated)}, "
        "as in its simulation"
    )


def _pair(box: float, size: float) -> str:
    return f"{box:g} px of {size:g} Å"


def _alike(found: float, expected: float) -> bool:
    return abs(found - expected) <= _ALIKE * max(abs(expected), _ALIKE)
