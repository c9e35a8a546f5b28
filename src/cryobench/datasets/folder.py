"""The dataset folder: what is written at the end of a build, and how it is read."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydantic

from cryobench.core import (
    Coordinate,
    Dataset,
    FormatError,
    InputError,
    Particles,
    State,
    Truth,
    Volume,
)
from cryobench.datasets.card import card_of, card_text
from cryobench.datasets.recipe import Inputs
from cryobench.datasets.spec import DatasetSpec, Manifest, Maps
from cryobench.imaging import ImageFormation, cryosparc_particles, particle_tables
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
    write_array,
    write_cs,
    write_ctf,
    write_poses,
    write_star,
    write_text,
    write_volume,
)

MANIFEST = "dataset.json"


def stack_name(number: int) -> str:
    """Return the path of a stack of images within the dataset folder."""
    return f"particles/{number:03d}.mrcs"


def volume_name(state: int) -> str:
    """Return the path of a state's true volume within the dataset folder."""
    return f"truth/volumes/{state:03d}.mrc"


CONVENTIONS = {
    "arrays": "volumes [z, y, x], images [y, x], origin at index D/2",
    "rotations": "active: density at p lands at R p",
    "shifts": "the stored shift centres the image: the particle is displaced by its negative",
    "image formation": "project, shift, CTF, contrast factor, noise, contrast sign; Fourier crop with values kept",
    "ctf": "sqrt(1 - w^2) sin(g) - w cos(g), times exp(-B s^2 / 4) where there is a B-factor",
}


