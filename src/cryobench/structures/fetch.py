"""Entries of the Protein Data Bank: from the cache, or fetched into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from cryobench.core import InputError, Progress, silent
from cryobench.io import cache_folder, download, writable_cache
from cryobench.structures.load import SUFFIXES

ARCHIVE = "https://files.wwpdb.org/pub/pdb/data/structures/divided/mmCIF"
"""Where the worldwide Protein Data Bank keeps its entries."""

_ID = re.compile(r"(?:pdb_0000)?([0-9][0-9a-z]{3})", re.ASCII | re.IGNORECASE)
_NAMED = 10  # entries in a message
_SUFFIXES = sorted(SUFFIXES, key=lambda suffix: suffix.startswith((".pdb", ".ent")))  # mmCIF first: it has every atom


def structure_file(pdb_id: str, progress: Progress = silent, *, advice: str = "", archive: str = ARCHIVE) -> Path:
    """Return the file of one entry: see :func:`structure_files`."""
    return structure_files([pdb_id], progress, advice=advice, archive=archive)[0]


def structure_files(
    ids: Sequence[str], progress: Progress = silent, *, advice: str = "", archive: str = ARCHIVE
) -> list[Path]:
    """Return the files of entries, in the order of the ids; those that the cache does not have are fetched into it.

    Parameters
    ----------
    ids
        Such as ``1hzh`` or ``pdb_00001hzh``, in upper or lower case.
    progress
        Told "Fetching 1hzh" and its bytes for each entry that is fetched.
    advice
        Ends the message when files cannot be had, such as "or build igg-1d:standin, which needs no download".
    archive
        An http or https address under which entries lie as those of the Protein Data Bank do: ``hz/1hzh.cif.gz``.

    Raises
    ------
    InputError
        If an id cannot be one of the Protein Data Bank.
    OfflineError
        If files are missing and there is no network: it names them all, or the first and how many.
    DownloadError
        If an entry is not in the archive, or comes damaged.
    OutputError
        If files are missing and the cache cannot be written.
    """
    entries = [_entry(pdb_id) for pdb_id in ids]
    found = cached_structures(entries)
    missing = [entry for entry in dict.fromkeys(entries) if entry not in found]
    for i, entry in enumerate(missing):
        name = f"{entry}.cif.gz"
        way_out = _way_out(missing[i:], advice)
        path = writable_cache("structures", f"or {way_out}") / name
        url = f"{archive}/{entry[1:3]}/{name}"
        download(url, path, progress, label=f"Fetching {entry}", advice=way_out)
        found[entry] = path
    return [found[entry] for entry in entries]


def cached_structures(ids: Sequence[str]) -> dict[str, Path]:
    """Return the files in the cache of those entries that it has, by the id in lower case.

    Raises
    ------
    InputError
        If an id cannot be one of the Protein Data Bank.
    """
    folder = cache_folder() / "structures"
    there = {path.name.lower(): path for path in sorted(folder.iterdir())} if folder.is_dir() else {}
    found = {}
    for entry in map(_entry, ids):
        names = (f"{prefix}{entry}{suffix}" for suffix in _SUFFIXES for prefix in ("", "pdb_0000"))
        paths = (there[name] for name in names if name in there and there[name].is_file())
        if path := next(paths, None):
            found[entry] = path
    return found


def _way_out(missing: Sequence[str], advice: str) -> str:
    names = ", ".join(f"{entry}.cif.gz" for entry in missing[:_NAMED])
    more = f" and {len(missing) - _NAMED} more ({len(missing)} in all)" if len(missing) > _NAMED else ""
    return ", ".join(filter(None, (f"put {names}{more} into {cache_folder() / 'structures'}", advice)))


def _entry(pdb_id: str) -> str:
    """Return the four characters of an id, in lower case: safe in a path."""
    match = _ID.fullmatch(pdb_id)
    if not match:
        raise InputError(
            f"'{pdb_id}' is not an id of the Protein Data Bank: expected a digit and three letters or digits, "
            "such as 1hzh or pdb_00001hzh"
        )
    return match[1].lower()
