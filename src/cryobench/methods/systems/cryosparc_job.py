"""The folder of a cryoSPARC job: its description, and its files by their names."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from cryobench.core import FormatError
from cryobench.io import inside, natural_key, read_cs_fields

_MOST_BYTES = 1 << 26
_JOB = r"(?:[A-Za-z0-9][^/]*_)?(J[0-9]+)_"  # such as cryosparc_P3_J12_, P3_J12_ or J12_: versions differ
TYPES = frozenset({"var_3D", "flex_train", "flex_generate", "class_3D", "homo_abinit"})
"""Types of job that decide which system a folder is of."""


class Job:
    """The files of one job.

    Parameters
    ----------
    folder
        The job's own folder, such as ``J12``, or one with the files that were downloaded from it.

    Attributes
    ----------
    folder
        As given.
    type, version
        Of the job and of cryoSPARC by ``job.json``; empty where it does not say, or is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.type, self.version = _described(folder / "job.json")
        self._files = sorted((path for path in folder.iterdir() if path.is_file()), key=natural_key)
        self._number = ""

    def first(self, pattern: str) -> Path | None:
        """Return the first file whose whole name after the job's number matches; it is not to be read."""
        return next((path for _, path in self._matching(pattern)), None)

    def named(self, pattern: str) -> list[tuple[re.Match[str], Path]]:
        """Return the files whose whole name after the job's number matches, in natural order.

        Group 1 of a match is the job's number, those of the pattern follow.

        Raises
        ------
        FormatError
            If they are of another job than files found before, or one is a link that leads out of the folder.
        """
        found = self._matching(pattern)
        for match, path in found:
            self._number = self._number or match[1]
            if match[1] != self._number:
                raise FormatError(
                    f"{self.folder}: files of several jobs ({self._number} and {match[1]}, as {path.name}): expected "
                    "those of one: put each job's files into a folder of its own"
                )
            inside(self.folder, path.name, str(self.folder))
        return found

    def passthroughs(self) -> list[Path]:
        """Return the tables of fields that the job only passed through."""
        return [path for _, path in self.named(r"passthrough_particles.*\.cs")]

    def with_field(self, pattern: str, field: str) -> Path | None:
        """Return the first table of a name that has a field; no row is read.

        Raises
        ------
        FormatError
            If none of those that can be read has it, and one is damaged: it may be the one.
        """
        damaged: FormatError | None = None
        for _, path in self._matching(pattern):
            try:
                if field in read_cs_fields(path):
                    return path
            except FormatError as error:
                damaged = damaged or error
        if damaged is not None:
            raise FormatError(f"{damaged}; fetch it again, or say whose output this is with --system NAME") from damaged
        return None

    def type_is(self, types: Collection[str]) -> bool | None:
        """Return whether ``job.json`` gives one of some types; None where it gives none that is known."""
        return self.type in types if self.type in TYPES else None

    def _matching(self, pattern: str) -> list[tuple[re.Match[str], Path]]:
        name = re.compile(f"{_JOB}{pattern}")
        return [(match, path) for path in self._files if (match := name.fullmatch(path.name))]


def _described(path: Path) -> tuple[str, str]:
    """Return type and version by a job's description, empty where there is none."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return "", ""
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return "", ""
    if not isinstance(content, dict):
        return "", ""
    kind = content.get("type") or content.get("job_type")
    version = content.get("version")
    return kind if isinstance(kind, str) else "", version if isinstance(version, str) else ""
