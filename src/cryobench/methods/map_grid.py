"""Maps of others, brought to the grid of a dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryobench.core import FormatError, Particles, Volume, VolumeProvider
from cryobench.core.maps import alike
from cryobench.io import read_volume, volume_grid
from cryobench.ops.fft import crop_volume, pad_volume


@dataclass(frozen=True)
class MapGrid:
    """A box and a pixel size that maps must have, or can be brought to.

    Programs work at a coarser pixel where that is enough: their maps have a smaller box and larger voxels, but the same
    edge in Å. Such a map is padded (a finer one cropped) in Fourier space, which moves and scales nothing. A map of
    another edge was made of other images.

    Parameters
    ----------
    box
        Edge in voxels.
    pixel_size
        Edge of a voxel in Å.
    """

    box: int
    pixel_size: float

    @classmethod
    def of(cls, particles: Particles) -> MapGrid:
        """Return the grid of a dataset's volumes."""
        return cls(particles.box, particles.pixel_size)

    def check(self, paths: Iterable[Path]) -> tuple[str, ...]:
        """Look at the headers of maps; return what has to be done to them, in words.

        Raises
        ------
        FormatError
            Naming the first map that is not on the grid and cannot be brought to it.
        """
        notes: dict[str, None] = {}
        for path in paths:
            box, size = volume_grid(path)
            self._require(box, size, str(path))
            if box != self.box:
                how = "padded" if box < self.box else "cropped"
                notes[
                    f"Maps of a box of {box} are {how} in Fourier space to the dataset's {self.box}, of the same edge."
                ] = None
            elif size is None:
                notes[f"Maps without a pixel size are taken to have the dataset's, {self.pixel_size:g} Å."] = None
        return tuple(notes)

    def read(self, path: Path, name: str | None = None) -> Volume:
        """Read a map and bring it to the grid.

        Parameters
        ----------
        path
            An MRC file.
        name
            What messages call it; its path by default.

        Raises
        ------
        FormatError
            If it is damaged, or of another edge in Å.
        """
        try:
            box, size = volume_grid(path)
            self._require(box, size, str(path))
            # What the header says, where both agree, is the dataset's but for rounding.
            volume = read_volume(path, self.pixel_size * self.box / box)
        except FormatError as error:
            if name is None:
                raise
            raise FormatError(str(error).replace(str(path), name)) from error
        return self.bring(volume, str(path) if name is None else name)

    def bring(self, volume: Volume, name: str) -> Volume:
        """Bring a map to the grid.

        Raises
        ------
        FormatError
            If it is of another edge in Å.
        """
        self._require(volume.box, volume.pixel_size, name)
        resample = pad_volume if volume.box < self.box else crop_volume
        return Volume(resample(volume.data, self.box), self.pixel_size)

    def _require(self, box: int, size: float | None, name: str) -> None:
        fits = box == self.box if size is None else alike(box * size, self.box * self.pixel_size)
        if not fits or box % 2:
            edge = "no pixel size" if size is None else f"a pixel size of {size:g} Å, an edge of {box * size:g} Å"
            raise FormatError(
                f"{name}: a box of {box} voxels and {edge}, but the dataset has {self.box} pixels of "
                f"{self.pixel_size:g} Å, {self.box * self.pixel_size:g} Å: expected an even box of the same edge: give "
                "the dataset that the method was run on, or correct the pixel size in the header"
            )


class GridVolumes:
    """Volumes, brought to a grid.

    ``same_edge``: they show what the images show, whatever their pixel size says. A program that was trained on smaller
    images makes smaller boxes, and is told the pixel size of the dataset.
    """

    def __init__(self, volumes: VolumeProvider, grid: MapGrid, *, same_edge: bool = False) -> None:
        self._volumes, self._grid, self._same_edge = volumes, grid, same_edge

    def at(self, particle: int) -> Volume:
        """Return the volume of a particle."""
        volume = self._volumes.at(particle)
        if self._same_edge:
            volume = Volume(volume.data, self._grid.pixel_size * self._grid.box / volume.box)
        return self._grid.bring(volume, f"the volume of particle {particle}")
