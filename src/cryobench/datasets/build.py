"""Building a dataset folder from a spec, a shard for each state."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cryobench.core import CTFParameters, InputError, Poses, Progress, Volume, silent
from cryobench.core.checks import require_even_box
from cryobench.datasets.folder import (
    MANIFEST,
    changed_files,
    read_manifest,
    stack_name,
    volume_name,
    write_folder,
)
from cryobench.datasets.journal import Journal, Shard, close_journal, open_journal, software
from cryobench.datasets.recipe import RECIPES, Ensemble
from cryobench.datasets.spec import DatasetSpec
from cryobench.imaging import (
    clean_moments,
    downsample_volume,
    noise_sigma,
    noisy_images,
    parametric_ctf,
    sample_ctf,
    uniform_poses,
)
from cryobench.io import MrcStackWriter, sha256, write_volume
from cryobench.structures import Atoms, render_density, sigma_of_resolution, soft_mask
from cryobench.structures.density import CUTOFF

_MASK_LEVEL = 0.05


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
    journal = open_journal(folder, spec, resume=resume)
    if resume and (folder / MANIFEST).is_file() and not changed_files(folder, read_manifest(folder)):
        return
    # Its removal says that what follows is unfinished, until it is written again at the very end.
    (folder / MANIFEST).unlink(missing_ok=True)
    shards = _build_shards(spec, ensemble, folder, poses, ctf, journal, progress)
    mask = _union_mask(ensemble, spec)
    files = {name: checksum for shard in shards for name, checksum in shard.files.items()}
    write_folder(folder, spec, recipe, ensemble, poses, ctf, mask, tuple(s.sigma for s in shards), files, software())
    close_journal(folder)


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
    """Raise unless each state, with the tails of its Gaussians, stays in the box however it is turned and shifted."""
    imaging = spec.imaging
    if spec.resolution < imaging.pixel_size:
        raise InputError(
            f"a resolution of {spec.resolution:g} Å is finer than a pixel of {imaging.pixel_size:g} Å: "
            "choose at least the pixel size, better twice that"
        )
    reach = max(float(np.linalg.norm(ensemble.atoms(state).coordinates, axis=1).max()) for state in range(spec.states))
    needed = reach + CUTOFF * sigma_of_resolution(spec.resolution) + imaging.shift_extent
    radius = imaging.box * imaging.pixel_size / 2
    if needed > radius:
        box = 2 * math.ceil(needed / imaging.pixel_size)
        held = f"a box of {imaging.box} pixels of {imaging.pixel_size:g} Å holds {radius:.0f} Å"
        raise InputError(
            f"the shifted structure reaches {needed:.0f} Å from the centre, but {held}: "
            f"choose a box of at least {box} pixels"
        )


def _build_shards(
    spec: DatasetSpec,
    ensemble: Ensemble,
    folder: Path,
    poses: Poses,
    ctf: CTFParameters,
    journal: Journal,
    progress: Progress,
) -> list[Shard]:
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
        if state in shards and shards[state].is_intact(folder):
            advance(spec.images[state])
            continue
        if not shared:
            sigma = noise_sigma(moments(state, lambda _: None), spec.imaging.box, spec.imaging.snr)
        chosen = members[state]
        files = _write_shard(spec, ensemble, folder, state, chosen, poses[chosen], ctf[chosen], sigma, advance)
        shards[state] = Shard(sigma=sigma, files=files)
        journal.model_copy(update={"shards": shards}).write(folder)
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
    stack, truth = stack_name(state), volume_name(state)
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
