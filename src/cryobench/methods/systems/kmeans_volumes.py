"""Maps that ``cryodrgn analyze`` made at the particles nearest to the centres of k-means."""

from __future__ import annotations

from pathlib import Path

from cryobench.core import Particles
from cryobench.io import find_files, natural_key, read_indices, read_volume
from cryobench.methods.file_volumes import FileVolumes
from cryobench.methods.systems.epochs import Epoch, output_file
from cryobench.methods.systems.input_order import InputOrder


def kmeans_volumes(epoch: Epoch, order: InputOrder, particles: Particles) -> tuple[FileVolumes | None, str, list[Path]]:
    """Return the maps in ``analyze.N/kmeansK`` as those of the particles in ``centers_ind.txt``.

    The largest K is taken. The maps have the field of view of the dataset, whatever their headers say of voxels.

    Returns
    -------
    The volumes or None, what to say of it, and the files that were read.

    Raises
    ------
    FormatError
        If a file is damaged, or a link that leads out of the folder.
    """
    folder = output_file(epoch.folder, f"analyze.{epoch.number}")
    found = sorted(folder.glob("kmeans*/centers_ind.txt"), key=lambda path: natural_key(path.parent))
    if epoch.number is None or not found:
        return None, "volumes: none on disk that belong to particles", []
    centres = output_file(epoch.folder, str(found[-1].relative_to(epoch.folder)))
    rows = read_indices(centres, len(order.rows))
    maps = [path for path in find_files(centres.parent, (".mrc",)) if path.name.startswith("vol_")]
    where = centres.parent.relative_to(epoch.folder)
    if len(maps) != len(rows):
        return None, f"volumes: {where} has {len(maps)} maps for {len(rows)} centres: not taken", []
    for path in maps:
        output_file(epoch.folder, str(path.relative_to(epoch.folder)))
    paths = dict(zip(order.particles[rows].tolist(), maps, strict=True))
    pixel_size = particles.pixel_size * particles.box / read_volume(maps[0]).box
    volumes = FileVolumes(paths, str(centres), pixel_size)
    return volumes, f"volumes: of {len(paths)} particles, the centres of {where}", [centres, *maps]
