"""Volumes made elsewhere: a folder or a zip archive of maps, one for each particle that was asked for, in order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Int

from cryobench.core import FormatError, InputError, Volume
from cryobench.io import ZippedMaps, find_files, inside
from cryobench.methods.map_grid import MapGrid

_LARGER = 2  # than the dataset's box, a map in an archive may be


class ListedMaps:
    """The maps of a folder or of a zip archive, in natural order of their names.

    Parameters
    ----------
    path
        The folder, or the archive. cryoSPARC's 3D Flex Generator leaves one, of ``J12_series_000_frame_000.mrc`` ...
    particles
        The particle that each map belongs to.
    grid
        That of the dataset, to which the maps are brought.

    Raises
    ------
    FormatError
        If there is another number of maps, or one cannot be of the dataset.
    InputError
        If there is no such file or folder.
    """

    def __init__(self, path: Path, particles: Int[np.ndarray, " q"], grid: MapGrid) -> None:
        self._grid = grid
        self._places = {particle: place for place, particle in enumerate(particles.tolist())}
        self._archive: ZippedMaps | None = None
        self._files: list[Path] = []
        if path.is_dir():
            self._files = [inside(path, file.name, str(path)) for file in find_files(path, (".mrc",))]
        elif path.is_file():
            self._archive = ZippedMaps(path, _LARGER * grid.box)
        else:
            raise InputError(f"{path}: no such folder or archive: expected maps (.mrc), one for each query")
        count = len(self._files) if self._archive is None else len(self._archive)
        if count != len(particles):
            raise FormatError(
                f"{path}: {count} maps (.mrc), expected {len(particles)}, one for each query, in the order of the "
                "queries"
            )
        self.notes = grid.check(self._files)

    def at(self, particle: int) -> Volume:
        """Read the map of a particle.

        Raises
        ------
        InputError
            If none belongs to it.
        FormatError
            If it is damaged, or not of the dataset.
        """
        if particle not in self._places:
            raise InputError(f"no map belongs to particle {particle}: it is none of the queries")
        place = self._places[particle]
        if self._archive is None:
            return self._grid.read(self._files[place])
        with self._archive.unpacked(place) as file:
            return self._grid.read(file, self._archive.name(place))
