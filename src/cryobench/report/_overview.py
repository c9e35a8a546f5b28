"""One picture of a whole run: particles, volumes, curves and a latent space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from cryobench.core import Embedding, Picture, Results
from cryobench.report._curves import group_curves
from cryobench.report._drawings import add_legend, curve_name, draw_curve, legend_room, shell_axes
from cryobench.report._figures import drawn_points
from cryobench.report._heads import MARK, MARK_COLOURS, MARK_TEXT
from cryobench.report._pictures import contrast, grey_levels, scale_bar
from cryobench.report._plots import MUTED, TEXT, calm, canvas, png
from cryobench.report._style import (
    axis_name,
    colour_limits,
    colour_map,
    line_styles,
    literal,
    protocol_text,
    with_unit,
)
from cryobench.report._words import shortened, wrapped

_WIDTH, _HEIGHT = 1600, 900
_LEGEND_WORDS = 2.2  # inches
# Where the grid of volumes lies, in pixels from the lower left corner.
_VOLUMES_LEFT, _VOLUMES_TOP, _VOLUMES_WIDTH, _VOLUMES_HEIGHT = 905.0, 765.0, 675.0, 318.0


def overview_figure(results: Results) -> bytes:
    """Return an overview of a run as a PNG of 1600 x 900 pixels; the same results give the same bytes."""
    return png(overview(results))


def overview(results: Results) -> Figure:
    """Return an overview of a run: particles, volumes, curves and a latent space."""
    figure = canvas(_WIDTH / 100, _HEIGHT / 100, dpi=100)
    card = results.document.dataset
    words = shortened(f"{card.title}  ({card.id})", 13.5 if card.stand_in else 15.2, 19.0, "bold")
    figure.text(0.025, 0.955, literal(words), fontsize=19, weight="bold", color=TEXT, va="center")
    if card.stand_in:
        figure.text(0.974, 0.955, MARK, fontsize=12, weight="bold", color=MARK_TEXT, ha="right", va="center",
                    bbox={**MARK_COLOURS, "boxstyle": "round,pad=0.4"})  # fmt: skip
        figure.text(0.027, 0.022, literal(shortened(f"{MARK}: {card.stand_in}", 15.0, 11.0)), fontsize=11,
                    color=MARK_TEXT, va="center", bbox={**MARK_COLOURS, "boxstyle": "round,pad=0.4"})  # fmt: skip
    _particles(figure, [picture for picture in results.pictures if picture.group == "particles"])
    _volumes(figure, [picture for picture in results.pictures if picture.group == "volumes"])
    _curves(figure, results)
    _latents(figure, results)
    return figure


def _particles(figure: Figure, pictures: Sequence[Picture]) -> None:
    figure.text(0.025, 0.9, "Particles", fontsize=13, color=TEXT, va="center", weight="bold")
    if not pictures:
        _nothing(figure, 0.025, "no particle pictures in this run")
        return
    grid = GridSpec(2, 4, figure, left=0.025, right=0.455, bottom=0.51, top=0.875, wspace=0.04, hspace=0.04)
    by_row: dict[str, list[Picture]] = {}
    for picture in pictures:
        by_row.setdefault(picture.row, []).append(picture)
    rows = list(by_row.values())
    # The first step of image formation above the last.
    for i, row in enumerate(rows[:1] + rows[1:][-1:]):
        for j, picture in enumerate(row[:4]):
            axes = figure.add_subplot(grid[i, j])
            _show(axes, picture, contrast(picture.pixels), bar=i == j == 0)
            if j == 0:
                words = "\n".join(map(literal, wrapped(picture.row, 1.6, 9.0, most=2)))
                axes.text(0.03, 0.97, words, transform=axes.transAxes, ha="left", va="top", fontsize=9, color="white",
                          bbox={"facecolor": "black", "alpha": 0.55, "edgecolor": "none", "pad": 2})  # fmt: skip


def _volumes(figure: Figure, pictures: Sequence[Picture]) -> None:
    """Draw the first rows and evenly spaced columns of the grid of volumes."""
    views = ", ".join(dict.fromkeys(picture.view for picture in pictures))
    figure.text(0.493, 0.9, "Volumes", fontsize=13, color=TEXT, va="center", weight="bold")
    figure.text(0.553, 0.9, literal(shortened(views, 6.8, 10.5)), fontsize=10.5, color=MUTED, va="center")
    if not pictures:
        _nothing(figure, 0.493, "no volume pictures in this run")
        return
    places = {(picture.row, picture.column): picture for picture in pictures}
    rows = list(dict.fromkeys(picture.row for picture in pictures))[:5]
    every = list(dict.fromkeys(picture.column for picture in pictures))
    # Square cells as large as the rows allow, and as many columns as then fit, in pixels of the figure.
    step = min(_VOLUMES_HEIGHT / len(rows), 150.0)
    most = max(1, int(_VOLUMES_WIDTH // step))
    columns = [every[i] for i in np.unique(np.linspace(0, len(every) - 1, min(len(every), most)).round().astype(int))]
    for i, row in enumerate(rows):
        shown = [places[row, column] for column in columns if (row, column) in places]
        limits = contrast(*(picture.pixels for picture in shown)) if shown else (0.0, 1.0)
        for j, column in enumerate(columns):
            left, bottom = _VOLUMES_LEFT + j * step, _VOLUMES_TOP - (i + 1) * step
            axes = figure.add_axes((left / _WIDTH, bottom / _HEIGHT, 0.95 * step / _WIDTH, 0.95 * step / _HEIGHT))
            if (row, column) in places:
                _show(axes, places[row, column], limits, bar=i == j == 0)
            else:
                axes.set_axis_off()
            if i == 0:
                axes.set_title(literal(shortened(column, 0.95 * step / 100, 10.0)), fontsize=10, color=MUTED, pad=4)
            if j == 0:
                label = "\n".join(map(literal, wrapped(row, 1.0, 10.5, most=2)))
                axes.text(
                    -0.08, 0.5, label, transform=axes.transAxes, ha="right", va="center", fontsize=10.5, color=TEXT
                )


def _show(axes: Axes, picture: Picture, limits: tuple[float, float], *, bar: bool) -> None:
    height, width = picture.pixels.shape
    axes.imshow(grey_levels(picture.pixels, limits), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_axis_off()
    if bar:
        length = scale_bar(width * picture.pixel_size)
        left, y = 0.06 * width, 0.92 * height
        axes.plot([left, left + length / picture.pixel_size], [y, y], color="white", linewidth=3, solid_capstyle="butt")
        axes.text(left, y - 0.03 * height, f"{length:g} Å", color="white", fontsize=8, va="bottom")


def _curves(figure: Figure, results: Results) -> None:
    """Draw the curves of one group: a shell correlation if there is one."""
    axes = figure.add_axes((0.055, 0.125, 0.48, 0.29))
    groups = sorted(group_curves(results.document), key=lambda group: not group.is_shell_correlation)
    calm(axes)
    if not groups:
        axes.set_axis_off()
        axes.text(0, 0.5, "no curves in this run", color=MUTED, transform=axes.transAxes)
        return
    group, styles = groups[0], line_styles(results.document.methods)
    roles = {card.name: card.role for card in results.document.methods}
    names, room = legend_room([curve_name(curve, roles[curve.method]) for curve in group.curves], _LEGEND_WORDS)
    # The legend takes what it needs, up to where the latents begin.
    axes.set_position((0.055, 0.125, 0.715 - 0.055 - (room + 0.55) / 16, 0.29))
    for curve in group.curves:
        draw_curve(axes, curve, styles[curve.method], roles[curve.method])
    protocol = protocol_text(group.protocol, group.convention)
    axes.set_title(literal(group.label), loc="left", fontsize=13, color=TEXT, weight="bold", pad=26)
    axes.text(0, 1.045, literal(protocol), transform=axes.transAxes, fontsize=10.5, color=MUTED)
    axes.set_xlabel(literal(with_unit(group.x_label, group.x_unit)), color=MUTED)
    axes.set_ylabel(literal(group.label), color=MUTED)
    axes.margins(x=0)
    if group.is_shell_correlation:
        shell_axes(axes, group)
    add_legend(axes, names, 0.45 / (16 * axes.get_position().width))


def _latents(figure: Figure, results: Results) -> None:
    axes = figure.add_axes((0.735, 0.125, 0.18, 0.29))
    embedding = _chosen(results)
    if embedding is None:
        axes.set_axis_off()
        axes.text(0, 0.5, "no latent spaces in this run", color=MUTED, transform=axes.transAxes)
        return
    coordinate = results.document.coordinate
    chosen = drawn_points(len(embedding.points))
    low, high = colour_limits(coordinate, embedding.colours.tolist())
    points = axes.scatter(
        embedding.points[chosen, 0],
        embedding.points[chosen, 1],
        c=embedding.colours[chosen],
        s=5,
        linewidths=0,
        cmap=LinearSegmentedColormap.from_list("coordinate", colour_map(coordinate)),
        vmin=low,
        vmax=high,
    )
    title = shortened(f"Latents of {embedding.method}", 3.9, 13.0, "bold")
    axes.set_title(literal(title), loc="left", fontsize=13, color=TEXT, weight="bold", pad=26)
    axes.text(0, 1.045, literal(f"{embedding.kind}, a picture and not a score"), transform=axes.transAxes,
              fontsize=10.5, color=MUTED)  # fmt: skip
    axes.set(xticks=[], yticks=[])
    axes.set_xlabel(literal(axis_name(embedding.kind, 1)), color=MUTED)
    axes.set_ylabel(literal(axis_name(embedding.kind, 2)), color=MUTED)
    for spine in axes.spines.values():
        spine.set_color("#dde1e6")
    bar = figure.colorbar(points, cax=figure.add_axes((0.925, 0.125, 0.009, 0.29)))
    bar.set_label(literal(with_unit(coordinate.name, coordinate.unit)), color=MUTED)
    bar.outline.set_visible(False)


def _chosen(results: Results) -> Embedding | None:
    """Return a UMAP of a method if there is one, else whatever comes nearest to it."""
    roles = {card.name: card.role for card in results.document.methods}
    wanted = sorted(results.embeddings, key=lambda e: (roles.get(e.method) != "method", e.kind != "UMAP"))
    return wanted[0] if wanted else None


def _nothing(figure: Figure, x: float, words: str) -> None:
    figure.text(x, 0.7, words, color=MUTED)
