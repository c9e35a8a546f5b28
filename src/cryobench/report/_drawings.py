"""The plots of a page, drawn for paper."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cryobench.core import Curve, Histogram, ImbalancePoint, MethodCard
from cryobench.report._curves import THRESHOLDS, CurveGroup, band, frequency_ticks
from cryobench.report._plots import MUTED, TEXT, calm, canvas
from cryobench.report._style import LineStyle, legend_name, line_styles, literal, with_unit
from cryobench.report._table import Column

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
_LONGEST = 30


def headed(width: float, height: float, title: str, note: str) -> Figure:
    """Return an empty figure with a title and a note above; edges in inches."""
    figure = canvas(width, height)
    wide = int(12 * width)
    figure.text(0.25 / width, 1 - 0.28 / height, literal(textwrap.shorten(title, wide, placeholder="…")), fontsize=13,
                weight="bold", color=TEXT, va="center")  # fmt: skip
    figure.text(0.25 / width, 1 - 0.56 / height, literal(textwrap.shorten(note, wide, placeholder="…")), fontsize=9.5,
                color=MUTED, va="center")  # fmt: skip
    return figure


def inches(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Return axes at a place of a figure, all in inches."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def draw_curve(axes: Axes, curve: Curve, style: LineStyle, role: str) -> None:
    """Draw the mean of a method with the band of its items, controls without."""
    limits = band(curve) if role == "method" else None
    if limits is not None:
        axes.fill_between(curve.x, *limits, color=style.colour, alpha=0.15, linewidth=0)
    name = curve.method if role == "method" else f"{curve.method} ({role})"
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
        label=legend_name(textwrap.shorten(name, _LONGEST, placeholder="…")),
    )


def shell_axes(axes: Axes, group: CurveGroup) -> None:
    """Label spatial frequencies with resolutions too, and draw the usual thresholds."""
    highest = max(max(curve.x, default=0.0) for curve in group.curves)
    lowest = min((y for curve in group.curves for y in curve.mean if math.isfinite(y)), default=0.0)
    axes.set_xticks(*frequency_ticks(highest))
    axes.set_xlim(0, highest)
    axes.set_ylim(min(-0.03, lowest - 0.03), 1.03)
    for threshold in THRESHOLDS:
        axes.axhline(threshold, color="#858b93", linewidth=0.8)
        axes.text(highest, threshold, f"{threshold} ", ha="right", va="bottom", fontsize=9, color=MUTED)


def curves(group: CurveGroup, methods: Sequence[MethodCard], note: str) -> Figure:
    """Return the curves of one group, a line a method."""
    figure = headed(9.0, 5.0, group.title, note)
    axes = inches(figure, 0.75, 0.75, 5.6, 3.3)
    calm(axes)
    styles, roles = line_styles(methods), {card.name: card.role for card in methods}
    for curve in group.curves:
        draw_curve(axes, curve, styles[curve.method], roles[curve.method])
    axes.set_xlabel(literal(with_unit(group.x_label, group.x_unit)), color=MUTED)
    axes.set_ylabel(literal(group.label), color=MUTED)
    axes.margins(x=0)
    if group.is_shell_correlation:
        shell_axes(axes, group)
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, fontsize=9, handlelength=3)
    return figure


def column(found: Column, roles: Mapping[str, str], methods: Sequence[MethodCard], note: str) -> Figure:
    """Return one measure as a dot and an interval for each method, with its floor and its ceiling."""
    styles = line_styles(methods)
    scores = [score for score in found.scores if math.isfinite(score.value)]
    figure = headed(7.6, 1.7 + 0.34 * max(len(scores), 1), found.metric.label, f"{found.protocol}; {note}")
    height = 0.34 * max(len(scores), 1)
    axes = inches(figure, 2.2, 0.7, 5.1, height)
    calm(axes)
    for place, score in enumerate(scores):
        style = styles[score.method]
        axes.plot([score.interval.low, score.interval.high], [place, place], color=style.colour, linewidth=2)
        axes.plot([score.value], [place], color=style.colour, marker=MARKERS[style.symbol] or "o", markersize=7,
                  markerfacecolor="white" if roles[score.method] != "method" else style.colour)  # fmt: skip
        for end, marker in ((score.floor, ">"), (score.ceiling, "<")):
            if end is not None and math.isfinite(end):
                axes.plot([end], [place], marker=marker, color="#b4bac1", markersize=5, linestyle="none")
    axes.set_yticks(
        range(len(scores)),
        [literal(textwrap.shorten(score.method, _LONGEST, placeholder="…")) for score in scores],
    )
    axes.set_ylim(len(scores) - 0.4, -0.6)
    arrow = "higher" if found.metric.direction == "higher" else "lower"
    axes.set_xlabel(literal(f"{with_unit(found.metric.label, found.metric.unit)}, {arrow} is better"), color=MUTED)
    return figure


def heat_map(
    values: Float[np.ndarray, "m S"], methods: Sequence[str], states: Sequence[str], title: str, note: str
) -> Figure:
    """Return one number for each method (rows) and state (columns)."""
    height = 0.3 * len(methods)
    figure = headed(9.0, 1.9 + height, title, note)
    axes = inches(figure, 2.0, 1.05, 5.9, height)
    shown = axes.imshow(values, cmap="cividis", aspect="auto", interpolation="nearest")
    ticks = np.unique(np.linspace(0, len(states) - 1, min(len(states), 9)).round().astype(int)).tolist()
    names = [literal(textwrap.shorten(states[i], 14, placeholder="…")) for i in ticks]
    long = max(map(len, names)) > 6
    axes.set_xticks(ticks, names, rotation=30 if long else 0, ha="right" if long else "center")
    axes.set_yticks(range(len(methods)), [literal(textwrap.shorten(m, 24, placeholder="…")) for m in methods])
    axes.tick_params(colors=MUTED, labelsize=9, length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("true state, in order", color=MUTED)
    bar = figure.colorbar(shown, cax=inches(figure, 8.1, 1.05, 0.14, height))
    bar.outline.set_visible(False)
    return figure


def plane(points: Sequence[ImbalancePoint], methods: Sequence[MethodCard], note: str) -> Figure:
    """Return the information imbalance plane of one space: a point a method, joined to its shuffled latent."""
    styles = line_styles(methods)
    space = points[0].space
    figure = headed(6.6, 4.9, f"Information imbalance with {space}", note)
    axes = inches(figure, 0.75, 0.7, 3.4, 3.4)
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
                  label=legend_name(textwrap.shorten(point.method, _LONGEST, placeholder="…")))  # fmt: skip
    axes.set(xlim=(-0.04 * top, top), ylim=(-0.04 * top, top))
    axes.set_xlabel(literal(f"latent → {space}  (0: predicts it)"), color=MUTED)
    axes.set_ylabel(literal(f"{space} → latent"), color=MUTED)
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, fontsize=9)
    return figure


def histograms(found: Sequence[Histogram], methods: Sequence[MethodCard], note: str) -> Figure:
    """Return histograms of one quantity, a line a method, as fractions of its particles."""
    styles = line_styles(methods)
    figure = headed(9.0, 4.6, f"Distribution of {found[0].quantity}", note)
    axes = inches(figure, 0.75, 0.7, 5.2, 3.1)
    calm(axes)
    for histogram in found:
        style = styles[histogram.method]
        share = np.asarray(histogram.counts, dtype=np.float64) / max(sum(histogram.counts), 1)
        name = textwrap.shorten(histogram.method, _LONGEST, placeholder="…")
        axes.stairs(share, histogram.edges, color=style.colour, linestyle=DASHES[style.dash], linewidth=1.8,
                    label=legend_name(f"{name}: median {histogram.median:.3g} {histogram.unit}"))  # fmt: skip
    axes.set_xlabel(literal(with_unit(found[0].quantity, found[0].unit)), color=MUTED)
    axes.set_ylabel("fraction of particles", color=MUTED)
    axes.set_ylim(0, None)
    axes.margins(x=0)
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, fontsize=9)
    return figure
