"""What stands above a single picture: a title, a note, and the mark of a stand-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cryobench.report._plots import MUTED, TEXT, canvas
from cryobench.report._style import literal
from cryobench.report._words import width_of, wrapped

MARK = "STAND-IN"
MARK_COLOURS = {"facecolor": "#fff1dc", "edgecolor": "#d9822b"}
MARK_TEXT = "#6a3a00"

_EDGE = 0.25  # inches
_TITLE, _NOTE, _MARK = 13.0, 9.5, 8.5  # points
_TITLE_LINE, _NOTE_LINE = 0.25, 0.18  # inches
_TITLE_LINES, _NOTE_LINES = 3, 8


@dataclass(frozen=True)
class Note:
    """What a reader has to know of a picture, and whether it is of a stand-in."""

    words: str
    stand_in: bool = False

    def after(self, *words: str) -> Note:
        """Return this note with other words before it."""
        return Note("; ".join(part.rstrip(".") for part in (*words, self.words) if part), self.stand_in)


def headed(width: float, body: float, title: str, note: Note) -> Figure:
    """Return a figure with a title and a note above an empty body; edges in inches.

    Both are wrapped, and the figure is as high as that takes. The mark of a stand-in is a text of its own.
    """
    mark = width_of(MARK, _MARK, "bold") + 0.3 if note.stand_in else 0.0
    titles = wrapped(title, width - 2 * _EDGE - mark, _TITLE, "bold", _TITLE_LINES)
    notes = wrapped(note.words, width - 2 * _EDGE, _NOTE, most=_NOTE_LINES)
    head = 0.16 + _TITLE_LINE * len(titles) + _NOTE_LINE * len(notes) + 0.1
    figure = canvas(width, body + head)
    height = body + head

    def line(words: str, down: float, **look: Any) -> None:
        figure.text(_EDGE / width, 1 - down / height, literal(words), va="center", **look)

    down = 0.16 + _TITLE_LINE / 2
    if note.stand_in:
        figure.text(1 - (_EDGE + 0.06) / width, 1 - down / height, MARK, fontsize=_MARK, weight="bold", color=MARK_TEXT,
                    ha="right", va="center", bbox={**MARK_COLOURS, "boxstyle": "round,pad=0.35"})  # fmt: skip
    for words in titles:
        line(words, down, fontsize=_TITLE, weight="bold", color=TEXT)
        down += _TITLE_LINE
    down += (_NOTE_LINE - _TITLE_LINE) / 2
    for words in notes:
        line(words, down, fontsize=_NOTE, color=MUTED)
        down += _NOTE_LINE
    return figure


def inches(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Return axes at a place of a figure, all in inches."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))
