"""cryoDRGN: ``train_vae``, ``train_dec``, ``abinit_het`` (cryoDRGN2) and ``abinit`` (cryoDRGN 4, DRGN-AI).

All write ``z.N.pkl``, ``weights.N.pkl`` and ``config.yaml`` (before version 2 ``config.pkl``) into one folder. Which
command it was follows from the words in the settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from cryobench.core import FormatError, Particles, Poses, Submission
from cryobench.io import read_array_pickles
from cryobench.methods.made_volumes import Decoder
from cryobench.methods.systems.base import SYSTEMS, Choice, Found, System, SystemCard
from cryobench.methods.systems.epochs import Epoch, choose_epoch, numbered, output_file
from cryobench.methods.systems.input_order import order_of_input
from cryobench.methods.systems.kmeans_volumes import kmeans_volumes
from cryobench.methods.systems.native_tables import latent_table, pose_table, require_finite_rows
from cryobench.methods.systems.settings import (
    read_pickled_settings,
    read_yaml_settings,
    settings_in,
    version_of,
    words_of,
)
from cryobench.methods.volume_makers import VolumeMaker

Command = Literal["train_vae", "train_dec", "abinit_het", "abinit"]
_SETTINGS = ("config.yaml", "config.pkl")


def command_of(settings: dict[str, Any]) -> Command | None:
    """Return which of cryoDRGN's commands wrote settings, None if none of those that make latents."""
    model, dataset = words_of(settings, "model_args"), words_of(settings, "dataset_args")
    if not dataset or not words_of(settings, "lattice_args") or {"template_type", "templateres"} & model.keys():
        return None  # the last two words are OPUS-DSD's
    if "data_norm_mean" in settings and "zdim" in model:
        return "abinit"
    if "qlayers" in model and "encode_mode" in model:
        return "train_vae" if "poses" in dataset else "abinit_het"
    if {"layers", "dim", "zdim"} <= model.keys():
        return "train_dec"
    return None


@dataclass(frozen=True)
class _Run:
    """The settings of a run, and the epoch that is read."""

    path: Path
    settings: dict[str, Any]
    epoch: Epoch

    @property
    def lattice(self) -> int:
        """Points along an edge of the lattice: the box of the training images and one."""
        size = words_of(self.settings, "lattice_args").get("D")
        if type(size) is not int or size < 3:
            raise FormatError(f"{self.path}: lattice_args: D is {size!s:.40}: expected the box of the images and one")
        return size

    @property
    def zdim(self) -> int:
        """Number of latent dimensions."""
        zdim = words_of(self.settings, "model_args").get("zdim")
        if type(zdim) is not int or zdim < 0:
            raise FormatError(f"{self.path}: model_args: zdim is {zdim!s:.40}: expected a number of dimensions")
        return zdim

    def pixel_size(self, particles: Particles) -> float:
        """Return the edge of a pixel of the training images in Å, which may be smaller images of the same field."""
        return particles.pixel_size * particles.box / (self.lattice - 1)


