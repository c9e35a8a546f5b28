"""An unpacked archive, read and checked, with what had to be put right. Nothing in it is changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Int32

from cryobench.core import CTFParameters, FormatError, Poses, Progress, Volume, silent
from cryobench.datasets.published.agreement import Agreement, agreement, require_agreement
from cryobench.datasets.published.frames import find_frames
from cryobench.datasets.published.labels import Given, given_truth, labels_of
from cryobench.datasets.published.layout import Layout, find_layout
from cryobench.datasets.published.recognise import recognise
from cryobench.datasets.published.releases import Release, release_of
from cryobench.datasets.published.repairs import check_maps, check_stacks, check_star, read_ctf
from cryobench.datasets.states import Frames
from cryobench.io import StackImages, read_poses, read_volume


@dataclass(frozen=True, eq=False)
class Findings:
    """What an archive holds, once every check that needs few images has passed.

    Parameters
    ----------
    release
        What was published.
    layout
        Where the files are.
    images
        The N images, in the order of the particles.
    poses, ctf
        Of the images, with shifts in Å at their true pixel size.
    labels
        State of each particle, shape (N,).
    given
        What the file of ground-truth latents says.
    mask
        Soft mask, values 0 to 1, if there is one.
    frames
        How true volumes are rendered where the archive has none but a trajectory.
    found
        How well images agree with projections of the true volumes, where there are any.
    repairs
        What was wrong, and what is taken instead, a sentence each.
    notes
        What else a reader has to know.
    """

    release: Release
    layout: Layout
    images: StackImages
    poses: Poses
    ctf: CTFParameters
    labels: Int32[np.ndarray, " N"]
    given: Given
    mask: Volume | None
    frames: Frames | None
    found: Agreement | None
    repairs: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def sign(self) -> Literal[-1, 1]:
        """Contrast sign of the images: as measured, or as published where there is nothing to measure it by."""
        return self.release.sign if self.found is None else self.found.sign

    def facts(self) -> dict[str, str]:
        """Return what was found, label by label."""
        layout, release = self.layout, self.release
        names = {"poses": layout.poses, "CTF": layout.ctf, "ground truth": layout.latents, "mask": layout.mask}
        truth = f"{len(layout.volumes)} volumes" if layout.volumes else "rendered from the trajectory"
        return {
            "dataset": release.words(),
            "images": f"{len(self.images):,} in {_stacks(len(layout.stacks))}, {release.box} px of "
            f"{release.pixel_size:g} Å" + ("" if layout.snr is None else f", SNR {layout.snr:g}"),
            "list": "none" if layout.listing is None else layout.name(layout.listing),
            **{label: "none" if path is None else layout.name(path) for label, path in names.items()},
            "true volumes": truth if layout.volumes or self.frames else "none",
            "agreement": "not measured" if self.found is None else self.found.words(),
            "contrast sign": f"{self.sign:+d}, the particle is {'bright' if self.sign < 0 else 'dark'}",
        }


def open_archive(
    dataset: str | None,
    archive: Path,
    snr: float | None = None,
    progress: Progress = silent,
    release: Release | None = None,
) -> Findings:
    """Read an unpacked archive, check it, and find what is known to be wrong with it.

    Headers, tables and true volumes are looked at, and the images of a few particles.

    Parameters
    ----------
    dataset
        Which dataset it is, such as ``igg-1d``; None finds out.
    archive
        Its folder.
    snr
        Which images to take, by their signal-to-noise ratio; by default the only ones, or those of the release.
    progress
        Told of volumes read.
    release
        What it should hold, in place of what was published.

    Raises
    ------
    InputError
        If it is no archive, or not clear of which dataset.
    FormatError
        If a file is missing or damaged, two of them disagree, or one is wrong in a way that is not known.
    UnknownNameError
        If there is no such dataset.
    """
    if release is None:
        release = recognise(archive) if dataset is None else release_of(dataset)
    layout = find_layout(archive, release, snr)
    counts, repairs = check_stacks(layout, release)
    labels = labels_of(layout, counts, release)
    poses = read_poses(layout.poses, release.box, release.pixel_size)
    ctf, ctf_repairs = read_ctf(layout, release)
    _require_one_each(layout, len(labels), {layout.poses: len(poses), layout.ctf: len(ctf)})
    repairs += (*ctf_repairs, *check_star(layout, release))
    given = given_truth(layout, labels, release)
    images = StackImages(layout.stacks)
    notes = (*layout.notes, *given.notes)
    mask, mask_repairs, mask_notes = _mask(layout, release)
    repairs += mask_repairs
    notes += mask_notes
    frames, found = None, None
    if layout.volumes:
        repairs += _check_volumes(layout, release, progress)
        found = agreement(
            images, poses, ctf, labels, lambda state: read_volume(layout.volumes[state], release.pixel_size)
        )
        require_agreement(found, str(archive))
    elif release.latent == "frame":
        frames, found, more = find_frames(layout, release, images, poses, ctf, labels, progress)
        notes += more
    else:
        raise FormatError(f"{archive}: has no true volumes in vols/{release.box}_org: unpack the archive again")
    if found is not None and found.sign != release.sign:
        repairs += (
            f"the images: contrast sign {found.sign:+d} (the particle is dark) where that of the release is "
            f"{release.sign:+d}, taken as it is",
        )
    if found is None:
        notes += (f"the contrast sign is that of the release, {release.sign:+d}: there is nothing to measure it by",)
    return Findings(
        release=release,
        layout=layout,
        images=images,
        poses=poses,
        ctf=ctf,
        labels=labels,
        given=given,
        mask=mask,
        frames=frames,
        found=found,
        repairs=repairs,
        notes=notes,
    )


def _stacks(count: int) -> str:
    return "1 stack" if count == 1 else f"{count} stacks"


def _require_one_each(layout: Layout, images: int, rows: dict[Path, int]) -> None:
    for path, count in rows.items():
        if count != images:
            raise FormatError(
                f"{path}: {count:,} rows for the {images:,} images of {_stacks(len(layout.stacks))}: expected one for "
                "each image; unpack the archive again"
            )


def _mask(layout: Layout, release: Release) -> tuple[Volume | None, tuple[str, ...], tuple[str, ...]]:
    """Return the mask, what is wrong with its header, and notes."""
    if layout.mask is None:
        return None, (), ("the archive has no mask",)
    repairs = check_maps(("mask", "masks"), (layout.mask,), release)
    mask = read_volume(layout.mask, release.pixel_size)
    lowest, highest = float(mask.data.min()), float(mask.data.max())
    if not (np.isfinite(mask.data).all() and lowest >= -1e-3 and 0 < highest <= 1 + 1e-3):
        raise FormatError(f"{layout.mask}: values from {lowest:g} to {highest:g}: expected a mask, 0 to 1")
    return mask, repairs, ()


def _check_volumes(layout: Layout, release: Release, progress: Progress) -> tuple[str, ...]:
    """Return what is wrong with the headers of the true volumes, once each is read and sound."""
    if len(layout.volumes) != release.states:
        raise FormatError(
            f"{layout.volumes[0].parent}: {len(layout.volumes)} volumes for {release.states} states: expected one for "
            "each; unpack the archive again"
        )
    repairs = check_maps(("true volume", "true volumes"), layout.volumes, release)
    advance = progress("Reading true volumes", len(layout.volumes))
    for path in layout.volumes:
        data = read_volume(path, release.pixel_size).data
        if not np.isfinite(data).all() or data.min() == data.max():
            raise FormatError(f"{path}: holds no density, or values that are no numbers: unpack the archive again")
        advance(1)
    return repairs
