"""The plots of a page, drawn for paper."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cryobench.core import Curve, Histogram, ImbalancePoint, MethodCard
from cryobench.report._curves import THRESHOLDS, CurveGroup, band, frequency_ticks
from cryobench.report._decks import StateTable
from cryobench.report._heads import Note, headed, inches
from cryobench.report._log_axis import bin_axis, decades
from cryobench.report._plots import MUTED, calm
from cryobench.report._style import LineStyle, legend_name, line_styles, literal, with_unit
from cryobench.report._table import Column
from cryobench.report._words import shortened, width_of, wrapped

DASHES = {
    "solid": "-",
    "longdash": (0, (8, 2)),
    "dashdot": "-.",
    "longdashdot": (0, (8, 2, 1, 2)),
    "dash": "--",
    "dot": ":",
}
MARKERS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "cross": "P",
    "x": "X",
    "circle-open": "o",
    "square-open": "s",
    "diamond-open": "D",
    "": "",
}
_LABEL = 10.0  # points, of a method's name beside its score
_LEGEND = 9.0
_TICK = 9.0
_SIGN = 0.75  # inches that a legend takes beside its words
_WORDS = 2.6  # inches that a name may take


def legend_room(names: Sequence[str], most: float = _WORDS) -> tuple[list[str], float]:
    """Return names as a legend writes them, each of at most so many inches, and how many inches it takes."""
    shown = [shortened(name, most, _LEGEND) for name in names]
    return shown, _SIGN + max((width_of(name, _LEGEND) for name in shown), default=0.0)


def add_legend(axes: Axes, names: Sequence[str], gap: float = 0.02) -> None:
    """Write the legend of what was drawn, with these names, to the right of axes."""
    handles, _ = axes.get_legend_handles_labels()
    axes.legend(handles, [legend_name(name) for name in names], loc="upper left", bbox_to_anchor=(1.0 + gap, 1.01),
                frameon=False, fontsize=_LEGEND, handlelength=3, borderaxespad=0)  # fmt: skip


def _legend_height(names: Sequence[str]) -> float:
    return 0.1 + 0.19 * len(names)


def draw_curve(axes: Axes, curve: Curve, style: LineStyle, role: str) -> None:
    """Draw the mean of a method with the band of its items, controls without."""
    limits = band(curve) if role == "method" else None
    if limits is not None:
        axes.fill_between(curve.x, *limits, color=style.colour, alpha=0.15, linewidth=0)
    axes.plot(
        curve.x,
        curve.mean,
        color=style.colour,
        linestyle=DASHES[style.dash],
        linewidth=2,
        marker=MARKERS[style.symbol],
        markevery=max(1, len(curve.x) // 10),
        markersize=5,
        markerfacecolor="white" if style.symbol.endswith("-open") else style.colour,
        label=legend_name(curve_name(curve, role)),
    )


def curve_name(curve: Curve, role: str) -> str:
    """Return what a legend calls a curve."""
    return curve.method if role == "method" else f"{curve.method} ({role})"


def shell_axes(axes: Axes, group: CurveGroup) -> None:
    """Label spatial frequencies with resolutions too, and draw the usual thresholds."""
    highest = max(max(curve.x, default=0.0) for curve in group.curves)
    lowest = min((y for curve in group.curves for y in curve.mean if math.isfinite(y)), default=0.0)
    axes.set_xticks(*frequency_ticks(highest))
    axes.set_xlim(0, highest)
    axes.set_ylim(min(-0.03, lowest - 0.03), 1.03)
    for threshold in THRESHOLDS:
        axes.axhline(threshold, color="#858b93", linewidth=0.8)
        # Beside the axes: within them the words would meet the markers.
        axes.annotate(f"{threshold}", (1, threshold), xycoords=("axes fraction", "data"), xytext=(4, 0),
                      textcoords="offset points", va="center", fontsize=9, color=MUTED)  # fmt: skip


def curves(group: CurveGroup, methods: Sequence[MethodCard], note: Note) -> Figure:
    """Return the curves of one group, a line a method."""
    styles, roles = line_styles(methods), {card.name: card.role for card in methods}
    names, room = legend_room([curve_name(curve, roles[curve.method]) for curve in group.curves])
    gap = 0.45 if group.is_shell_correlation else 0.12
    high = max(3.3, _legend_height(names))
    figure = headed(0.75 + 5.6 + gap + room, 0.75 + high + 0.1, group.title, note)
    axes = inches(figure, 0.75, 0.75, 5.6, high)
    calm(axes)
    for curve in group.curves:
        draw_curve(axes, curve, styles[curve.method], roles[curve.method])
    axes.set_xlabel(literal(with_unit(group.x_label, group.x_unit)), color=MUTED)
    axes.set_ylabel(literal(group.label), color=MUTED)
    axes.margins(x=0)
    if group.is_shell_correlation:
        shell_axes(axes, group)
    add_legend(axes, names, gap / 5.6)
    return figure


def column(found: Column, roles: Mapping[str, str], methods: Sequence[MethodCard], note: Note) -> Figure:
    """Return one measure as a dot and an interval for each method, with its floor and its ceiling."""
    styles = line_styles(methods)
    scores = [score for score in found.scores if math.isfinite(score.value)]
    names = [shortened(score.method, _WORDS, _LABEL) for score in scores]
    left = 0.4 + max((width_of(name, _LABEL) for name in names), default=0.0)
    height = 0.34 * max(len(scores), 1)
    figure = headed(left + 5.4, 0.7 + height + 0.1, found.metric.label, note.after(found.protocol))
    axes = inches(figure, left, 0.7, 5.1, height)
    calm(axes)
    for place, score in enumerate(scores):
        style = styles[score.method]
        axes.plot([score.interval.low, score.interval.high], [place, place], color=style.colour, linewidth=2)
        axes.plot([score.value], [place], color=style.colour, marker=MARKERS[style.symbol] or "o", markersize=7,
                  markerfacecolor="white" if roles[score.method] != "method" else style.colour)  # fmt: skip
        for end, marker in ((score.floor, ">"), (score.ceiling, "<")):
            if end is not None and math.isfinite(end):
                axes.plot([end], [place], marker=marker, color="#b4bac1", markersize=5, linestyle="none")
    axes.set_yticks(range(len(scores)), [literal(name) for name in names])
    axes.set_ylim(len(scores) - 0.4, -0.6)
    arrow = "higher" if found.metric.direction == "higher" else "lower"
    axes.set_xlabel(literal(f"{with_unit(found.metric.label, found.metric.unit)}, {arrow} is better"), color=MUTED)
    return figure


def heat_map(
    values: Float[np.ndarray, "m S"],
    methods: Sequence[str],
    states: Sequence[str],
    table: StateTable,
    note: Note,
) -> Figure:
    """Return one number for each method (rows) and state (columns)."""
    names = [shortened(name, _WORDS, _TICK) for name in methods]
    left = 0.35 + max((width_of(name, _TICK) for name in names), default=0.0)
    height, bar_height = 0.3 * len(methods), max(0.3 * len(methods), 1.2)
    label = wrapped(table.measure, bar_height, _LABEL, most=5)
    figure = headed(left + 5.9 + 0.85 + 0.18 * len(label), 1.05 + bar_height + 0.1, table.label, note)
    axes = inches(figure, left, 1.05 + bar_height - height, 5.9, height)
    shown = axes.imshow(values, cmap="cividis", aspect="auto", interpolation="nearest")
    ticks = np.unique(np.linspace(0, len(states) - 1, min(len(states), 9)).round().astype(int)).tolist()
    below = [shortened(states[i], 1.0, _TICK) for i in ticks]
    long = max(width_of(name, _TICK) for name in below) > 0.5
    turned: dict[str, Any] = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if long else {}
    axes.set_xticks(ticks, [literal(name) for name in below], **turned)
    axes.set_yticks(range(len(methods)), [literal(name) for name in names])
    axes.tick_params(colors=MUTED, labelsize=_TICK, length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("true state, in order", color=MUTED)
    bar = figure.colorbar(shown, cax=inches(figure, left + 6.05, 1.05, 0.14, bar_height))
    bar.set_label("\n".join(map(literal, label)), color=MUTED, fontsize=_LABEL)
    bar.outline.set_visible(False)
    return figure


def plane(points: Sequence[ImbalancePoint], methods: Sequence[MethodCard], note: Note) -> Figure:
    """Return the information imbalance plane of one space: a point a method, joined to its shuffled latent."""
    styles = line_styles(methods)
    space = points[0].space
    names, room = legend_room([point.method for point in points])
    high = max(3.4, _legend_height(names))
    figure = headed(0.75 + 3.4 + room + 0.15, 0.7 + high + 0.1, f"Information imbalance with {space}", note)
    axes = inches(figure, 0.75, 0.7 + high - 3.4, 3.4, 3.4)
    calm(axes)
    ends = [end for p in points for end in (p.to_space, p.from_space, p.floor_to_space, p.floor_from_space)]
    top = 1.06 * max([1.0, *(end for end in ends if math.isfinite(end))])
    axes.plot([0, top], [0, top], color="#b4bac1", linewidth=0.8, linestyle=":", zorder=0)
    for point in points:
        style = styles[point.method]
        axes.plot([point.to_space, point.floor_to_space], [point.from_space, point.floor_from_space],
                  color=style.colour, linewidth=0.8, linestyle=":")  # fmt: skip
        axes.plot([point.floor_to_space], [point.floor_from_space], "o", color=style.colour, markerfacecolor="white",
                  markersize=4)  # fmt: skip
        axes.plot([point.to_space], [point.from_space], MARKERS[style.symbol] or "*", color=style.colour, markersize=9,
                  label=legend_name(point.method))  # fmt: skip
    axes.set(xlim=(-0.04 * top, top), ylim=(-0.04 * top, top))
    axes.set_xlabel(literal(shortened(f"latent → {space}  (0: predicts it)", 3.4, _LABEL)), color=MUTED)
    axes.set_ylabel(literal(shortened(f"{space} → latent", 3.4, _LABEL)), color=MUTED)
    add_legend(axes, names, 0.04)
    return figure


def histograms(found: Sequence[Histogram], methods: Sequence[MethodCard], note: Note) -> Figure:
    """Return histograms of one quantity, a line a method, as fractions of its particles."""
    styles = line_styles(methods)
    medians = [f": median {histogram.median:.3g} {histogram.unit}" for histogram in found]
    names = [
        shortened(each.method, _WORDS - width_of(median, _LEGEND), _LEGEND) + median
        for each, median in zip(found, medians, strict=True)
    ]
    _, room = legend_room(names)
    bins = bin_axis(found[0].edges, found[0].unit)
    high = max(3.1, _legend_height(names))
    figure = headed(
        0.75 + 5.2 + 0.1 + room, 0.7 + high + 0.1, f"Distribution of {found[0].quantity}", note.after(bins.note)
    )
    axes = inches(figure, 0.75, 0.7, 5.2, high)
    calm(axes)
    for histogram in found:
        style = styles[histogram.method]
        share = np.asarray(histogram.counts, dtype=np.float64) / max(sum(histogram.counts), 1)
        axes.stairs(share, bin_axis(histogram.edges, histogram.unit).edges, color=style.colour,
                    linestyle=DASHES[style.dash], linewidth=1.8, label=legend_name(histogram.method))  # fmt: skip
    if bins.logarithmic:
        axes.set_xscale("log")
        axes.set_xticks(ticks := decades(bins.edges[0], bins.edges[-1]), [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    axes.set_xlabel(literal(with_unit(found[0].quantity, found[0].unit)), color=MUTED)
    axes.set_ylabel("fraction of particles", color=MUTED)
    axes.set_ylim(0, None)
    axes.set_xlim(bins.edges[0], bins.edges[-1])
    add_legend(axes, names, 0.02)
    return figure
