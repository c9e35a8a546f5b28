"""DRGN-AI 1.x: ``out/`` with ``conf.N.pkl``, ``pose.N.pkl``, ``weights.N.pkl`` and ``drgnai-configs.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryobench.core import FormatError, Particles, Poses, Submission
from cryobench.io import read_array_pickle, read_volume
from cryobench.methods.systems.base import SYSTEMS, Choice, Found, System, SystemCard
from cryobench.methods.systems.epochs import Epoch, choose_epoch, output_file
from cryobench.methods.systems.input_order import order_of_input
from cryobench.methods.systems.native_tables import latent_table, pose_table, require_finite_rows
from cryobench.methods.systems.settings import read_yaml_settings, settings_in, version_of, words_of

_OUT = "out"
_SETTINGS = ("drgnai-configs.yaml", "train-configs.yaml")


def _training(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the words on the training; the older file holds nothing else."""
    return words_of(settings, "training") or settings


class DrgnAI(System):
    """DRGN-AI as a program of its own."""

    card = SystemCard(
        name="drgnai",
        title="DRGN-AI 1.x, decoder with a search for poses",
        known_by="out/drgnai-configs.yaml with z_dim and particles",
        reads="out/conf.N.pkl and out/pose.N.pkl of the same epoch",
        licence="GPL-3.0",
    )

    def detect(self, folder: Path) -> str | None:
        """Return where its settings are: in the folder, or in ``out`` within it."""
        for place in (f"{_OUT}/", ""):
            for name in _SETTINGS:
                settings = settings_in(folder, f"{place}{name}")
                if settings is not None and {"z_dim", "particles"} <= _training(settings).keys():
                    return f"{place}{name} with z_dim and particles"
        return None

    def read(self, folder: Path, particles: Particles, choice: Choice) -> Found:
        """Read conformations and poses.

        Raises
        ------
        FormatError
            If a file is missing or damaged, or does not cover the particles.
        """
        places = [output_file(folder, f"{place}{name}") for place in (f"{_OUT}/", "") for name in _SETTINGS]
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            raise FormatError(f"{folder}: no {_OUT}/{_SETTINGS[0]}: expected the output of DRGN-AI")
        settings = read_yaml_settings(path)
        training, out = _training(settings), path.parent
        zdim = training.get("z_dim")
        if type(zdim) is not int or zdim < 0:
            raise FormatError(f"{path}: z_dim is {zdim!s:.40}: expected a number of dimensions")
        if training.get("subtomogram_averaging"):
            raise FormatError(f"{path}: subtomogram_averaging: a run on tilt series: expected one on single images")
        epoch = choose_epoch(out, "conf" if zdim else "pose", choice.epoch)
        latents = None
        sources = [path]
        if zdim:
            conf = epoch.existing("conf")
            latents = latent_table(read_array_pickle(conf), conf, zdim)
            sources.append(conf)
        poses, said = None, "poses: as they were given to the run"
        if not training.get("use_gt_poses") or latents is None:
            poses, said = _poses(epoch, particles, None if latents is None else len(latents))
            sources.append(epoch.file("pose"))
        counted = latents if latents is not None else poses
        assert counted is not None
        order = order_of_input(
            training.get("particles"), training.get("ind"), len(counted), particles, folder, path, choice
        )
        if latents is not None:
            require_finite_rows(latents, epoch.file("conf"))
            latents = latents[order.rows]
        submission = Submission(
            method=self.method(version_of(settings)),
            particles=len(particles),
            # Poses that were given and then refined are no less given.
            kind="fixed-pose" if training.get("use_gt_poses") or training.get("refine_gt_poses") else "ab-initio",
            latents=latents,
            poses=None if poses is None else poses[order.rows],
        )
        return Found(submission, (*sources, *order.sources), (epoch.note, order.note, said))


def _poses(epoch: Epoch, particles: Particles, count: int | None) -> tuple[Poses, str]:
    """Read poses, whose shifts are pixels of the training images; the settings do not say how large these were."""
    box, how = particles.box, "taken to be those of the dataset, for want of a map"
    reference = epoch.file("reconstruct", ".mrc")
    if reference.is_file():
        box, how = read_volume(reference).box, f"of which {reference.name} has {read_volume(reference).box} on an edge"
    unit = particles.pixel_size * particles.box / box
    poses = pose_table(epoch.existing("pose"), count, unit)
    return poses, f"poses: those that the run found; shifts in pixels of the training images, {how}"


SYSTEMS.add("drgnai", DrgnAI())
