"""RECOVAR: latents for several numbers of dimensions, in the order of the input or by half-set.

What ``model/params.pkl`` says of its version decides the order: without one (the first releases), rows are those of the
first half-set, then those of the second; from 0.1 on they are in the order of the input file, and a particle that was
left out is a row that is not a number. Nothing of RECOVAR was run to test this: its licence does not allow it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from cryobench.core import FormatError, Particles, Submission
from cryobench.io import read_array, read_array_pickle, read_pickle_words
from cryobench.methods.recovar_states import ComputedStates
from cryobench.methods.systems.base import SYSTEMS, Choice, Found, System, SystemCard
from cryobench.methods.systems.choices import require_no_epoch
from cryobench.methods.systems.epochs import output_file
from cryobench.methods.systems.input_order import order_of_input
from cryobench.methods.systems.native_tables import latent_table
from cryobench.methods.systems.settings import read_pickled_settings, words_of
from cryobench.methods.volume_makers import VolumeMaker

_PARAMS, _EMBEDDINGS, _HALFSETS = "model/params.pkl", "model/embeddings.pkl", "model/halfsets.pkl"
_COORDINATES = "latent_coords.npy"
_ZDIM, _ANALYSIS = re.compile(r"zdim_([0-9]{1,6})"), re.compile(r"analysis_([0-9]{1,6})")
_LIKED = 10  # RECOVAR's own plots are of the number of dimensions that is nearest to it


@dataclass(frozen=True, eq=False)
class _Latents:
    table: Float32[np.ndarray, "n d"]
    path: Path
    zdim: int
    others: tuple[int, ...]


class Recovar(System):
    """RECOVAR with one file of latents (``embeddings.pkl``) or one for each ``zdim_N/latent_coords.npy``."""

    card = SystemCard(
        name="recovar",
        title="RECOVAR, principal components of the volumes by regularised covariance, with poses that are given",
        known_by="model/params.pkl with model/embeddings.pkl or model/zdim_N/latent_coords.npy",
        reads="latents of one number of dimensions; model/halfsets.pkl where the rows are by half-set",
        licence="use at non-profit institutions, for internal non-commercial research only",
    )

    def detect(self, folder: Path) -> str | None:
        """Return which of its files are there."""
        if not (folder / _PARAMS).is_file():
            return None
        if (folder / _EMBEDDINGS).is_file():
            return f"{_PARAMS} and {_EMBEDDINGS}: latents of all numbers of dimensions in one file"
        found = sorted(saved_zdims(folder))
        return f"{_PARAMS} and model/zdim_{found[0]}/{_COORDINATES}: latents by number of dimensions" if found else None

    def read(self, folder: Path, particles: Particles, choice: Choice) -> Found:
        """Read the latents of one number of dimensions.

        Raises
        ------
        FormatError
            If a file is missing or damaged, does not cover the particles, or the order of its rows is not known.
        """
        require_no_epoch(choice, self.card.title)
        path = output_file(folder, _PARAMS)
        params = read_pickled_settings(path)
        latents = _embedded(folder, choice) if output_file(folder, _EMBEDDINGS).is_file() else _saved(folder, choice)
        version = params.get("version")
        table, ordered, sources = latents.table, "rows: in the order of the input", [path, latents.path]
        if version is None and latents.path.suffix == ".pkl":
            halves = output_file(folder, _HALFSETS)
            table = _out_of_halves(latents, halves)
            ordered = f"rows: by half-set, put into the order of the input by {_HALFSETS}"
            sources.append(halves)
        gone = np.flatnonzero(~np.isfinite(table).all(axis=1))
        if gone.size:
            some = ", ".join(map(str, gone[:3].tolist())) + (" ..." if gone.size > 3 else "")
            raise FormatError(
                f"{latents.path}: {gone.size:,} of {len(table):,} images have no latent (rows {some}): run RECOVAR on "
                "all particles of the dataset, without a selection"
            )
        arguments = words_of(params, "input_args")
        images = arguments.get("_original_particles") or arguments.get("particles")
        order = order_of_input(images, None, len(table), particles, folder, path, choice)
        submission = Submission(
            method=self.method(version if isinstance(version, str) else "before 0.1"),
            particles=len(particles),
            kind="fixed-pose",
            latents=table[order.rows],
        )
        others = ", ".join(map(str, latents.others))
        notes = (
            f"latents: {latents.zdim} dimensions, of {others}",
            ordered,
            order.note,
            "poses: as they were given to the run",
            "volumes: its maps in analysis_N are of latents, not of particles: not taken; recovar compute_state makes "
            "those of particles, for whom its licence lets, once it was set up: cryobench methods setup recovar",
        )
        return Found(submission, (*sources, *order.sources), notes)

    def maker(self, folder: Path, choice: Choice, command: tuple[str, ...], pixel_size: float) -> VolumeMaker | None:
        """Return ``recovar compute_state``; None without a command: its licence has to be accepted first."""
        del choice
        return ComputedStates(command, folder, pixel_size) if command else None


def saved_zdims(folder: Path) -> dict[int, Path]:
    """Return the files of latents of an output by their number of dimensions; none where one file has all."""
    found = {}
    for path in (folder / "model").glob(f"zdim_*/{_COORDINATES}"):
        match = _ZDIM.fullmatch(path.parent.name)
        if match:
            found[int(match[1])] = path
    return found


def _choose(known: Iterable[int], folder: Path, choice: Choice, source: Path) -> int:
    """Return the number of dimensions that is wanted, else that of an analysis, else that nearest to ten."""
    there = sorted(known)
    if not there:
        raise FormatError(f"{source}: latents of no number of dimensions: expected those of at least one")
    if choice.zdim is not None:
        if choice.zdim not in there:
            raise FormatError(
                f"{source}: no latents of {choice.zdim} dimensions: expected one of {', '.join(map(str, there))}"
            )
        return choice.zdim
    analysed = {int(match[1]) for path in folder.iterdir() if (match := _ANALYSIS.fullmatch(path.name))}
    liked = sorted(analysed & set(there)) or there
    return min(liked, key=lambda zdim: abs(zdim - _LIKED))


def _saved(folder: Path, choice: Choice) -> _Latents:
    paths = saved_zdims(folder)
    zdim = _choose(paths, folder, choice, folder / "model")
    path = output_file(folder, str(paths[zdim].relative_to(folder)))
    return _Latents(latent_table(read_array(path), path, zdim), path, zdim, tuple(sorted(paths)))


def _embedded(folder: Path, choice: Choice) -> _Latents:
    path = output_file(folder, _EMBEDDINGS)
    content = read_pickle_words(path)[0]  # beside the latents there may be arrays of other libraries
    tables: Any = None
    if isinstance(content, dict):
        tables = next((content[key] for key in ("zs", "latent_coords") if isinstance(content.get(key), dict)), None)
    if tables is None:
        raise FormatError(f"{path}: no table 'zs' or 'latent_coords': expected latents by number of dimensions")
    known = sorted(key for key in tables if type(key) is int)  # beside them, such as '4_noreg'
    zdim = _choose(known, folder, choice, path)
    halves = tables[zdim]
    if isinstance(halves, list) and halves and all(isinstance(half, np.ndarray) for half in halves):
        try:
            halves = np.concatenate(halves)
        except ValueError as error:
            raise FormatError(f"{path}: zs: {zdim}: {error}: expected two tables of the same width") from error
    return _Latents(latent_table(halves, path, zdim), path, zdim, tuple(known))


def _out_of_halves(latents: _Latents, path: Path) -> Float32[np.ndarray, "N d"]:
    """Put rows that are by half-set into the order of the input; images in neither half-set are no numbers."""
    if not path.is_file():
        raise FormatError(
            f"{latents.path}: of a RECOVAR whose rows are by half-set, and there is no {path}, which says of which "
            "images: copy it there from where RECOVAR ran, or run a later version"
        )
    content = read_array_pickle(path)
    halves = list(content) if isinstance(content, list | tuple) else []
    wanted = "expected the images of each of two half-sets"
    if isinstance(content, np.ndarray) and content.ndim == 2:
        halves = list(content)
    if len(halves) != 2 or not all(isinstance(half, np.ndarray) and half.dtype.kind in "iu" for half in halves):
        raise FormatError(f"{path}: {wanted}")
    images = np.concatenate([half.ravel() for half in halves]).astype(np.int64)
    n = len(latents.table)
    if len(images) != n:
        raise FormatError(f"{path}: {len(images):,} images, but {latents.path} has {n:,} rows: {wanted}, of one run")
    if images.min() < 0 or len(np.unique(images)) != n or images.max() > 1000 * n:
        raise FormatError(f"{path}: an image comes twice, or has no number: {wanted}")
    table = np.full((int(images.max()) + 1, latents.table.shape[1]), np.nan, dtype=np.float32)
    table[images] = latents.table
    return table


SYSTEMS.add("recovar", Recovar())
