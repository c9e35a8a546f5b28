"""Results that were made before, found again by all that they depend on."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import cryobench
from cryobench.benchmark.provenance import provenance
from cryobench.benchmark.results_files import ARRAYS, DOCUMENT, pack_arrays, read_results
from cryobench.benchmark.settings import ScoreSettings
from cryobench.core import DatasetCard, FormatError, OutputError, Results
from cryobench.io import write_bytes, write_text

_ROOMS = ("core", "ops", "io", "imaging", "datasets", "methods", "align", "metrics", "benchmark")
"""The rooms whose code decides what scores are."""


class ScoreStore:
    """A folder of results, one folder each.

    Parameters
    ----------
    folder
        Where; made when the first results are kept. ``None`` to keep none, and find none.
    fresh
        Whether what is there is left aside, and replaced.
    """

    def __init__(self, folder: Path | None, *, fresh: bool = False) -> None:
        self._folder, self._fresh = folder, fresh

    def has(self, key: str) -> bool:
        """Return whether there are results of a key."""
        if self._folder is None or self._fresh:
            return False
        return all((self._folder / key / name).is_file() for name in (DOCUMENT, ARRAYS))

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
        "code": code_checksum(),
        "what": dict(sorted(what.items())),
        "settings": settings.model_dump(mode="json"),
        "provenance": provenance(dataset, settings.seed),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@functools.cache
def code_checksum() -> str:
    """Return the SHA-256 over the code that decides what scores are: a change of it makes all anew."""
    package = Path(cryobench.__file__).parent
    whole = hashlib.sha256()
    for path in sorted(path for room in _ROOMS for path in (package / room).rglob("*.py")):
        whole.update(f"{path.relative_to(package).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return whole.hexdigest()
