"""How many threads the kernels use: one setting for numba and for the FFTs."""

from __future__ import annotations

import numba

from cryobench.core.errors import InputError


def set_threads(threads: int) -> None:
    """Use this many threads from now on.

    Raises
    ------
    InputError
        If the machine does not offer so many.
    """
    most = int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
    if not 1 <= threads <= most:
        raise InputError(f"{threads} threads asked for: choose from 1 to {most}, the number of cores here")
    numba.set_num_threads(threads)


def get_threads() -> int:
    """Return the number of threads in use."""
    return int(numba.get_num_threads())
