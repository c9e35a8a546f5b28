"""Numbers as short text that a page's script turns back into typed arrays."""

from __future__ import annotations

import base64
import json
import zlib
from typing import TypedDict

import numpy as np
from jaxtyping import Float, Int
from markupsafe import Markup

_LEVELS = 65534
_MISSING = 65535


class Quantised(TypedDict):
    """Numbers as 16-bit steps between two values, in base64, little-endian; the largest step means a missing one."""

    low: float
    high: float
    data: str


def quantised(values: Float[np.ndarray, ...]) -> Quantised:
    """Return numbers rounded to 65,535 steps between their least and their greatest, row by row."""
    finite = np.isfinite(values)
    low, high = (float(values[finite].min()), float(values[finite].max())) if finite.any() else (0.0, 0.0)
    span = high - low or 1.0
    steps = np.rint((np.where(finite, values, low).astype(np.float64) - low) / span * _LEVELS)
    return {"low": low, "high": high, "data": base64_text(np.where(finite, steps, _MISSING).astype("<u2"))}


class WholeNumbers(TypedDict):
    """Numbers of ``bytes`` bytes each, in base64, little-endian."""

    bytes: int
    data: str


def whole_numbers(values: Int[np.ndarray, ...]) -> WholeNumbers:
    """Return numbers from 0 to 4,294,967,295, of two bytes each if that holds them, else of four."""
    size = 2 if values.max(initial=0) < 1 << 16 else 4
    return {"bytes": size, "data": base64_text(values.astype(f"<u{size}"))}


def base64_text(values: np.ndarray) -> str:
    """Return the bytes of an array as base64."""
    return base64.b64encode(values.tobytes()).decode("ascii")


def deflated(*planes: np.ndarray) -> str:
    """Return the bytes of arrays, one after the other, compressed (zlib) and in base64."""
    return base64.b64encode(zlib.compress(b"".join(plane.tobytes() for plane in planes), 9)).decode("ascii")


def script_text(text: str) -> Markup:
    """Return JSON with every character escaped that could end a ``<script>`` element."""
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # escaped just above


def script_json(content: object) -> Markup:
    """Return a value as JSON that is safe inside ``<script>``."""
    return script_text(json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False))
