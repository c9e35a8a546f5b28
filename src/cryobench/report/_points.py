"""Latent spaces drawn in the plane and coloured by the truth, as one picture."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from jaxtyping import Float32
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap, ListedColormap, to_rgba
from matplotlib.figure import Figure

from cryobench.core import Colouring, stream
from cryobench.report._heads import Note, headed, inches
from cryobench.report._plots import MUTED, TEXT, png
from cryobench.report._style import axis_name, colour_limits, colour_map, literal, with_unit
from cryobench.report._words import shortened

_PANEL = 5.2  # inches
_BAR = 1.3
_LEFT, _BOTTOM, _ABOVE = 0.4, 0.4, 0.3  # beside a panel, for its axes and its title


def points_figure(
    drawings: Sequence[tuple[str, Float32[np.ndarray, "N 2"]]], colourings: Sequence[Colouring], title: str, note: str
) -> bytes:
    """Return a PNG of latent spaces side by side, a row for each colouring: :func:`points_drawing` says the rest."""
    return png(points_drawing(drawings, colourings, title, Note(note)))


def points_drawing(
    drawings: Sequence[tuple[str, Float32[np.ndarray, "N 2"]]], colourings: Sequence[Colouring], title: str, note: Note
) -> Figure:
    """Return latent spaces side by side, a row for each colouring.

    Parameters
    ----------
    drawings
        What each is (``"UMAP"``, ``"PCA"``), and its points, shape (N, 2).
    colourings
        What the points are coloured by, N values each.
    title, note
        What stands above: whose latents they are, and what a reader has to know.
    """
    columns, rows = len(drawings), len(colourings)
    bar = 0.0 if all(colouring.names for colouring in colourings) else _BAR
    figure = headed(columns * _PANEL + bar, rows * _PANEL, title, note)
    width, height = figure.get_size_inches().tolist()
    inner = _PANEL - _BOTTOM - _ABOVE
    for i, colouring in enumerate(colourings):
        for j, (kind, points) in enumerate(drawings):
            bottom = (rows - 1 - i) * _PANEL + _BOTTOM
            axes = inches(figure, j * _PANEL + _LEFT, bottom, _PANEL - _LEFT - 0.2, inner)
            words = f"{kind} by {with_unit(colouring.coordinate.name, colouring.coordinate.unit)}"
            axes.set_title(
                literal(shortened(words, _PANEL - _LEFT - 0.2, 11.0)), loc="left", fontsize=11, color=MUTED, pad=4
            )
            axes.set_xlabel(literal(axis_name(kind, 1)), color=MUTED, fontsize=9)
            axes.set_ylabel(literal(axis_name(kind, 2)), color=MUTED, fontsize=9)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_color("#dde1e6")
            if colouring.names:
                _draw_classes(axes, points, colouring)
            else:
                place = ((columns * _PANEL) / width, bottom / height, 0.15 / width, inner / height)
                _draw_values(axes, points, colouring, figure if j == columns - 1 else None, place)
    return figure


def class_colours(count: int) -> list[tuple[float, float, float, float]]:
    """Return colours of classes: up to 16 in the published order, which goes by families of hue, else around a map."""
    if count <= 16:
        # The published picture of Ribosembly takes these of matplotlib's qualitative maps.
        families, more = matplotlib.colormaps["tab20c"], matplotlib.colormaps["tab20"]
        listed = [families(i) for i in (0, 1, 2, 4, 5, 6, 7)] + [more(i) for i in (12, 13)]
        listed += [families(i) for i in (8, 9, 10, 12, 13, 14, 15)]
        return [to_rgba(colour) for colour in listed[:count]]
    return [to_rgba(matplotlib.colormaps["turbo"](i / (count - 1))) for i in range(count)]


def _draw_values(
    axes: Axes,
    points: np.ndarray,
    colouring: Colouring,
    figure: Figure | None,
    place: tuple[float, float, float, float],
) -> None:
    low, high = colour_limits(colouring.coordinate, colouring.values.tolist())
    colours = LinearSegmentedColormap.from_list("coordinate", colour_map(colouring.coordinate))
    drawn = _scatter(axes, points, colouring.values, colours, {"vmin": low, "vmax": high})
    if figure is not None:
        bar = figure.colorbar(drawn, cax=figure.add_axes(place))
        bar.set_label(literal(with_unit(colouring.coordinate.name, colouring.coordinate.unit)), color=MUTED)
        bar.outline.set_visible(False)


def _draw_classes(axes: Axes, points: np.ndarray, colouring: Colouring) -> None:
    """Draw classes in colours, each named where most of it lies: hues alone are not told apart by everyone."""
    count = len(colouring.names)
    norm = BoundaryNorm(np.arange(count + 1) - 0.5, count)
    _scatter(axes, points, colouring.values, ListedColormap(class_colours(count)), {"norm": norm})
    for place, name in enumerate(colouring.names):
        own = points[colouring.values == place]
        if len(own):
            box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.0}
            x, y = np.median(own, axis=0)
            words = literal(shortened(name, 1.2, 8.0))
            axes.text(x, y, words, fontsize=8, color=TEXT, ha="center", va="center", bbox=box)


def _scatter(
    axes: Axes, points: np.ndarray, values: np.ndarray, colours: object, scale: dict[str, object]
) -> PathCollection:
    # In the order of the file the last states would hide the first.
    order = stream(0, "order of points").permutation(len(points))
    size = float(np.clip(40_000 / max(len(points), 1), 1.0, 14.0))
    return axes.scatter(points[order, 0], points[order, 1], c=values[order], s=size, alpha=0.6, linewidths=0,
                        cmap=colours, rasterized=True, **scale)  # type: ignore[arg-type]  # fmt: skip
