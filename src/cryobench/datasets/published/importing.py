"""Importing an archive: a dataset folder that points at its images and volumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cryobench.core import OutputError, Progress, silent
from cryobench.datasets.cards.describe import write_descriptions
from cryobench.datasets.folder import CONVENTIONS
from cryobench.datasets.journal import software
from cryobench.datasets.links import write_links
from cryobench.datasets.manifest import MANIFEST
from cryobench.datasets.published.archive import Findings, open_archive
from cryobench.datasets.published.checksums import archive_files
from cryobench.datasets.published.frames import setting_of
from cryobench.datasets.published.releases import Release
from cryobench.datasets.published.states import TrueStates, frame_states, numbered_frames, true_states
from cryobench.datasets.recipe import RECIPES
from cryobench.datasets.spec import ImportedSpec, Manifest
from cryobench.datasets.states_table import states_text
from cryobench.imaging import cryosparc_particles, particle_tables
from cryobench.io import (
    check_output,
    sha256,
    write_array,
    write_cs,
    write_ctf,
    write_poses,
    write_star,
    write_text,
    write_volume,
)

_MASK = "truth/mask.mrc"


def import_archive(
    dataset: str | None,
    archive: Path,
    output: Path,
    snr: float | None = None,
    progress: Progress = silent,
    *,
    overwrite: bool = False,
    release: Release | None = None,
) -> Findings:
    """Make a dataset folder that points at an unpacked archive; nothing in the archive is changed.

    Parameters
    ----------
    dataset, archive, snr, release
        As for :func:`open_archive`.
    output
        The folder to make.
    progress
        Told of files read.
    overwrite
        Whether to start anew in a folder that holds something.

    Raises
    ------
    InputError, FormatError, UnknownNameError
        As :func:`open_archive` does, and if a pixel is not a finite number; nothing is written then.
    OutputError
        If the folder cannot be made, or lies in the archive.
    """
    require_output(archive, output, overwrite=overwrite)
    findings = open_archive(dataset, archive, snr, progress, release)
    states = _states(findings, progress)
    spec = _spec(findings, progress)
    (output / "truth").mkdir(parents=True, exist_ok=True)
    for name in (MANIFEST, _MASK):  # of an earlier import: the first says that what is here is complete
        (output / name).unlink(missing_ok=True)
    _write(output, findings, states, spec)
    return findings


def require_output(archive: Path, output: Path, *, overwrite: bool) -> None:
    """Raise unless a dataset folder can be made there, outside the archive.

    Raises
    ------
    OutputError
        Saying why not.
    """
    check_output(output, overwrite=overwrite, resume=False)
    if output.resolve().is_relative_to(archive.resolve()):
        raise OutputError(f"{output}: lies in the archive, in which nothing is changed: choose another folder with -o")


def _states(findings: Findings, progress: Progress) -> TrueStates:
    release, labels, layout = findings.release, findings.labels, findings.layout
    if release.latent != "frame":
        return true_states(layout, labels, findings.given, release, progress)
    if findings.frames is None:
        return numbered_frames(labels, findings.given, release)
    counts = tuple(np.bincount(labels, minlength=release.states).tolist())
    ensemble = findings.frames.ensemble(counts, setting_of(layout, release), progress)
    return frame_states(ensemble, labels)


def _spec(findings: Findings, progress: Progress) -> ImportedSpec:
    layout, release = findings.layout, findings.release
    return ImportedSpec(
        dataset=release.dataset,
        stacks=tuple(layout.name(path) for path in layout.stacks),
        stack_counts=findings.images.counts,
        images=tuple(np.bincount(findings.labels, minlength=release.states).tolist()),
        volumes=tuple(layout.name(path) for path in layout.volumes),
        frames=findings.frames,
        box=release.box,
        pixel_size=release.pixel_size,
        sign=findings.sign,
        snr=layout.snr,
        repairs=findings.repairs,
        archive=archive_files(layout, progress),
    )


def _write(folder: Path, findings: Findings, states: TrueStates, spec: ImportedSpec) -> None:
    """Write the dataset folder; ``dataset.json`` comes last."""
    poses, ctf, labels = findings.poses, findings.ctf, findings.labels
    places = [
        (name, place) for name, count in zip(spec.stacks, spec.stack_counts, strict=True) for place in range(count)
    ]
    write_text(folder / "particles.txt", "".join(f"{name}\n" for name in spec.stacks))
    names = [f"{place + 1:06d}@{name}" for name, place in places]
    write_star(folder / "particles.star", particle_tables(names, poses, ctf, spec.box, spec.pixel_size))
    stacks, positions = [name for name, _ in places], np.array([place for _, place in places])
    table = cryosparc_particles(stacks, positions, poses, ctf, spec.box, spec.pixel_size, spec.sign)
    write_cs(folder / "particles.cs", table)
    write_poses(folder / "poses.pkl", poses, spec.box, spec.pixel_size)
    write_ctf(folder / "ctf.pkl", ctf, spec.box, spec.pixel_size)
    write_array(folder / "truth/labels.npy", labels)
    write_array(folder / "truth/latents.npy", states.latents)
    sources = [_source(spec, state.index) for state in states.states]
    write_text(folder / "truth/states.csv", states_text(states.states, sources))
    if findings.mask is not None:
        write_volume(folder / _MASK, findings.mask)
    write_links(folder, archive=findings.layout.archive)
    recipe = RECIPES[spec.dataset]
    manifest = Manifest(
        id=spec.id,
        title=recipe.title,
        summary=recipe.summary,
        stand_in="",
        notes=(
            f"imported from the published archive, Zenodo record {findings.release.record}",
            "images and true volumes stay there, and links.json says where that is: particles.txt, particles.star and "
            "particles.cs name them by their paths within it, so programs need it as the folder that paths start from",
            *findings.notes,
            *states.notes,
        ),
        software=software(),
        spec=spec,
        conventions=CONVENTIONS,
        latent_meaning=states.latent_meaning,
        coordinate_name=states.coordinate.name,
        coordinate_unit=states.coordinate.unit,
        coordinate_cyclic=states.coordinate.cyclic,
        files={},
    )
    written = ["particles.star", "particles.cs", "particles.txt", "poses.pkl", "ctf.pkl"]
    written += ["truth/labels.npy", "truth/latents.npy", "truth/states.csv"]
    written += [] if findings.mask is None else [_MASK]
    write_descriptions(folder, manifest, {name: sha256(folder / name) for name in written})


def _source(spec: ImportedSpec, state: int) -> str:
    if spec.frames is not None:
        return spec.frames.source_name(state)
    return spec.volumes[state] if spec.volumes else ""
