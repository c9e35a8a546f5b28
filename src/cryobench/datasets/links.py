"""Where the files outside a dataset folder are that it points at, on this machine.

The manifest says what they are, by name and checksum; ``links.json`` says where, and is no part of the dataset's
identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pydantic

from cryobench.core import FormatError, Strict
from cryobench.io import read_text, write_text

LINKS = "links.json"


class Links(Strict):
    """Content of ``links.json``: a path for each source, None for what code makes; the archive of an import."""

    paths: tuple[Path | None, ...] = ()
    archive: Path | None = None


def write_links(folder: Path, paths: Sequence[Path | None] = (), archive: Path | None = None) -> None:
    """Write where files outside a dataset folder are, as absolute paths."""
    absolute = tuple(None if path is None else path.resolve() for path in paths)
    links = Links(paths=absolute, archive=None if archive is None else archive.resolve())
    write_text(folder / LINKS, links.model_dump_json(indent=1) + "\n")


def read_links(folder: Path) -> Links:
    """Read where files outside a dataset folder are.

    Raises
    ------
    FormatError
        If that is not written there.
    """
    path = folder / LINKS
    try:
        return Links.model_validate_json(read_text(path))
    except pydantic.ValidationError as error:
        raise FormatError(
            f"{path}: does not say where the files outside this folder are: {error.errors()[0]['msg']}"
        ) from error
