"""Files of a dataset folder against the checksums in its manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cryobench.core import CryobenchError, Progress
from cryobench.datasets.checks.finding import Finding
from cryobench.datasets.links import LINKS
from cryobench.datasets.manifest import MANIFEST
from cryobench.io import inside, sha256

_NAMED = 4


def check_checksums(folder: Path, files: Mapping[str, str], progress: Progress) -> list[Finding]:
    """Return what is missing, changed or not listed.

    Parameters
    ----------
    folder
        The dataset folder.
    files
        SHA-256 checksum of each file, by its path in the folder.
    progress
        Told of files read.
    """
    missing, changed = [], []
    advance = progress("Comparing checksums", len(files))
    for name, expected in files.items():
        try:
            path = inside(folder, name, str(folder / MANIFEST))
            if not path.is_file():
                missing.append(name)
            elif sha256(path) != expected:
                changed.append(name)
        except (CryobenchError, OSError) as error:
            changed.append(f"{name} ({error})")
        advance(1)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    extra = sorted(there - set(files) - {MANIFEST, LINKS})
    findings = []
    if missing:
        words = f"{len(missing)} of {len(files)} files are missing: {named(missing)}"
        advice = "bring them back from a copy, or build the dataset again"
        findings.append(Finding(check="files", status="fault", words=words, advice=advice))
    if changed:
        words = f"{len(changed)} of {len(files)} files are not what {MANIFEST} says: {named(changed)}"
        advice = "bring back the files that were written, or build the dataset again: the manifest is its identity"
        findings.append(Finding(check="checksums", status="fault", words=words, advice=advice))
    if not missing and not changed:
        findings.append(Finding(check="checksums", status="ok", words=f"{len(files)} files are as {MANIFEST} says"))
    if extra:
        words = f"{len(extra)} files are not part of the dataset: {named(extra)}"
        advice = "move them elsewhere, so that the folder holds the dataset alone"
        findings.append(Finding(check="files", status="warning", words=words, advice=advice))
    return findings


def named(names: Iterable[str]) -> str:
    """Return the first few of some names, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
