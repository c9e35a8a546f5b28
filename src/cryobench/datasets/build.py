"""Building a dataset folder from its inputs, stack by stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cryobench.core import Advance, InputError, Progress, Volume, silent
from cryobench.datasets.folder import write_folder
from cryobench.datasets.journal import Journal, close_journal, open_journal, software
from cryobench.datasets.manifest import MANIFEST, changed_files, read_manifest, stack_name, volume_name
from cryobench.datasets.masks import true_masks
from cryobench.datasets.recipe import Inputs
from cryobench.imaging import ImageFormation, Projector, downsample_volume
from cryobench.io import MrcStackWriter, sha256, write_volume


def build_dataset(
    inputs: Inputs, folder: Path, progress: Progress = silent, *, resume: bool = False, chunk: int | None = None
) -> bool:
    """Make a dataset folder: particles, poses, CTF, truth and ``dataset.json``; return whether anything was made.

    Parameters
    ----------
    inputs
        What to build.
    folder
        Where; made if it is missing.
    progress
        Told of images made.
    resume
        Keep the finished files of an earlier build of the same spec whose checksums still agree, or all of it.
    chunk
        Images made at a time. It changes the memory needed, and no byte.

    Raises
    ------
    InputError
        If a volume is empty, or the chunk is not at least 1.
    OutputError
        If the folder to resume holds another dataset.
    """
    if chunk is not None and chunk < 1:
        raise InputError(f"a chunk of {chunk} images: choose at least 1")
    spec = inputs.spec
    formation = ImageFormation.draw(spec.imaging, spec.seed, spec.labels(), inputs.pose_table, inputs.ctf_table)
    folder.mkdir(parents=True, exist_ok=True)
    # First of all files, so that a folder says whose it is, however early a build ends.
    journal = open_journal(folder, spec, resume=resume)
    for part in ("particles", "truth/volumes"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    if resume and (folder / MANIFEST).is_file() and not changed_files(folder, read_manifest(folder)):
        return False
    # Its removal says that what follows is unfinished, until it is written again at the very end.
    (folder / MANIFEST).unlink(missing_ok=True)
    _Build(inputs, formation, folder, journal, chunk).run(progress)
    masks = true_masks(inputs, folder, progress)
    write_folder(folder, inputs, formation, masks, journal, software())
    close_journal(folder)
    return True


class _Build:
    """One pass over the particles in their order, so that each state's volume is made once."""

    def __init__(
        self, inputs: Inputs, formation: ImageFormation, folder: Path, journal: Journal, chunk: int | None
    ) -> None:
        self._inputs = inputs
        self._formation = formation
        self._folder = folder
        self._journal = journal
        self._chunk = chunk
        self._labels = inputs.spec.labels()
        self._starts = np.concatenate(([0], np.cumsum(inputs.spec.images)))
        noise = inputs.spec.imaging.noise
        self._alone = noise.snr is not None and noise.scope == "state"
        self._state, self._projector = -1, None  # type: tuple[int, Projector | None]

    def run(self, progress: Progress) -> None:
        """Make what is missing."""
        spec = self._inputs.spec
        if not self._alone and len(self._journal.sigmas) < len(spec.images):
            self._set_common_noise(progress)
        advance = progress("Simulating particle images", spec.particles)
        for number, indices in enumerate(spec.stacks):
            if self._journal.has(self._folder, stack_name(number)):
                advance(len(indices))
            else:
                self._write_stack(number, np.arange(indices.start, indices.stop), advance)
        if spec.truth == "files":
            for state in range(len(spec.images)):
                if not self._journal.has(self._folder, volume_name(state)):
                    self._write_truth(state, self._inputs.ensemble.volume(state))
        self._journal.write(self._folder)

    def _write_stack(self, number: int, indices: np.ndarray, advance: Advance) -> None:
        imaging = self._inputs.spec.imaging
        name = stack_name(number)
        with MrcStackWriter(self._folder / name, len(indices), imaging.output_box, imaging.output_pixel_size) as writer:
            for state, run in self._runs(indices):
                for images in self._images(state, run):
                    writer.write(images)
                    advance(len(images))
        self._journal.files[name] = sha256(self._folder / name)
        self._journal.write(self._folder)

    def _images(self, state: int, run: np.ndarray) -> Iterator[np.ndarray]:
        projector = self._visit(state)
        yield from self._formation.images(projector, run, self._journal.sigmas[state], self._chunk)

    def _visit(self, state: int) -> Projector:
        """Return the projector of a state, with its true volume written and its noise level known."""
        if self._state == state and self._projector is not None:
            return self._projector
        self._projector = None  # its memory is needed for the next one
        imaging = self._inputs.spec.imaging
        volume = self._inputs.ensemble.volume(state)
        if self._inputs.spec.truth == "files" and not self._journal.has(self._folder, volume_name(state)):
            self._write_truth(state, volume)
        projector = Projector(volume, imaging.box if self._alone else imaging.output_box)
        if state not in self._journal.sigmas:
            pilot = self._formation.pilot(np.arange(self._starts[state], self._starts[state + 1]))
            self._journal.sigmas[state] = self._formation.sigma(self._formation.moments(projector, pilot))
        self._state, self._projector = state, projector
        return projector

    def _write_truth(self, state: int, volume: Volume) -> None:
        name = volume_name(state)
        write_volume(self._folder / name, downsample_volume(volume, self._inputs.spec.imaging.output_box))
        # The journal is written with the next stack: what it does not list yet would only be made again.
        self._journal.files[name] = sha256(self._folder / name)

    def _set_common_noise(self, progress: Progress) -> None:
        """Set one noise level for all states, from clean images of them all."""
        states = range(len(self._inputs.spec.images))
        if self._inputs.spec.imaging.noise.snr is None:
            self._journal.sigmas.update(dict.fromkeys(states, 0.0))
            return
        pilot = self._formation.pilot(np.arange(len(self._labels)))
        advance = progress("Measuring clean images for the noise level", len(pilot))
        moments = []
        for state, run in self._runs(pilot):
            moments.append(self._formation.moments(Projector(self._inputs.ensemble.volume(state)), run))
            advance(len(run))
        sigma = self._formation.sigma(np.concatenate(moments))
        self._journal.sigmas.update(dict.fromkeys(states, sigma))
        self._journal.write(self._folder)

    def _runs(self, indices: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the particles of each state among some, states in order."""
        labels = self._labels[indices]
        for run in np.split(indices, np.flatnonzero(np.diff(labels)) + 1):
            yield int(self._labels[run[0]]), run
