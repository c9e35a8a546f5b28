"""Every plot of a page as a file for a paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from cryobench.core import Colouring, Results, ResultsDocument
from cryobench.report import _drawings, _scenes
from cryobench.report._curves import group_curves
from cryobench.report._decks import state_tables
from cryobench.report._file_names import FileNames
from cryobench.report._heads import Note
from cryobench.report._overview import overview
from cryobench.report._plots import FIGURE_FORMATS, FigureFormat, rendered
from cryobench.report._points import points_drawing
from cryobench.report._scatter import embeddings_by_method
from cryobench.report._shells import matrix_drawing
from cryobench.report._states import States, known_states
from cryobench.report._style import line_styles, protocol_text
from cryobench.report._table import score_table

_DPI = 200  # of PNG, and of what is made of pixels in the other formats


class FigureFile(NamedTuple):
    """A figure: its path below the folder of figures, parts separated by ``/``, and its bytes."""

    path: str
    content: bytes


def figure_files(results: Sequence[Results], formats: Sequence[FigureFormat] = FIGURE_FORMATS) -> Iterator[FigureFile]:
    """Yield every plot of a report in each format, datasets in folders; the same results give the same bytes.

    Parameters
    ----------
    results
        Runs, one a dataset.
    formats
        Of ``"png"``, ``"svg"`` and ``"pdf"``.
    """
    folders = FileNames()
    for each in results:
        folder, names = folders.next(each.document.dataset.id), FileNames()
        for name, figure in _drawn(each):
            path = f"{folder}/{names.next(name)}"
            for wanted in dict.fromkeys(formats):
                yield FigureFile(f"{path}.{wanted}", rendered(figure, wanted, _DPI))


def _drawn(results: Results) -> Iterator[tuple[str, Figure]]:
    """Yield each figure with its name."""
    document = results.document
    note = _note(document)
    states = known_states(results)
    yield "overview", overview(results)
    roles = {card.name: card.role for card in document.methods}
    for column in score_table(document).columns:
        yield f"score {column.metric.name} {column.protocol}", _drawings.column(column, roles, document.methods, note)
    for group in group_curves(document):
        yield (
            f"curves {group.metric.name} {group.protocol} {group.convention}",
            _drawings.curves(group, document.methods, note),
        )
    for table in state_tables(results):
        values, methods, bins = table.grid([card.name for card in document.methods])
        if len(bins) > 1:
            yield (
                f"states {table.label}",
                _drawings.heat_map(values, methods, bins.names(states), table, note.after(bins.note)),
            )
    for matrix in document.matrices:
        areas = np.array([[np.nan if each is None else each for each in row] for row in matrix.values])
        title = f"Recovered against true states: {matrix.method}"
        words = note.after(protocol_text(matrix.protocol, matrix.convention))
        yield (
            f"matrix {matrix.method} {matrix.protocol} {matrix.convention}",
            matrix_drawing(areas, matrix.names, title, words, f"FSC AUC, {matrix.convention}"),
        )
    yield from _latents(results, note)
    for space, points in groupby(sorted(document.imbalance, key=lambda point: point.space), lambda p: p.space):
        yield f"imbalance {space}", _drawings.plane(list(points), document.methods, note)
    for quantity in dict.fromkeys(histogram.quantity for histogram in document.histograms):
        found = [histogram for histogram in document.histograms if histogram.quantity == quantity]
        yield f"histogram {quantity}", _drawings.histograms(found, document.methods, note)
    yield from _pictures(results, states, note)


def _latents(results: Results, note: Note) -> Iterator[tuple[str, Figure]]:
    document = results.document
    for method, embeddings in embeddings_by_method(results.embeddings, [card.name for card in document.methods]):
        drawings = [(each.kind, each.points) for each in embeddings]
        colouring = Colouring(document.coordinate, embeddings[0].colours)
        words = note.after(f"{len(embeddings[0].points):,} particles", "a picture, not a score")
        yield f"latents {method}", points_drawing(drawings, [colouring], f"Latents of {method}", words)


def _pictures(results: Results, states: States, note: Note) -> Iterator[tuple[str, Figure]]:
    document = results.document
    for group in dict.fromkeys(picture.group for picture in results.pictures):
        found = [picture for picture in results.pictures if picture.group == group]
        words = note.after(*dict.fromkeys(picture.view for picture in found))
        yield f"pictures {group}", _scenes.pictures(found, group.capitalize(), words)
    shown = [surface for surface in results.surfaces if len(surface.faces)]
    if shown:
        colours = {name: style.colour for name, style in line_styles(document.methods).items()}
        words = note.after(f"level: {'; '.join(dict.fromkeys(surface.level for surface in shown))}")
        yield "surfaces", _scenes.surfaces(shown, states.names, colours, "True and recovered surfaces", words)


def _note(document: ResultsDocument) -> Note:
    card = document.dataset
    return Note(f"{card.title} ({card.id})", bool(card.stand_in))
