"""Fonts of the single pictures: matplotlib's own first, then whichever of the wide ones this system has."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font, get_font_names
from matplotlib.text import Text

from cryobench.core import MissingGlyphWarning

_FIRST = "DejaVu Sans"
_WIDE = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans CJK TC", "Noto Sans SC", "Noto Sans JP",
    "Noto Sans KR", "Source Han Sans SC", "Source Han Sans", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "IPAexGothic",
    "Droid Sans Fallback", "Hiragino Sans", "PingFang SC", "Apple SD Gothic Neo", "Arial Unicode MS", "Noto Sans",
    "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Sans Symbols2",
)  # fmt: skip


@lru_cache(maxsize=1)
def families() -> tuple[str, ...]:
    """Return the families that draw text, in the order in which a letter is looked for."""
    present = set(get_font_names())
    return (_FIRST, *(name for name in _WIDE if name in present))


@contextmanager
def quiet_fonts() -> Iterator[None]:
    """Silence what matplotlib says letter by letter: :func:`tell_missing` says it once a figure."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from", UserWarning)
        warnings.filterwarnings("ignore", "Matplotlib currently does not support", UserWarning)
        yield


def use_families(figure: Figure) -> None:
    """Let each text of a figure look for its letters in all families, where the first does not hold them."""
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if not _letters(text.get_text()) <= _held(_FIRST):
            text.set_fontfamily(list(families()))


def tell_missing(figure: Figure) -> None:
    """Warn once of the letters of a figure that no family holds.

    Warns
    -----
    MissingGlyphWarning
        With the letters.
    """
    wanted: set[str] = set()
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        wanted |= _letters(text.get_text())
    missing = wanted.difference(*(_held(name) for name in families()))
    if missing:
        warnings.warn(MissingGlyphWarning(sorted(missing)), stacklevel=2)


def _letters(text: str) -> set[str]:
    return {letter for letter in text if not letter.isspace() and letter.isprintable()}


@lru_cache(maxsize=len(_WIDE) + 1)
def _held(family: str) -> frozenset[str]:
    font = get_font(findfont(FontProperties(family=family)))
    return frozenset(map(chr, font.get_charmap()))