class CryoDRGN(System):
    """One of cryoDRGN's commands."""

    command: ClassVar[Command]
    kind: ClassVar[Literal["fixed-pose", "ab-initio"]]

    def detect(self, folder: Path) -> str | None:
        """Return which words of the settings say that it was this command."""
        for name in _SETTINGS:
            settings = settings_in(folder, name)
            if settings is not None:
                words = _WORDS[self.command]
                is_it = command_of(settings) == self.command
                return f"{name} of cryoDRGN {version_of(settings)}, with {words}" if is_it else None
        return None

    def read(self, folder: Path, particles: Particles, choice: Choice) -> Found:
        """Read latents, poses where the command found any, and volumes that ``analyze`` made.

        Raises
        ------
        FormatError
            If a file is missing or damaged, or does not cover the particles.
        """
        run = self._run(folder, choice)
        epoch, zdim = run.epoch, run.zdim
        latents = None
        sources = [run.path]
        if zdim:
            path = epoch.existing("z")
            latents = latent_table(read_array_pickles(path)[0], path, zdim)
            sources.append(path)
        poses = self._poses(run, particles, None if latents is None else len(latents))
        if poses is not None:
            sources.append(epoch.file("pose"))
        counted = latents if latents is not None else poses
        assert counted is not None
        dataset = words_of(run.settings, "dataset_args")
        order = order_of_input(
            dataset.get("particles"), dataset.get("ind"), len(counted), particles, folder, run.path, choice
        )
        if latents is not None:
            require_finite_rows(latents, epoch.file("z"))
            latents = latents[order.rows]
        volumes, said, maps = kmeans_volumes(epoch, order, particles)
        submission = Submission(
            method=self.method(version_of(run.settings)),
            particles=len(particles),
            kind=self.kind,
            latents=latents,
            poses=None if poses is None else poses[order.rows],
            volumes=volumes,
        )
        notes = [epoch.note, order.note, said]
        notes.append("poses: those that the run found" if poses is not None else "poses: as they were given to the run")
        return Found(submission, (*sources, *order.sources, *maps), tuple(notes))

    def maker(self, folder: Path, choice: Choice, command: tuple[str, ...], pixel_size: float) -> VolumeMaker | None:
        """Return cryoDRGN's ``eval_vol`` with the weights of the epoch; None for settings that it no longer reads."""
        run = self._run(folder, choice)
        if run.path.suffix == ".pkl":
            return None
        return Decoder(command or ("cryodrgn",), run.epoch.file("weights"), run.path, pixel_size)

    def _run(self, folder: Path, choice: Choice) -> _Run:
        path = next((p for name in _SETTINGS if (p := output_file(folder, name)).is_file()), None)
        if path is None:
            raise FormatError(f"{folder}: no {' and no '.join(_SETTINGS)}: expected the output of cryoDRGN")
        settings = read_pickled_settings(path) if path.suffix == ".pkl" else read_yaml_settings(path)
        found = command_of(settings)
        if found != self.command:
            raise FormatError(
                f"{path}: of {'another program' if found is None else f'cryodrgn {found}'}, expected "
                f"{_WORDS[self.command]}"
            )
        zdim = words_of(settings, "model_args").get("zdim")
        return _Run(path, settings, choose_epoch(folder, "pose" if zdim == 0 else "z", choice.epoch))

    def _poses(self, run: _Run, particles: Particles, count: int | None) -> Poses | None:
        """Read the poses of the same epoch, where the command found any."""
        path = run.epoch.file("pose")
        if self.kind == "fixed-pose" and not path.is_file():
            if words_of(run.settings, "dataset_args").get("do_pose_sgd") and numbered(run.epoch.folder, "pose"):
                run.epoch.existing("pose")
            return None
        run.epoch.existing("pose")
        pixel = run.pixel_size(particles)
        # Shifts are pixels of the training images; all but abinit divide them by the points of the lattice.
        unit = pixel if self.command == "abinit" else pixel * run.lattice
        return pose_table(path, count, unit)


_WORDS: dict[Command, str] = {
    "train_vae": "qlayers and encode_mode in model_args, poses in dataset_args",
    "train_dec": "layers, dim and zdim in model_args",
    "abinit_het": "qlayers and encode_mode in model_args, no poses in dataset_args",
    "abinit": "data_norm_mean, and zdim in model_args",
}
_LICENCE = "GPL-3.0"


class TrainVAE(CryoDRGN):
    """``train_vae`` of any version."""

    command = "train_vae"
    kind = "fixed-pose"
    card = SystemCard(
        name="cryodrgn",
        title="cryoDRGN, variational autoencoder with poses that are given (train_vae)",
        known_by=f"config.yaml or config.pkl with {_WORDS['train_vae']}",
        reads="z.N.pkl, pose.N.pkl where poses were refined, analyze.N/kmeansK",
        licence=_LICENCE,
    )


class TrainDec(CryoDRGN):
    """``train_dec``, an autodecoder."""

    command = "train_dec"
    kind = "fixed-pose"
    card = SystemCard(
        name="cryodrgn-dec",
        title="cryoDRGN, decoder with a latent for each particle and poses that are given (train_dec)",
        known_by=f"config.yaml with {_WORDS['train_dec']}",
        reads="z.N.pkl, pose.N.pkl where poses were refined, analyze.N/kmeansK",
        licence=_LICENCE,
    )


class AbinitHet(CryoDRGN):
    """``abinit_het``, in version 4 ``abinit_het_old``."""

    command = "abinit_het"
    kind = "ab-initio"
    card = SystemCard(
        name="cryodrgn-abinit-het",
        title="cryoDRGN2, variational autoencoder with a search for poses (abinit_het, abinit_het_old)",
        known_by=f"config.yaml or config.pkl with {_WORDS['abinit_het']}",
        reads="z.N.pkl and pose.N.pkl of the same epoch, analyze.N/kmeansK",
        licence=_LICENCE,
    )


class Abinit(CryoDRGN):
    """``abinit`` of version 4."""

    command = "abinit"
    kind = "ab-initio"
    card = SystemCard(
        name="cryodrgn-abinit",
        title="cryoDRGN 4, decoder with a search for poses, as in DRGN-AI (abinit)",
        known_by=f"config.yaml with {_WORDS['abinit']}",
        reads="z.N.pkl and pose.N.pkl of the same epoch, analyze.N/kmeansK",
        licence=_LICENCE,
    )


for _system in (TrainVAE(), TrainDec(), AbinitHet(), Abinit()):
    SYSTEMS.add(_system.card.name, _system)
