"""Results that were made before, found again by all that they depend on."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from cryobench.benchmark.provenance import provenance
from cryobench.benchmark.results_files import ARRAYS, DOCUMENT, pack_arrays, read_results
from cryobench.benchmark.settings import ScoreSettings
from cryobench.core import DatasetCard, FormatError, OutputError, Results
from cryobench.io import sha256, write_bytes, write_text

_REVISION = 1
"""Of how scores are computed: a change of any number that is stored needs another one."""


class ScoreStore:
    """A folder of results, one folder each.

    Parameters
    ----------
    folder
        Where; made when the first results are kept. ``None`` to keep none, and find none.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def has(self, key: str) -> bool:
        """Return whether results of a key were kept."""
        return self._folder is not None and (self._folder / key / DOCUMENT).is_file()

    def find(self, key: str) -> Results | None:
        """Return the results of a key, None where there are none, or what there is cannot be read."""
        if self._folder is None or not self.has(key):
            return None
        with contextlib.suppress(FormatError):
            return read_results(self._folder / key)
        return None

    def keep(self, key: str, results: Results) -> None:
        """Keep results; the document, by which they are found, comes last.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        if self._folder is None:
            return
        place = self._folder / key
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{place}: scores cannot be kept there ({error.strerror}): choose another folder with --cache, or set "
                "CRYOBENCH_SCORES"
            ) from error
        write_bytes(place / ARRAYS, pack_arrays(results))
        write_text(place / DOCUMENT, results.document.model_dump_json() + "\n")

    def forget(self, key: str) -> None:
        """Delete the results of a key."""
        if self._folder is not None:
            shutil.rmtree(self._folder / key, ignore_errors=True)


def score_key(dataset: DatasetCard, what: Mapping[str, str], settings: ScoreSettings) -> str:
    """Return the key of results: the SHA-256 of all that they depend on.

    Parameters
    ----------
    dataset
        Whose checksum covers images and truth.
    what
        The submission: its name and the checksum of its files, or the name and version of a control.
    settings
        What was chosen.
    """
    parts = {
        "revision": _REVISION,
        "what": dict(sorted(what.items())),
        "settings": settings.model_dump(mode="json"),
        "provenance": provenance(dataset, settings.seed),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def folder_checksum(folder: Path) -> str:
    """Return the SHA-256 over the names and contents of all files in a folder, whatever their order on disk.

    Hidden files, which other programs leave, do not count.
    """
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            whole.update(f"{relative.as_posix()}\0{sha256(path)}\n".encode())
    return whole.hexdigest()
