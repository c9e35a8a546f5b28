"""Finding the inputs that a spec names: files, entries of the Protein Data Bank, and what code makes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryobench.core import InputError, Progress, silent
from cryobench.datasets.states import Source
from cryobench.datasets.states.base import BUILT_IN
from cryobench.io import cache_folder, sha256
from cryobench.structures import structure_files

PDB = "pdb:"
CACHED = "cached:"


def locate(
    sources: Sequence[Source], progress: Progress = silent, advice: str = ""
) -> tuple[tuple[Source, ...], tuple[Path | None, ...]]:
    """Return the sources with their checksums, and their files; what code makes has None in place of a file.

    Parameters
    ----------
    sources
        Named as :class:`Source` says: a path, ``pdb:1hzh``, ``cached:trajectories/x.xtc`` or ``built-in:...``.
    progress
        Told of downloads.
    advice
        What else the user could do, for the message where an input is missing and cannot be fetched.

    Raises
    ------
    InputError
        If a file is missing.
    CryobenchError
        If an entry cannot be fetched.
    """
    entries = list(dict.fromkeys(source.name[len(PDB) :] for source in sources if source.name.startswith(PDB)))
    fetched = dict(zip(entries, structure_files(entries, progress, advice=advice), strict=True))
    checksums: dict[Path, str] = {}
    found, paths = [], []
    for source in sources:
        path = _path(source, fetched, advice)
        if path is not None and path not in checksums:
            checksums[path] = sha256(path)
        found.append(source if path is None else _recorded(source, path, checksums[path]))
        paths.append(path)
    return tuple(found), tuple(paths)


def _path(source: Source, fetched: dict[str, Path], advice: str) -> Path | None:
    name = source.name
    if name in BUILT_IN:
        return None
    if name.startswith(PDB):
        return fetched[name[len(PDB) :]]
    if name.startswith(CACHED):
        path = cache_folder() / name[len(CACHED) :]
        hint = f"put the {source.title or 'file'} there{f', {advice}' if advice else ''}"
    else:
        path = Path(name)
        hint = "check its path"
    if not path.is_file():
        raise InputError(f"{path}: no such file: {hint}")
    return path


def _recorded(source: Source, path: Path, checksum: str) -> Source:
    """Return the source as a spec records it: without the folders of a file, which are the user's own affair."""
    named = source.name.startswith((PDB, CACHED))
    changes = {"name": source.name if named else path.name, "sha256": checksum}
    if not source.title:
        changes["title"] = f"PDB {source.name[len(PDB) :].upper()}" if source.name.startswith(PDB) else path.name
    return source.model_copy(update=changes)
