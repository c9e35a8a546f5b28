"""Checks that the frozen types make when they are built."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cryobench.core.errors import InputError


def require_shape(name: str, array: NDArray[Any], shape: tuple[int | None, ...]) -> None:
    """Raise unless ``array`` has ``shape``, where ``None`` matches any length.

    Raises
    ------
    InputError
        Naming the array, its shape and the one expected.
    """
    fits = array.ndim == len(shape) and all(
        want is None or got == want for got, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        expected = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
        raise InputError(f"{name} has shape {array.shape}, expected {expected}")


def require_finite(name: str, array: NDArray[Any]) -> None:
    """Raise unless every value of ``array`` is finite.

    Raises
    ------
    InputError
        Naming the array and the first offending index.
    """
    finite = np.isfinite(array)
    if not finite.all():
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise InputError(f"{name} holds a value that is not finite at index {first}: every value must be a number")


def require_even_box(box: int) -> None:
    """Raise unless ``box`` is an even number of at least 8 pixels.

    Raises
    ------
    InputError
        Saying which sizes are allowed.
    """
    if box < 8 or box % 2:
        raise InputError(
            f"box size {box} is not allowed: choose an even number of at least 8, such as {max(8, box + 1)}"
        )


def require_positive(name: str, value: float) -> None:
    """Raise unless ``value`` is a finite number above 0.

    Raises
    ------
    InputError
        Naming the value.
    """
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"{name} is {value}, expected a number above 0")
