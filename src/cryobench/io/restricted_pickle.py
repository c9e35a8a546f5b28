"""Pickles read as data: arrays, numbers, text and containers of them. Nothing found in a file is imported or run."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from cryobench.core import FormatError
from cryobench.io import pickle_machine
from cryobench.io.pickle_machine import Builder
from cryobench.io.pickled_arrays import ArrayBuilder, WordBuilder


def read_array_pickle(path: Path) -> Any:
    """Return the arrays (or containers of them) of a pickle that holds nothing else.

    Raises
    ------
    FormatError
        If the file is missing, is not a pickle, or holds anything but arrays, numbers and containers.
    """
    content = _bytes(path)
    return _load(content, ArrayBuilder(len(content)), str(path), 1)[0]


def read_array_pickles(path: Path) -> list[Any]:
    """Return what each of the pickles in a row in one file holds, as cryoDRGN writes its latents.

    Raises
    ------
    FormatError
        If the file is missing, is not a pickle, or holds anything but arrays, numbers and containers.
    """
    content = _bytes(path)
    return _load(content, ArrayBuilder(len(content)), str(path), None)


def read_pickle_words(path: Path) -> list[Any]:
    """Return what the pickles of a file of settings hold; what is no data there is a ``Foreign``, which says its name.

    Raises
    ------
    FormatError
        If the file is missing, is not a pickle, or names what acts, such as ``os.system``.
    """
    content = _bytes(path)
    return _load(content, WordBuilder(len(content)), str(path), None)


def load_pickle(content: bytes, builder: Builder, source: str) -> Any:
    """Return what a pickle in memory holds.

    Raises
    ------
    FormatError
        Naming ``source``, if it is not one pickle, or holds what the builder refuses.
    """
    found = _load(content, builder, source, None)
    if len(found) > 1:
        raise FormatError(f"{source}: {len(found)} pickles in a row: expected one")
    return found[0]


def _bytes(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise FormatError(f"{path}: no regular file: expected a pickle")  # a pipe would be waited for
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def _load(content: bytes, builder: Builder, source: str, most: int | None) -> list[Any]:
    file = io.BytesIO(content)
    found: list[Any] = []
    if not content:
        raise FormatError(f"{source}: empty: expected a pickle of arrays")
    try:
        while file.tell() < len(content) and (most is None or len(found) < most):
            found.append(pickle_machine.run(file, builder))
    except Exception as error:  # a damaged pickle can raise nearly anything
        why = str(error) or type(error).__name__
        raise FormatError(f"{source}: not a pickle of arrays ({why})") from error
    return found
