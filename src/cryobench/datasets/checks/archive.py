"""Opening a published archive, and what an imported dataset says of one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cryobench.core import CryobenchError, FormatError, Progress, VolumeSource
from cryobench.datasets.checks.files import named
from cryobench.datasets.checks.finding import Finding
from cryobench.datasets.checks.subject import Opened, Subject
from cryobench.datasets.published import Findings, Release, changed_in_archive, open_archive
from cryobench.datasets.published.frames import setting_of
from cryobench.datasets.reading import ReadVolumes, RenderedVolumes
from cryobench.datasets.spec import ImportedSpec


def open_published(folder: Path, progress: Progress, release: Release | None = None) -> Opened:
    """Open an unpacked archive; a file of it that is missing or wrong in an unknown way is a finding.

    Parameters
    ----------
    folder
        The archive.
    progress
        Told of volumes read.
    release
        What it should hold, in place of what was published.

    Raises
    ------
    InputError
        If it is no archive of a published dataset, or not clear of which.
    """
    try:
        found = open_archive(release.dataset if release else None, folder, progress=progress, release=release)
    except FormatError as error:
        broken = Finding(check="archive", status="fault", words=str(error), advice="unpack the archive again")
        return Opened(Subject(folder.resolve().name, "published"), (broken,))
    labels = found.labels.astype(np.int64)
    subject = Subject(
        name=f"{found.release.dataset}:published",
        kind="published",
        images=found.images,
        rotations=found.poses.rotations.astype(np.float64),
        shifts=found.poses.shifts.astype(np.float64),
        ctf=found.ctf.table.astype(np.float64),
        labels=labels,
        volumes=_volumes(found),
        images_of_states=tuple(np.bincount(labels, minlength=found.release.states).tolist()),
        pixel_size=found.release.pixel_size,
        sign=found.sign,
        rows={"images": len(found.images), "poses": len(found.poses), "CTF rows": len(found.ctf)},
        absent={"volumes": "the archive has no true volumes, and nothing to render them from"},
    )
    return Opened(subject, (_repairs(found.repairs),))


def check_archive_files(folder: Path, spec: ImportedSpec, progress: Progress) -> list[Finding]:
    """Return whether the files of the archive that an imported dataset points at are what they were."""
    slips = "; ".join(spec.repairs) or "none"
    words = f"put right when the archive was imported: {slips}"
    findings = [Finding(check="known slips", status="ok", words=words)]
    try:
        changed = changed_in_archive(folder, progress)
    except CryobenchError as error:
        return [*findings, Finding(check="archive", status="fault", words=str(error), advice="import it again")]
    if changed:
        words = f"{len(changed)} of {len(spec.archive)} files of the archive are missing or changed: {named(changed)}"
        advice = "unpack the archive again, or put it back to where links.json says"
        return [*findings, Finding(check="archive", status="fault", words=words, advice=advice)]
    words = f"{len(spec.archive)} files of the archive are as they were when it was imported"
    return [*findings, Finding(check="archive", status="ok", words=words)]


def _repairs(repairs: tuple[str, ...]) -> Finding:
    if not repairs:
        return Finding(check="known slips", status="ok", words="nothing had to be put right")
    words = "put right while reading: " + "; ".join(repairs)
    advice = (
        "programs that read the archive's own files meet these: give them the tables that `cryobench datasets import` "
        "writes"
    )
    return Finding(check="known slips", status="warning", words=words, advice=advice)


def _volumes(found: Findings) -> VolumeSource | None:
    release, layout = found.release, found.layout
    if layout.volumes:
        return ReadVolumes(layout.volumes, release.pixel_size)
    if found.frames is None:
        return None
    make = found.frames.volume_maker(release.states, setting_of(layout, release))
    return RenderedVolumes(make, release.states, release.box)
