"""Reading a dataset folder: what a build or an import made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from cryobench.core import Coordinate, Dataset, FormatError, InputError, Particles, Truth, Volume, VolumeSource
from cryobench.datasets.cards.card import card_of
from cryobench.datasets.links import LINKS, read_links
from cryobench.datasets.manifest import MANIFEST, read_manifest, volume_name
from cryobench.datasets.spec import DatasetSpec, ImportedSpec, Manifest
from cryobench.datasets.states import Setting, Source
from cryobench.datasets.states.base import BUILT_IN
from cryobench.datasets.states_table import read_states
from cryobench.imaging import ImagingSpec, downsample_volume
from cryobench.io import (
    StackImages,
    ctf_from_table,
    inside,
    read_array,
    read_array_pickle,
    read_poses,
    read_text,
    read_volume,
    sha256,
)


def load_dataset(folder: Path) -> Dataset:
    """Read a dataset folder; images and true volumes are read or rendered when they are asked for.

    Raises
    ------
    FormatError
        If a file is missing, damaged or disagrees with another.
    """
    manifest = read_manifest(folder)
    spec = manifest.spec
    listing = folder / "particles.txt"
    root = folder if isinstance(spec, DatasetSpec) else _archive(folder)
    stacks = [inside(root, name, str(listing)) for name in read_text(listing).split("\n") if name]
    images = StackImages(stacks)
    if images.counts != spec.stack_counts:
        raise FormatError(
            f"{listing}: the stacks hold {images.counts} images, but {MANIFEST} says {spec.stack_counts}: "
            "build the dataset again"
        )
    poses = read_poses(folder / "poses.pkl", spec.box, spec.pixel_size)
    ctf_path = folder / "ctf.pkl"
    ctf = ctf_from_table(read_array_pickle(ctf_path), str(ctf_path))
    coordinate = Coordinate(
        name=manifest.coordinate_name, unit=manifest.coordinate_unit, cyclic=manifest.coordinate_cyclic
    )
    states = read_states(folder / "truth/states.csv")
    try:
        return Dataset(
            card=card_of(manifest, sha256(folder / MANIFEST)),
            particles=Particles(images, poses, ctf, spec.pixel_size, spec.sign),
            truth=Truth(
                labels=read_array(folder / "truth/labels.npy").astype(np.int32),
                latents=read_array(folder / "truth/latents.npy").astype(np.float32),
                latent_meaning=manifest.latent_meaning,
                states=states,
                coordinate=coordinate,
                volumes=_volumes(folder, root, spec, len(states)),
                mask=_mask(folder, "truth/mask.mrc", manifest),
                moving_mask=_mask(folder, "truth/moving_mask.mrc", manifest),
            ),
        )
    except InputError as error:
        raise FormatError(f"{folder}: {error}") from error


def _mask(folder: Path, name: str, manifest: Manifest) -> Volume | None:
    return read_volume(folder / name) if name in manifest.files else None


def _archive(folder: Path) -> Path:
    archive = read_links(folder).archive
    if archive is None or not archive.is_dir():
        raise FormatError(
            f"{folder / LINKS}: the archive is not at {archive}: put it back there, or import it again from where it is"
        )
    return archive


def _volumes(folder: Path, root: Path, spec: DatasetSpec | ImportedSpec, count: int) -> VolumeSource:
    if isinstance(spec, ImportedSpec):
        return _archived_volumes(folder, root, spec)
    if spec.truth == "files":
        return ReadVolumes([folder / volume_name(state) for state in range(count)])
    paths = _linked(folder, spec.states.sources())
    make = spec.states.volume_maker(len(spec.images), Setting(spec.imaging, spec.seed, paths))
    return RenderedVolumes(make, count, spec.box, lambda: _require_same(spec.states.sources(), paths))


def _linked(folder: Path, sources: Sequence[Source]) -> tuple[Path | None, ...]:
    """Return the file of each source of rendered volumes."""
    paths = read_links(folder).paths
    if len(paths) != len(sources):
        raise FormatError(f"{folder / LINKS}: names {len(paths)} files, expected {len(sources)}: build the set again")
    for source, path in zip(sources, paths, strict=True):
        if (path is None) != (source.name in BUILT_IN):
            raise FormatError(f"{folder / LINKS}: {source.name} is at {path}: build the dataset again")
        if path is not None and not path.is_file():
            raise FormatError(
                f"{folder / LINKS}: {source.name} is not at {path}: true volumes are rendered from it, so put it back "
                "there, or correct the path"
            )
    return paths


def _require_same(sources: Sequence[Source], paths: Sequence[Path | None]) -> None:
    """Raise unless the files are those that the dataset was made from."""
    for source, path in zip(sources, paths, strict=True):
        if path is not None and source.sha256 and sha256(path) != source.sha256:
            raise FormatError(
                f"{path}: not the file that the dataset was made from (its checksum is another one), so no true volume "
                "can be rendered from it: put the old file back"
            )


def _archived_volumes(folder: Path, root: Path, spec: ImportedSpec) -> VolumeSource:
    source = str(folder / MANIFEST)
    if spec.volumes:
        return ReadVolumes([inside(root, name, source) for name in spec.volumes], spec.pixel_size)
    if spec.frames is None:
        return NoVolumes(folder, len(spec.images))
    paths = tuple(inside(root, each.name, source) for each in spec.frames.sources())
    imaging = ImagingSpec(box=spec.box, pixel_size=spec.pixel_size, output_box=spec.box)
    make = spec.frames.volume_maker(len(spec.images), Setting(imaging, 0, paths))
    checksums = [spec.archive[each.name].sha256 for each in spec.frames.sources()]
    sources = [Source(name=path.name, sha256=checksum) for path, checksum in zip(paths, checksums, strict=True)]
    return RenderedVolumes(make, len(spec.images), spec.box, lambda: _require_same(sources, paths))


class NoVolumes:
    """True volumes of an archive that has none."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, state: int) -> Volume:
        raise FormatError(
            f"{self._folder}: the archive has no true volume of state {state}, and nothing to render it from: put its "
            "topology and trajectory there and import it again, or score without volumes"
        )


class ReadVolumes:
    """True volumes, read when they are asked for; ``pixel_size`` (Å) replaces what their headers say."""

    def __init__(self, paths: Sequence[Path], pixel_size: float | None = None) -> None:
        self._paths = paths
        self._pixel_size = pixel_size

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, state: int) -> Volume:
        return read_volume(self._paths[state], self._pixel_size)


class RenderedVolumes:
    """True volumes, rendered at the simulated box and cropped when they are asked for.

    ``require``, if there is one, is called before the first, to look whether what they are made from is unchanged.
    """

    def __init__(
        self, make: Callable[[int], Volume], count: int, box: int, require: Callable[[], None] | None = None
    ) -> None:
        self._make = make
        self._count = count
        self._box = box
        self._require = require

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, state: int) -> Volume:
        if self._require is not None:
            self._require()
            self._require = None
        return downsample_volume(self._make(state), self._box)
