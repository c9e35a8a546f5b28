"""What ``cryobench fsc per-conformation`` and ``per-image`` score: a submission, or a method's folder."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Int

from cryobench.benchmark import (
    PER_CONFORMATION,
    Wanted,
    particles_of_conformations,
    particles_of_images,
    stand_ins,
)
from cryobench.cli.fsc.options import ManyOptions
from cryobench.core import Dataset, FormatError, InputError, Progress, Truth, VolumeProvider, slug
from cryobench.datasets import load_dataset, truth_of_maps
from cryobench.io import read_array, read_array_pickles
from cryobench.methods import Decoder, FileVolumes, MadeVolumes, listed_volumes, read_latents, read_submission
from cryobench.methods.programs import parse_command

_MOST_STATES = 2**31
_NAMED = 5  # particles that a message names


@dataclass(frozen=True)
class Draw:
    """Which particles the per-image protocol takes.

    Every N // n-th, or some of each state drawn with a seed, or whichever a submission has volumes of.
    """

    count: int
    stratified: bool
    seed: int
    available: bool = False


@dataclass(frozen=True, eq=False)
class Scorable:
    """Volumes to score, at which particles, and the truth of them; of which dataset, where they are a submission."""

    method: str
    volumes: VolumeProvider
    particles: Int[np.ndarray, " q"]
    truth: Truth
    mask: str
    source: str
    dataset: Dataset | None = None
    kind: Literal["fixed-pose", "ab-initio"] = "fixed-pose"
    flags: tuple[str, ...] = ()


def of_submission(folder: Path, options: ManyOptions, protocol: str, draw: Draw) -> Scorable:
    """Return the volumes of a submission folder.

    Raises
    ------
    InputError
        If there is no dataset, or the submission has no volumes.
    """
    if options.dataset is None:
        raise InputError(f"{folder}: compared with what? Give the dataset folder with --dataset")
    truth = load_dataset(options.dataset)
    submission = read_submission(folder, len(truth.particles), truth.card, any_dataset=options.any_dataset)
    if submission.volumes is None:
        raise InputError(f"{folder}: no volumes/index.csv there: there is nothing to score")
    wanted = Wanted(_particles(truth.truth, submission.latents, protocol, draw))
    if isinstance(submission.volumes, FileVolumes):
        wanted = _having(submission.volumes, wanted.particles, truth.truth, protocol, draw)
    words = "no mask" if truth.truth.mask is None else "union of the true states"
    return Scorable(
        submission.method.name,
        submission.volumes,
        wanted.particles,
        truth.truth,
        words,
        f"those of {folder}",
        truth,
        submission.kind,
        wanted.flags,
    )


@contextlib.contextmanager
def of_published(call: ManyOptions, protocol: str, draw: Draw, progress: Progress) -> Iterator[Scorable]:
    """Yield the volumes of a method's folder: those that are there, or those that its latents and weights make.

    Raises
    ------
    InputError
        If a flag is missing, or numbers do not fit each other.
    FormatError
        If a file does not hold what it should.
    """
    if call.gt_dir is None:
        raise InputError("compared with what? Give the folder of the true maps with --gt-dir")
    if not call.folder.is_dir():
        raise InputError(f"{call.folder}: no such folder: expected the method's files there")
    labels = _labels(call)
    truth = truth_of_maps(call.gt_dir, labels, call.apix, call.mask, moving=call.moving, progress=progress)
    words = "no mask" if call.mask is None else call.mask.name
    latents_file = _latents_file(call)
    latents = None if latents_file is None else read_latents(latents_file)
    if latents is not None and len(latents) != len(labels):
        raise InputError(
            f"{latents_file}: {len(latents):,} rows, but --num-imgs and --num-vols (or --labels) make "
            f"{len(labels):,} particles: expected a row for each"
        )
    particles = _particles(truth, latents, protocol, draw)
    folder = published_folder(call.output, call.name, protocol) / "vols"
    # Maps that lie there may be of another epoch: what this epoch's weights make comes first.
    if latents is None or not _weights(call).is_file():
        for place in (folder, call.folder):
            paths = listed_volumes(place, len(particles))
            if paths:
                found = FileVolumes(dict(zip(particles.tolist(), paths, strict=True)), str(place), call.apix)
                yield Scorable(call.name, found, particles, truth, words, f"those in {place}, in natural order")
                return
    if latents is None:
        raise FormatError(
            f"{call.folder}: neither maps (.mrc) nor latents (z.{_epoch(call)}.pkl) there: give the folder of "
            "cryoDRGN's training, or of the volumes of a method, one for each that is scored"
        )
    decoder = _decoder(call)
    decoder.check()
    by_state = np.argsort(labels[particles], kind="stable")  # as they are scored
    with MadeVolumes(decoder, latents, particles, by_state, folder if call.keep_volumes else None) as made:
        yield Scorable(call.name, made, particles, truth, words, f"made by '{call.command}' of {latents_file}")


_PLAIN_NAME = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9_.+ -]*")


def published_folder(output: Path, method: str, protocol: str) -> Path:
    """Return where the published scripts put what is of one method and protocol."""
    folder = method if _PLAIN_NAME.fullmatch(method) else slug(method)  # a name may hold slashes
    return output / folder / ("per_conf_fsc" if protocol == PER_CONFORMATION else "per_img_fsc")


def _epoch(call: ManyOptions) -> str:
    return "N" if call.epoch is None else str(call.epoch)


def _latents_file(call: ManyOptions) -> Path | None:
    """Return the latents of an epoch; ``z.pkl`` where none was named."""
    name = "z.pkl" if call.epoch is None else f"z.{call.epoch}.pkl"
    path = call.folder / name
    return path if path.is_file() else None


def _weights(call: ManyOptions) -> Path:
    return call.folder / ("weights.pkl" if call.epoch is None else f"weights.{call.epoch}.pkl")


def _decoder(call: ManyOptions) -> Decoder:
    if call.apix is None:
        raise InputError("the pixel size of the volumes that are made is not known: give --apix, in Å")
    return Decoder(parse_command(call.command), _weights(call), call.folder / "config.yaml", call.apix)


def _labels(call: ManyOptions) -> Int[np.ndarray, " N"]:
    if call.labels is not None:
        content = read_array_pickles(call.labels)[0] if call.labels.suffix == ".pkl" else read_array(call.labels)
        if isinstance(content, list) and all(isinstance(each, int) for each in content):
            content = np.array(content)
        labels = content if isinstance(content, np.ndarray) else np.empty(0)
        fits = labels.ndim == 1 and labels.size > 0 and labels.dtype.kind in "iuf"
        if not fits or (labels != np.floor(labels)).any() or np.abs(labels).max() > _MOST_STATES:
            raise FormatError(
                f"{call.labels}: shape {labels.shape}, type {labels.dtype}: expected the number of the state of each "
                "particle, (N,)"
            )
        return labels.astype(np.int64)
    if call.num_vols is None:
        raise InputError("how many states are there? Give --num-vols (and --num-imgs), or --labels")
    if call.num_imgs < 1 or call.num_vols < 1:
        raise InputError(f"--num-imgs {call.num_imgs} --num-vols {call.num_vols}: expected numbers of at least 1")
    return np.repeat(np.arange(call.num_vols), call.num_imgs)


def _particles(truth: Truth, latents: np.ndarray | None, protocol: str, draw: Draw) -> Int[np.ndarray, " q"]:
    if protocol == PER_CONFORMATION:
        return particles_of_conformations(truth, latents)
    return particles_of_images(truth, draw.count, draw.seed, stratified=draw.stratified)


def _having(volumes: FileVolumes, wanted: Int[np.ndarray, " q"], truth: Truth, protocol: str, draw: Draw) -> Wanted:
    """Return the particles whose volumes are scored, of those that have one.

    Raises
    ------
    InputError
        If the per-image protocol wants particles that have none.
    """
    if protocol == PER_CONFORMATION:
        return stand_ins(volumes, wanted, truth)
    having = volumes.particles
    if draw.available:
        return Wanted(having)
    missing = np.setdiff1d(wanted, having)
    if missing.size:
        some = ", ".join(map(str, missing[:_NAMED].tolist()))
        raise InputError(
            f"the submission has no volume of {len(missing)} of the {len(wanted)} particles that are asked for "
            f"({some} ...): add them to volumes/index.csv, or give --available to score the {len(having)} there are"
        )
    return Wanted(wanted)
