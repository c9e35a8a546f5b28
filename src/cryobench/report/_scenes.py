"""Pictures and surfaces in grids, drawn for paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from cryobench.core import Picture, Surface
from cryobench.report._heads import Note, headed, inches
from cryobench.report._pictures import contrast, grey_levels, scale_bar
from cryobench.report._plots import MUTED, TEXT
from cryobench.report._style import literal
from cryobench.report._words import wrapped

_CELL = 1.25  # inches
_LEFT = 1.6
_MOST_COLUMNS = 7
_TRUTH = "#bdc4d1"
T = TypeVar("T")


def pictures(found: Sequence[Picture], title: str, note: Note) -> Figure:
    """Return the pictures of one group as a grid; each row but of particles shares its contrast."""
    places = {(picture.row, picture.column): picture for picture in found}
    rows = list(dict.fromkeys(picture.row for picture in found))
    columns = _spread(list(dict.fromkeys(picture.column for picture in found)))
    figure = _grid_figure(len(rows), len(columns), title, note)
    for i, row in enumerate(rows):
        members = [places[row, column] for column in columns if (row, column) in places]
        shared = None if found[0].group == "particles" else contrast(*(each.pixels for each in members))
        for j, column in enumerate(columns):
            axes = _cell(figure, len(rows), i, j, row, column)
            if (row, column) in places:
                picture = places[row, column]
                levels = grey_levels(picture.pixels, shared)
                axes.imshow(levels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
                if i == j == 0:
                    _bar(axes, picture)
    return figure


def surfaces(
    found: Sequence[Surface], names: Sequence[str], colours: Mapping[str, str], title: str, note: Note
) -> Figure:
    """Return surfaces as a grid: the truth and each method in rows, states in columns, all from one side."""
    places = {(surface.method, surface.state): surface for surface in found}
    methods = [None, *(name for name in colours if any(surface.method == name for surface in found))]
    states = _spread(sorted({surface.state for surface in found}))
    reach = max(float(np.linalg.norm(surface.vertices, axis=1).max()) for surface in found)
    figure = _grid_figure(len(methods), len(states), title, note)
    for i, method in enumerate(methods):
        for j, state in enumerate(states):
            axes = _cell(figure, len(methods), i, j, method or "truth", names[state])
            if (method, state) in places:
                axes.add_collection(_shaded(places[method, state], _TRUTH if method is None else colours[method]))
            axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
            axes.set_aspect("equal")
    return figure


def _shaded(surface: Surface, colour: str) -> PolyCollection:
    """Return the triangles that face the viewer, the farthest first, lit as on the page."""
    view = _turned(0.35, 0) @ _turned(-0.5, 1)
    corners = (surface.vertices.astype(np.float64) @ view.T)[surface.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    front = (normals[:, 2] > 0) & (lengths > 0)
    corners, normals = corners[front], normals[front] / lengths[front, None]
    key, fill = (_unit(direction) for direction in ((0.45, 0.65, 0.62), (-0.7, 0.05, 0.55)))
    light = 0.2 + 0.82 * np.clip(normals @ key, 0, None) + 0.2 * np.clip(normals @ fill, 0, None)
    shades = np.clip(np.array(to_rgb(colour)) ** 2.2 * light[:, None], 0, 1) ** (1 / 2.2)
    order = np.argsort(corners[:, :, 2].mean(axis=1), kind="stable")
    # Lines of the same colour close the hair-thin gaps between triangles.
    return PolyCollection(
        list(corners[order, :, :2]), facecolors=shades[order], edgecolors=shades[order], linewidths=0.2, rasterized=True
    )


def _turned(angle: float, axis: int) -> Float[np.ndarray, "3 3"]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]] if axis == 0 else [[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _unit(direction: tuple[float, float, float]) -> Float[np.ndarray, " 3"]:
    return np.asarray(np.asarray(direction) / np.linalg.norm(direction))


def _spread(values: list[T]) -> list[T]:
    """Return some of the values, evenly spread, where there are more than fit."""
    count = min(len(values), _MOST_COLUMNS)
    return [values[i] for i in np.unique(np.linspace(0, len(values) - 1, count).round().astype(int))]


def _grid_figure(rows: int, columns: int, title: str, note: Note) -> Figure:
    return headed(max(_LEFT + columns * _CELL + 0.3, 6.0), rows * _CELL + 0.65, title, note)


def _cell(figure: Figure, rows: int, i: int, j: int, row: str, column: str) -> Axes:
    axes = inches(figure, _LEFT + j * _CELL, 0.2 + (rows - 1 - i) * _CELL, 0.95 * _CELL, 0.95 * _CELL)
    axes.set_axis_off()
    if i == 0:
        axes.set_title(_lines(column, 0.92 * _CELL, 9.0), fontsize=9, color=MUTED, pad=4)
    if j == 0:
        axes.text(-0.08, 0.5, _lines(row, _LEFT - 0.25, 9.5), transform=axes.transAxes, ha="right", va="center",
                  fontsize=9.5, color=TEXT)  # fmt: skip
    return axes


def _lines(name: str, inches: float, size: float) -> str:
    """Return a name on as many lines as it takes, two at most above a picture and three beside it."""
    return "\n".join(map(literal, wrapped(name, inches, size, most=2 if inches < _CELL else 3)))


def _bar(axes: Axes, picture: Picture) -> None:
    height, width = picture.pixels.shape
    length = scale_bar(width * picture.pixel_size)
    left, y = 0.06 * width, 0.92 * height
    axes.plot([left, left + length / picture.pixel_size], [y, y], color="white", linewidth=3, solid_capstyle="butt")
    axes.text(left, y - 0.03 * height, f"{length:g} Å", color="white", fontsize=8, va="bottom")
