"""What identifies the files of an archive that a dataset points at."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cryobench.core import FormatError, Progress, silent
from cryobench.datasets.links import read_links
from cryobench.datasets.manifest import MANIFEST, read_manifest
from cryobench.datasets.published.layout import Layout
from cryobench.datasets.spec import ArchiveFile, ImportedSpec
from cryobench.io import inside, sha256
from cryobench.io.mrc import map_stack

_PIXELS = 2**24


def archive_files(layout: Layout, progress: Progress) -> dict[str, ArchiveFile]:
    """Return size and checksum of each file of an archive that a dataset is made of, once all images are numbers.

    Raises
    ------
    FormatError
        If a pixel is not a finite number.
    """
    paths = layout.files()
    stacks = set(layout.stacks)
    advance = progress("Checking every file (MB)", _megabytes(sum(path.stat().st_size for path in paths)))
    found, done = {}, 0
    for path in paths:
        if path in stacks:
            _require_numbers(path)
        size = path.stat().st_size
        found[layout.name(path)] = ArchiveFile(bytes=size, sha256=sha256(path))
        advance(_megabytes(done + size) - _megabytes(done))
        done += size
    return found


def changed_in_archive(folder: Path, progress: Progress = silent) -> list[str]:
    """Return the files of the archive that an imported dataset points at which are missing or have changed.

    Parameters
    ----------
    folder
        The dataset folder.
    progress
        Told of files read.

    Raises
    ------
    FormatError
        If the folder is none of an import, or does not say where its archive is.
    """
    spec = read_manifest(folder).spec
    if not isinstance(spec, ImportedSpec):
        raise FormatError(f"{folder / MANIFEST}: a dataset that was built: it points at no archive")
    archive = read_links(folder).archive
    if archive is None:
        raise FormatError(f"{folder}: does not say where its archive is: import it again")
    advance = progress("Checking every file of the archive", len(spec.archive))
    changed = []
    for name, expected in spec.archive.items():
        path = inside(archive, name, str(folder / MANIFEST))
        same = path.is_file() and path.stat().st_size == expected.bytes and sha256(path) == expected.sha256
        changed += [] if same else [name]
        advance(1)
    return changed


def _require_numbers(path: Path) -> None:
    images = map_stack(path).images
    step = max(1, _PIXELS // (images.shape[1] * images.shape[2]))
    for start in range(0, len(images), step):
        sums = np.asarray(images[start : start + step]).sum(axis=(1, 2), dtype=np.float64)
        bad = np.flatnonzero(~np.isfinite(sums))
        if bad.size:
            raise FormatError(
                f"{path}: image {start + bad[0] + 1} holds values that are no finite numbers: unpack the archive again"
            )


def _megabytes(size: int) -> int:
    return size // 2**20
