"""The flags of methods that are fitted: ``cryobench methods run ppca ... -- --starts 3 --mask mask.mrc``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from cryobench.core import InputError, Volume
from cryobench.io import read_volume


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(f"{self.prog}: {message}; its flags are --starts N and --mask FILE")


def read_fit_flags(name: str, flags: Sequence[str], *, starts: int, mask: Volume | None) -> tuple[int, Volume | None]:
    """Return the number of random starts, and the mask, that flags say.

    Parameters
    ----------
    name
        Of the method, for messages.
    flags
        Words such as ``("--starts", "3", "--mask", "mask.mrc")``.
    starts, mask
        What holds where they say nothing.

    Raises
    ------
    InputError
        If there is another flag, fewer than one start, or no map in the file.
    """
    parser = _Parser(prog=name, add_help=False, allow_abbrev=False)
    parser.add_argument("--starts", type=int, default=starts)
    parser.add_argument("--mask", type=Path)
    found = parser.parse_args(flags)
    if found.starts < 1:
        parser.error(f"--starts {found.starts}: expected at least 1")
    return found.starts, mask if found.mask is None else read_volume(found.mask)
