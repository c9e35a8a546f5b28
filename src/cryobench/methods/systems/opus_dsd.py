"""OPUS-DSD: ``config.pkl`` and ``z.N.pkl``, which torch wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float32

from cryobench.core import FormatError, Particles, Submission
from cryobench.io import is_torch_archive, read_array_pickles, read_torch_archive
from cryobench.methods.systems.base import SYSTEMS, Choice, Found, System, SystemCard
from cryobench.methods.systems.epochs import Epoch, choose_epoch, output_file
from cryobench.methods.systems.input_order import order_of_input
from cryobench.methods.systems.native_tables import latent_table, require_finite_rows
from cryobench.methods.systems.settings import read_pickled_settings, settings_in, version_of, words_of

_SETTINGS = "config.pkl"
_WORDS = ("template_type", "templateres")


class OpusDSD(System):
    """OPUS-DSD, whose settings are cryoDRGN's with words of its own."""

    card = SystemCard(
        name="opus-dsd",
        title="OPUS-DSD, a neural volume with poses that are given",
        known_by="config.pkl with template_type and templateres in model_args",
        reads="z.N.pkl",
        licence="GPL-3.0",
    )

    def detect(self, folder: Path) -> str | None:
        """Return which words of the settings are OPUS-DSD's."""
        settings = settings_in(folder, _SETTINGS)
        found = [word for word in _WORDS if settings is not None and word in words_of(settings, "model_args")]
        return f"{_SETTINGS} with {' and '.join(found)} in model_args" if found else None

    def read(self, folder: Path, particles: Particles, choice: Choice) -> Found:
        """Read the latents.

        Raises
        ------
        FormatError
            If a file is missing or damaged, or does not cover the particles.
        """
        path = output_file(folder, _SETTINGS)
        settings = read_pickled_settings(path)
        if not set(_WORDS) & words_of(settings, "model_args").keys():
            raise FormatError(f"{path}: neither {' nor '.join(_WORDS)} in model_args: expected those of OPUS-DSD")
        epoch = choose_epoch(folder, "z", choice.epoch)
        file = epoch.existing("z")
        zdim = words_of(settings, "model_args").get("zdim")
        latents, said = _latents(file, zdim if type(zdim) is int else None)
        dataset = words_of(settings, "dataset_args")
        order = order_of_input(
            dataset.get("particles"), dataset.get("ind"), len(latents), particles, folder, path, choice
        )
        require_finite_rows(latents, file)
        submission = Submission(
            method=self.method(version_of(settings)),
            particles=len(particles),
            kind="fixed-pose",
            latents=latents[order.rows],
        )
        notes = (
            epoch.note,
            order.note,
            *said,
            _poses_note(epoch),
            "volumes: OPUS-DSD's maps, reference{i}.mrc, are of latents, and of another box: not taken",
        )
        return Found(submission, (path, file, *order.sources), notes)


def _poses_note(epoch: Epoch) -> str:
    path = epoch.file("pose")
    if path.is_file():
        return f"poses: none; those in {path.name} are not read, also where the run refined them"
    return "poses: none; the run left none of its own for this epoch"


def _latents(path: Path, zdim: int | None) -> tuple[Float32[np.ndarray, "n d"], tuple[str, ...]]:
    """Return the latents of a table that torch saved, or the first of two pickles, of as many dimensions as set."""
    if not is_torch_archive(path):
        return latent_table(read_array_pickles(path)[0], path, zdim), ()
    table = read_torch_archive(path)
    mean = table.get("mu") if isinstance(table, dict) else None
    if not isinstance(mean, np.ndarray):
        raise FormatError(f"{path}: no tensor 'mu': expected the latents of OPUS-DSD")
    bodies = table.get("multi_mu")
    composition = latent_table(mean, path, zdim)
    if bodies is None:
        return composition, ()
    if not isinstance(bodies, np.ndarray) or bodies.ndim != 2 or len(bodies) != len(composition):
        raise FormatError(f"{path}: 'multi_mu' is no table with the rows of 'mu': expected the latents of OPUS-DSD")
    note = f"latents: {composition.shape[1]} of the composition, then {bodies.shape[1]} of the bodies (multi_mu)"
    return np.hstack((composition, latent_table(bodies, path))), (note,)


SYSTEMS.add("opus-dsd", OpusDSD())