def write_folder(
    folder: Path, inputs: Inputs, formation: ImageFormation, mask: Volume, journal: Journal, software: str
) -> None:
    """Write everything that describes the stacks of a build; ``dataset.json`` comes last.

    Parameters
    ----------
    folder
        The dataset folder, its stacks and true volumes complete.
    inputs, formation
        What was built.
    mask
        Soft mask around the union of the states.
    journal
        Noise levels, and the checksums of stacks and true volumes.
    software
        Name and version of this software.
    """
    spec, ensemble, poses, ctf = inputs.spec, inputs.ensemble, formation.poses, formation.ctf
    box, pixel_size = spec.imaging.output_box, spec.imaging.output_pixel_size
    stacks = [stack_name(number) for number in range(len(spec.stacks))]
    places = [(name, place) for name, indices in zip(stacks, spec.stacks, strict=True) for place in range(len(indices))]
    write_text(folder / "particles.txt", "".join(f"{name}\n" for name in stacks))
    names = [f"{place + 1:06d}@{name}" for name, place in places]
    write_star(folder / "particles.star", particle_tables(names, poses, ctf, box, pixel_size, spec.imaging.b_factor))
    write_cs(
        folder / "particles.cs",
        cryosparc_particles(
            [name for name, _ in places],
            np.array([place for _, place in places]),
            poses,
            ctf,
            box,
            pixel_size,
            spec.imaging.sign,
            spec.imaging.b_factor,
        ),
    )
    write_poses(folder / "poses.pkl", poses, box, pixel_size)
    write_ctf(folder / "ctf.pkl", ctf, box, pixel_size)
    labels = spec.labels()
    write_array(folder / "truth/labels.npy", labels)
    write_array(folder / "truth/latents.npy", ensemble.latents[labels])
    write_array(folder / "truth/contrasts.npy", formation.contrasts.astype(np.float32))
    write_text(folder / "truth/states.csv", _states_text(ensemble.states, spec))
    write_volume(folder / "truth/mask.mrc", mask)
    manifest = Manifest(
        id=spec.id,
        title=inputs.title,
        summary=inputs.summary,
        stand_in=inputs.stand_in,
        software=software,
        spec=spec,
        conventions=CONVENTIONS,
        latent_meaning=ensemble.latent_meaning,
        coordinate_name=ensemble.coordinate.name,
        coordinate_unit=ensemble.coordinate.unit,
        coordinate_cyclic=ensemble.coordinate.cyclic,
        noise_sigma=tuple(journal.sigmas[state] for state in range(len(spec.images))),
        files={},
    )
    write_text(folder / "README.md", card_text(manifest))
    written = ["README.md", "particles.star", "particles.cs", "particles.txt", "poses.pkl", "ctf.pkl"]
    truth = ("labels.npy", "latents.npy", "contrasts.npy", "states.csv", "mask.mrc")
    written += [f"truth/{name}" for name in truth]
    files = journal.files | {name: sha256(folder / name) for name in written}
    complete = manifest.model_copy(update={"files": dict(sorted(files.items()))})
    write_text(folder / MANIFEST, complete.model_dump_json(indent=1) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Read ``dataset.json``.

    Raises
    ------
    FormatError
        If it is missing or not valid.
    """
    path = folder / MANIFEST
    try:
        return Manifest.model_validate_json(read_text(path))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FormatError(f"{path}: not a finished dataset: field '{where}': {first['msg']}") from error


def changed_files(folder: Path, manifest: Manifest) -> list[str]:
    """Return the files of the manifest that are missing or whose checksum no longer agrees."""
    paths = {name: inside(folder, name, str(folder / MANIFEST)) for name in manifest.files}
    return [n for n, sum_ in manifest.files.items() if not paths[n].is_file() or sha256(paths[n]) != sum_]


def load_dataset(folder: Path) -> Dataset:
    """Read a dataset folder; images and true volumes are read from disk when they are asked for.

    Raises
    ------
    FormatError
        If a file is missing, damaged or disagrees with another.
    """
    manifest = read_manifest(folder)
    imaging = manifest.spec.imaging
    box, pixel_size = imaging.output_box, imaging.output_pixel_size
    listing = folder / "particles.txt"
    stacks = [inside(folder, name, str(listing)) for name in read_text(listing).split("\n") if name]
    images = StackImages(stacks)
    expected = tuple(len(indices) for indices in manifest.spec.stacks)
    if images.counts != expected:
        raise FormatError(
            f"{listing}: the stacks hold {images.counts} images, but {MANIFEST} says {expected}: "
            "build the dataset again"
        )
    poses = read_poses(folder / "poses.pkl", box, pixel_size)
    ctf_path = folder / "ctf.pkl"
    ctf = ctf_from_table(read_array_pickle(ctf_path), str(ctf_path))
    coordinate = Coordinate(
        name=manifest.coordinate_name, unit=manifest.coordinate_unit, cyclic=manifest.coordinate_cyclic
    )
    states = _read_states(folder / "truth/states.csv")
    try:
        return Dataset(
            card=card_of(manifest, sha256(folder / MANIFEST)),
            particles=Particles(images, poses, ctf, pixel_size, imaging.sign),
            truth=Truth(
                labels=read_array(folder / "truth/labels.npy").astype(np.int32),
                latents=read_array(folder / "truth/latents.npy").astype(np.float32),
                latent_meaning=manifest.latent_meaning,
                states=states,
                coordinate=coordinate,
                volumes=_TrueVolumes([folder / volume_name(state.index) for state in states]),
                mask=read_volume(folder / "truth/mask.mrc"),
            ),
        )
    except InputError as error:
        raise FormatError(f"{folder}: {error}") from error


class _TrueVolumes:
    """True volumes, read when they are asked for."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, state: int) -> Volume:
        return read_volume(self._paths[state])


def _states_text(states: Sequence[State], spec: DatasetSpec) -> str:
    text = io.StringIO()
    variables = list(states[0].variables)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["state", "name", "source", "images", "population", *variables])
    for state in states:
        population = state.images / spec.particles
        row = [state.index, state.name, _source_name(spec, state.index), state.images, repr(population)]
        writer.writerow([*row, *(repr(state.variables[name]) for name in variables)])
    return text.getvalue()


def _source_name(spec: DatasetSpec, state: int) -> str:
    """Return the name of the file that a state was made from."""
    return spec.states.maps[state].name if isinstance(spec.states, Maps) else spec.states.structure.name


def _read_states(path: Path) -> tuple[State, ...]:
    rows = list(csv.DictReader(io.StringIO(read_text(path))))
    fixed = {"state", "name", "source", "images", "population"}
    try:
        return tuple(
            State(
                index=int(row["state"]),
                name=row["name"],
                images=int(row["images"]),
                variables={name: float(value) for name, value in row.items() if name not in fixed},
            )
            for row in rows
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path}: not a table of states ({error})") from error
