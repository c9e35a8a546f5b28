"""What ``cryobench umap`` draws: a submission, or a method's files as the published scripts name them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cryobench.benchmark import colourings
from cryobench.core import Colouring, Coordinate, DatasetCard, FormatError, InputError
from cryobench.datasets import load_dataset
from cryobench.io import find_files
from cryobench.methods import find_latents, read_latents, read_submission

_FEW = 20  # classes that are told apart by their colours


@dataclass(frozen=True, eq=False)
class Drawable:
    """Latents, or a UMAP of them, and what colours their points; ``notes`` are for who reads the picture."""

    name: str
    latents: np.ndarray | None
    umap: np.ndarray | None
    colourings: tuple[Colouring, ...]
    state_names: tuple[str, ...]
    labels: np.ndarray
    notes: tuple[str, ...] = ()
    dataset: DatasetCard | None = None


@dataclass(frozen=True)
class PublishedCall:
    """The flags of the published scripts."""

    method: str | None
    result_path: Path | None
    num_imgs: str | None
    num_vols: int | None
    is_cryosparc: bool
    cryosparc_path: Path | None
    cryosparc_job_num: str | None
    cyclic: bool


def of_submission(folder: Path, dataset: Path | None, *, any_dataset: bool) -> Drawable:
    """Return the latents of a submission, coloured by the truth of its dataset.

    Raises
    ------
    InputError
        If there is no dataset, or the submission has no latents.
    """
    if dataset is None:
        raise InputError(f"{folder}: whose truth colours it? Give the dataset folder with --dataset")
    truth = load_dataset(dataset)
    submission = read_submission(folder, len(truth.particles), truth.card, any_dataset=any_dataset)
    if submission.latents is None:
        raise InputError(f"{folder}: no latents.npy there: there is nothing to draw")
    names = tuple(state.name for state in truth.truth.states)
    return Drawable(
        submission.method.name, submission.latents, None, colourings(truth.truth), names, truth.truth.labels,
        dataset=truth.card,
    )  # fmt: skip


def of_published(call: PublishedCall, dataset: Path | None) -> Drawable:
    """Return what the published flags name, coloured by the truth of a dataset, or by the number of the volume.

    Raises
    ------
    InputError
        If a flag is missing, or the number of particles is not that of the truth.
    """
    if call.method is None:
        raise InputError("nothing to draw: give a submission folder, or --method and --result-path")
    latents, umap, source = _cryosparc(call) if call.is_cryosparc else _results(call)
    given = latents if latents is not None else umap
    assert given is not None
    if dataset is not None:
        known = load_dataset(dataset)
        truth, card = known.truth, known.card
        labels, names, shown = truth.labels, tuple(state.name for state in truth.states), colourings(truth)
        expected = f"the dataset has {len(labels):,} particles"
    else:
        card = None
        counts = _counts(call)
        labels = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        names = tuple(str(i) for i in range(len(counts)))
        categorical = not call.cyclic and len(counts) <= _FEW
        coordinate = Coordinate(name="volume", unit="", cyclic=call.cyclic)
        shown = (Colouring(coordinate, labels.astype(np.float64), names if categorical else ()),)
        expected = f"--num-imgs and --num-vols make {len(labels):,} particles"
    if len(given) != len(labels):
        raise InputError(f"{source}: {len(given):,} rows, but {expected}: expected a row for each particle")
    notes = ["particles in the order of the .cs file"] if call.is_cryosparc else []
    notes += [f"UMAP as found in {source.name}"] if umap is not None else []
    return Drawable(call.method, latents, umap, shown, names, labels, tuple(notes), card)


def _results(call: PublishedCall) -> tuple[np.ndarray | None, np.ndarray | None, Path]:
    if call.result_path is None:
        raise InputError("--result-path is missing: give the folder that holds the method's folder")
    assert call.method is not None
    found = find_latents(call.result_path / call.method)
    return found.latents, found.umap, found.sources[0]


def _cryosparc(call: PublishedCall) -> tuple[np.ndarray, None, Path]:
    """Return the components of 3DVA or 3DFlex."""
    if call.cryosparc_path is None or call.cryosparc_job_num is None:
        raise InputError("--is-cryosparc needs --cryosparc-path, the project's folder, and --cryosparc-job-num, as J45")
    job = call.cryosparc_job_num
    folder = call.cryosparc_path / job
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder: expected the job there")
    tables = [path for path in find_files(folder, (".cs",)) if path.name.startswith(f"{job}_latents_")]
    tables += [folder / f"{job}_particles.cs"] if (folder / f"{job}_particles.cs").is_file() else []
    if not tables:
        raise FormatError(f"{folder}: no {job}_particles.cs (3DVA) or {job}_latents_N.cs (3DFlex) there")
    path = tables[-1]
    return read_latents(path), None, path


def _counts(call: PublishedCall) -> list[int]:
    """Return the number of images of each volume."""
    wanted = "give --num-imgs, images of each volume (one number, or one for each, separated by commas), and --num-vols"
    if call.num_imgs is None or call.num_vols is None:
        raise InputError(f"the true volume of each particle is not known: {wanted}; or --dataset")
    words = [word.strip() for word in call.num_imgs.split(",")]
    if not all(word.isascii() and word.isdigit() and 0 < int(word) < 2**31 for word in words) or call.num_vols < 1:
        raise InputError(f"--num-imgs {call.num_imgs} --num-vols {call.num_vols}: {wanted}")
    counts = [int(word) for word in words]
    if len(counts) == 1:
        return counts * call.num_vols
    if len(counts) != call.num_vols:
        raise InputError(f"--num-imgs has {len(counts)} numbers for {call.num_vols} volumes: {wanted}")
    return counts
