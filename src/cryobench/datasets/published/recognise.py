"""Which published dataset an unpacked archive is of."""

from __future__ import annotations

from pathlib import Path

from cryobench.core import CryobenchError, InputError
from cryobench.datasets.published.layout import find_layout, require_archive
from cryobench.datasets.published.releases import PUBLISHED, Release, release_of
from cryobench.datasets.published.states import state_names
from cryobench.datasets.recipes.tomotwin_100 import MASSES
from cryobench.io.mrc import map_stack


def recognise(archive: Path) -> Release:
    """Return which release an unpacked archive is of, by its folder's name, else by what it holds.

    Raises
    ------
    InputError
        If that is not clear.
    """
    require_archive(archive)
    named = _plain(archive.resolve().name)
    for name in PUBLISHED:
        if _plain(name) in named:
            return release_of(name)
    fitting = [release for release in map(release_of, PUBLISHED) if _fits(archive, release)]
    if len(fitting) == 1:
        return fitting[0]
    choice = " or ".join(release.dataset for release in fitting) or f"none of {', '.join(PUBLISHED)}"
    raise InputError(f"{archive}: by what it holds it could be {choice}: say which dataset it is")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _fits(archive: Path, release: Release) -> bool:
    """Return whether an archive has the images, and the names of volumes, of a release."""
    try:
        layout = find_layout(archive, release)
        counts = [map_stack(path).images.shape for path in layout.stacks]
    except CryobenchError:
        return False
    images = sum(shape[0] for shape in counts)
    boxes = {shape[1] for shape in counts}
    complexes = bool(layout.volumes) and all(name in MASSES for name in state_names(layout, release))
    return images == release.particles and boxes == {release.box} and complexes == (release.dataset == "tomotwin-100")
