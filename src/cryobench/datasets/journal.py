"""What is finished of a build, so that it can be resumed, and what an earlier one left."""

from __future__ import annotations

import contextlib
import importlib.metadata
from pathlib import Path
from typing import NoReturn

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from cryobench.core import CryobenchError, FormatError, OutputError
from cryobench.datasets.links import LINKS
from cryobench.datasets.manifest import MANIFEST, read_manifest, stack_name, volume_name
from cryobench.datasets.spec import DatasetSpec
from cryobench.io import inside, read_text, sha256, unfinished, write_text

_JOURNAL = "build.json"


class Journal(BaseModel):
    """Content of ``build.json``: what is finished of one build of one spec by one version.

    ``volumes`` is the number of true volumes, of which some may be there and not be listed yet. ``sigmas`` holds the
    standard deviation of the noise of each state that was visited, ``files`` the checksum of each finished file.
    """

    model_config = ConfigDict(extra="forbid")

    build: str
    volumes: int = 0
    sigmas: dict[int, float] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)

    def has(self, folder: Path, name: str) -> bool:
        """Return whether a file is finished and there with its checksum."""
        path = folder / name
        return name in self.files and path.is_file() and sha256(path) == self.files[name]

    def write(self, folder: Path) -> None:
        """Write the journal into a dataset folder."""
        write_text(folder / _JOURNAL, self.model_dump_json())


def software() -> str:
    """Return the name and version of this software."""
    return f"cryobench {importlib.metadata.version('cryobench')}"


def open_journal(folder: Path, spec: DatasetSpec, *, resume: bool) -> Journal:
    """Return what can be kept of an earlier build, and take away what cannot.

    Without ``resume`` that is nothing: the files of an earlier build are deleted, those that it lists and no other.

    Raises
    ------
    OutputError
        If the folder to resume holds another dataset.
    FormatError
        If it cannot be read.
    """
    _clear_leftovers(folder)
    if not resume:
        _discard(folder)
        return _new_journal(folder, spec)
    if (folder / MANIFEST).is_file():
        return _journal_of_manifest(folder, spec)
    if (folder / _JOURNAL).is_file():
        found = _read(folder / _JOURNAL)
        if found.build != _key(spec):
            _refuse(folder)
        return found
    return _new_journal(folder, spec)


def is_dataset(folder: Path) -> bool:
    """Return whether a folder holds a dataset, finished or not, or the first breath of one."""
    begun = next(folder.glob(f".{_JOURNAL}.*.tmp"), None) is not None
    return begun or (folder / MANIFEST).is_file() or (folder / _JOURNAL).is_file()


def _new_journal(folder: Path, spec: DatasetSpec) -> Journal:
    journal = Journal(build=_key(spec), volumes=len(spec.images) if spec.truth == "files" else 0)
    journal.write(folder)
    return journal


def close_journal(folder: Path) -> None:
    """Remove the journal: the build is finished."""
    (folder / _JOURNAL).unlink(missing_ok=True)


def _journal_of_manifest(folder: Path, spec: DatasetSpec) -> Journal:
    manifest = read_manifest(folder)
    if (manifest.spec, manifest.software) != (spec, software()):
        _refuse(folder)
    made = [*(stack_name(number) for number in range(len(spec.stacks)))]
    if spec.truth == "files":
        made += [volume_name(state) for state in range(len(spec.images))]
    return Journal(
        build=_key(spec),
        sigmas=dict(enumerate(manifest.noise_sigma)),
        files={name: manifest.files[name] for name in made},
    )


def _clear_leftovers(folder: Path) -> None:
    """Remove what a killed run was writing.

    Raises
    ------
    OutputError
        If the run is not dead.
    """
    for part in (".", "particles", "truth", "truth/volumes"):
        for found in unfinished(folder / part):
            if found.alive:
                raise OutputError(f"{folder}: another process is writing {found.name} there: wait for it to end")
            found.path.unlink(missing_ok=True)


def _discard(folder: Path) -> None:
    listed: set[str] = set()
    # What is damaged cannot say what to delete; it is replaced in any case.
    with contextlib.suppress(CryobenchError):
        listed |= set(read_manifest(folder).files)
    with contextlib.suppress(CryobenchError):
        begun = _read(folder / _JOURNAL)
        listed |= set(begun.files) | {volume_name(state) for state in range(begun.volumes)}
    for name in sorted(listed):
        inside(folder, name, str(folder)).unlink(missing_ok=True)
    (folder / LINKS).unlink(missing_ok=True)
    close_journal(folder)


def _read(path: Path) -> Journal:
    try:
        return Journal.model_validate_json(read_text(path))
    except pydantic.ValidationError as error:
        raise FormatError(f"{path}: not the record of a build: start anew with --overwrite") from error


def _refuse(folder: Path) -> NoReturn:
    raise OutputError(
        f"{folder} holds a dataset of other settings or of another version: "
        "give the same ones to resume it, or start anew with --overwrite"
    )


def _key(spec: DatasetSpec) -> str:
    return f"{software()} {spec.checksum()}"
