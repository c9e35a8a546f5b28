"""The cache: a folder of structures, trajectories and CTF tables that were fetched once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import platformdirs

from cryobench.core.errors import OutputError

CACHE_VARIABLE = "CRYOBENCH_CACHE"
"""Environment variable that names another cache folder."""

SCORES_VARIABLE = "CRYOBENCH_SCORES"
"""Environment variable that names another folder for scores."""

Kind = Literal["structures", "trajectories", "ctf"]
"""The folders of the cache."""


def cache_folder() -> Path:
    """Return the folder that holds ``structures``, ``trajectories`` and ``ctf``; it need not exist.

    It is what the environment variable ``CRYOBENCH_CACHE`` names at the time of the call, or the platform's own place
    for caches, such as ``~/.cache/cryobench``.
    """
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser().absolute() if named else platformdirs.user_cache_path("cryobench")


def score_cache() -> Path:
    """Return the folder where scores are kept for later runs; it need not exist.

    It is what the environment variable ``CRYOBENCH_SCORES`` names, or ``scores`` in the platform's own place for
    caches. It may be deleted at any time.
    """
    named = os.environ.get(SCORES_VARIABLE)
    return Path(named).expanduser().absolute() if named else platformdirs.user_cache_path("cryobench") / "scores"


def writable_cache(kind: Kind, advice: str = "or have the file put there") -> Path:
    """Return a folder of the cache to write into, made if it is missing; ``advice`` ends the message.

    Raises
    ------
    OutputError
        If it cannot be made or not be written into, as in a cache that several people share.
    """
    folder = cache_folder() / kind
    try:
        folder.mkdir(parents=True, exist_ok=True)
        why = "" if os.access(folder, os.W_OK | os.X_OK) else "it is read-only"
    except OSError as error:
        why = error.strerror or str(error)
    if why:
        raise OutputError(
            f"{folder}: the cache cannot be written ({why}): "
            f"set {CACHE_VARIABLE} to a folder that you may write into, {advice}"
        )
    return folder
