"""Building a dataset folder from a spec, a shard for each state."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np
import pydantic
from pydantic import Field

from cryobench.core import CTFParameters, FormatError, InputError, OutputError, Poses, Progress, Volume, silent
from cryobench.core.checks import require_even_box
from cryobench.datasets.folder import MANIFEST, changed_files, read_manifest, write_folder
from cryobench.datasets.recipe import RECIPES, Ensemble
from cryobench.datasets.spec import DatasetSpec, Strict
from cryobench.io import MrcStackWriter, inside, sha256, write_text, write_volume
from cryobench.simulate import (
    clean_moments,
    downsample_volume,
    noise_sigma,
    noisy_images,
    parametric_ctf,
    sample_ctf,
    uniform_poses,
)
from cryobench.structures import Atoms, render_density, sigma_of_resolution, soft_mask
from cryobench.structures.density import CUTOFF

_JOURNAL = "build.json"
_MASK_LEVEL = 0.05


class _Shard(Strict):
    """A finished state: the noise it was given and the checksums of its files."""

    sigma: float
    files: dict[str, str]


class _Journal(Strict):
    """What is finished of an unfinished build."""

    spec: str
    shards: dict[int, _Shard] = Field(default_factory=dict)


def build_dataset(
    spec: DatasetSpec,
    structure: Atoms,
    folder: Path,
    ctf_table: CTFParameters | None = None,
    progress: Progress = silent,
    *,
    resume: bool = False,
) -> None:
    """Make a dataset folder: particles, poses, CTF, truth and ``dataset.json``.

    Parameters
    ----------
    spec
        What to build.
    structure
        The atoms that the recipe turns into states.
    folder
        Where; made if it is missing.
    ctf_table
        Parameters to draw from; a parametric distribution by default.
    progress
        Told of images made.
    resume
        Keep the finished shards of an earlier build of the same spec whose checksums still agree, or all of it.

    Raises
    ------
    InputError
        If the box is odd, too small for the structure, or cannot be cropped as asked.
    OutputError
        If the folder to resume holds another dataset.
    """
    imaging = spec.imaging
    recipe = RECIPES[spec.dataset]
    ensemble = checked_ensemble(spec, structure)
    everyone = np.arange(spec.particles)
    poses = uniform_poses(spec.seed, everyone, imaging.shift_extent)
    ctf = parametric_ctf(spec.seed, everyone) if ctf_table is None else sample_ctf(ctf_table, spec.seed, everyone)
    for part in ("particles", "truth/volumes"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    if not resume:
        _discard_previous(folder)
    elif (folder / MANIFEST).is_file():
        manifest = read_manifest(folder)
        if (manifest.spec, manifest.software) != (spec, _software()):
            _refuse_other(folder)
        if not changed_files(folder, manifest):
            return
    # Its removal says that what follows is unfinished, until it is written again at the very end.
    (folder / MANIFEST).unlink(missing_ok=True)
    journal = _open_journal(folder / _JOURNAL, spec, resume=resume)
    shards = _build_shards(spec, ensemble, folder, poses, ctf, journal, progress)
    files = {name: checksum for shard in shards for name, checksum in shard.files.items()}
    mask = _union_mask(ensemble, spec)
    write_folder(folder, spec, recipe, ensemble, poses, ctf, mask, tuple(s.sigma for s in shards), files, _software())
    (folder / _JOURNAL).unlink()


def checked_ensemble(spec: DatasetSpec, structure: Atoms) -> Ensemble:
    """Return the states of a spec after every check that needs no image.

    Raises
    ------
    InputError
        If the box is odd, too small for the structure, or cannot be cropped as asked; or if the structure lacks the
        residues that move.
    """
    imaging = spec.imaging
    require_even_box(imaging.box)
    require_even_box(imaging.output_box)
    if imaging.output_box > imaging.box:
        raise InputError(
            f"images of {imaging.box} pixels cannot be cropped to {imaging.output_box}: choose a smaller box"
        )
    ensemble = RECIPES[spec.dataset].ensemble(structure, spec)
    _require_fit(ensemble, spec)
    return ensemble


def _require_fit(ensemble: Ensemble, spec: DatasetSpec) -> None:
    """Raise unless each state, with the tails of its Gaussians, lies within the sphere that the box holds."""
    reach = max(float(np.linalg.norm(ensemble.atoms(state).coordinates, axis=1).max()) for state in range(spec.states))
    needed = reach + CUTOFF * sigma_of_resolution(spec.resolution)
    radius = spec.imaging.box * spec.imaging.pixel_size / 2
    if needed > radius:
        box = 2 * int(np.ceil(needed / spec.imaging.pixel_size))
        held = f"a box of {spec.imaging.box} pixels of {spec.imaging.pixel_size:g} Å holds {radius:.0f} Å"
        raise InputError(
            f"the structure reaches {needed:.0f} Å from its centre, but {held}: choose a box of at least {box} pixels"
        )


def _build_shards(
    spec: DatasetSpec,
    ensemble: Ensemble,
    folder: Path,
    poses: Poses,
    ctf: CTFParameters,
    journal: _Journal,
    progress: Progress,
) -> list[_Shard]:
    members = np.split(np.arange(spec.particles), np.cumsum(spec.images)[:-1])
    shared = spec.imaging.snr_scope == "dataset"
    advance = progress("Simulating particle images", spec.particles * (2 if shared else 1))

    def moments(state: int, advance: Callable[[int], None]) -> np.ndarray:
        return clean_moments(_render(ensemble, spec, state), poses[members[state]], ctf[members[state]], advance)

    sigma = 0.0
    if shared:
        every = np.concatenate([moments(state, advance) for state in range(spec.states)])
        sigma = noise_sigma(every, spec.imaging.box, spec.imaging.snr)
    shards = dict(journal.shards)
    for state in range(spec.states):
        if state in shards and _is_intact(shards[state], folder):
            advance(spec.images[state])
            continue
        if not shared:
            sigma = noise_sigma(moments(state, lambda _: None), spec.imaging.box, spec.imaging.snr)
        chosen = members[state]
        files = _write_shard(spec, ensemble, folder, state, chosen, poses[chosen], ctf[chosen], sigma, advance)
        shards[state] = _Shard(sigma=sigma, files=files)
        write_text(folder / _JOURNAL, journal.model_copy(update={"shards": shards}).model_dump_json())
    return [shards[state] for state in range(spec.states)]


def _write_shard(
    spec: DatasetSpec,
    ensemble: Ensemble,
    folder: Path,
    state: int,
    indices: np.ndarray,
    poses: Poses,
    ctf: CTFParameters,
    sigma: float,
    advance: Callable[[int], None],
) -> dict[str, str]:
    """Write the stack and the true volume of a state; return their checksums."""
    imaging = spec.imaging
    volume = _render(ensemble, spec, state)
    stack, truth = f"particles/{state:03d}.mrcs", f"truth/volumes/{state:03d}.mrc"
    with MrcStackWriter(folder / stack, len(indices), imaging.output_box, imaging.output_pixel_size) as writer:
        for images in noisy_images(volume, poses, ctf, indices, sigma, imaging, spec.seed):
            writer.write(images)
            advance(len(images))
    write_volume(folder / truth, downsample_volume(volume, imaging.output_box))
    return {name: sha256(folder / name) for name in (stack, truth)}


def _render(ensemble: Ensemble, spec: DatasetSpec, state: int) -> Volume:
    return render_density(ensemble.atoms(state), spec.resolution, spec.imaging.box, spec.imaging.pixel_size)


def _union_mask(ensemble: Ensemble, spec: DatasetSpec) -> Volume:
    """Return a soft mask around all states together."""
    union = _render(ensemble, spec, 0).data
    for state in range(1, spec.states):
        union = np.maximum(union, _render(ensemble, spec, state).data)
    at_output = downsample_volume(Volume(union, spec.imaging.pixel_size), spec.imaging.output_box)
    grain = max(spec.resolution, 2 * spec.imaging.output_pixel_size)
    return soft_mask(at_output, _MASK_LEVEL, dilation=grain, edge=grain)


def _discard_previous(folder: Path) -> None:
    """Delete the files of an earlier dataset, those that its manifest lists and no other."""
    if (folder / MANIFEST).is_file():
        for name in read_manifest(folder).files:
            inside(folder, name, MANIFEST).unlink(missing_ok=True)


def _open_journal(path: Path, spec: DatasetSpec, *, resume: bool) -> _Journal:
    key = f"{_software()} {spec.checksum()}"
    if not (resume and path.is_file()):
        return _Journal(spec=key)
    try:
        found = _Journal.model_validate_json(path.read_text())
    except pydantic.ValidationError as error:
        raise FormatError(f"{path}: not the record of a build: remove it, or start anew with --overwrite") from error
    if found.spec != key:
        _refuse_other(path.parent)
    return found


def _refuse_other(folder: Path) -> NoReturn:
    raise OutputError(
        f"{folder} holds a dataset of other settings or of another version: "
        "give the same ones to resume it, or start anew with --overwrite"
    )


def _software() -> str:
    return f"cryobench {importlib.metadata.version('cryobench')}"


def _is_intact(shard: _Shard, folder: Path) -> bool:
    return all((folder / name).is_file() and sha256(folder / name) == sum_ for name, sum_ in shard.files.items())
