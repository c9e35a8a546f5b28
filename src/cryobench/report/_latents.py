"""What latents know of the truth, in one picture: neighbours, what predicts what, what is recovered."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from cryobench.core import Curve, ImbalancePoint, Recovery
from cryobench.report._figures import drawn_points
from cryobench.report._plots import MUTED, TEXT, calm, canvas, png
from cryobench.report._style import colour_limits, legend_name, literal, with_unit

_WIDTH, _HEIGHT = 15.5, 5.2
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
_MARKERS = ("o", "s", "^", "D")
_CONTROLS = {"floor": ":", "ceiling": "--"}
_GREY = "#858b93"


def latent_figure(
    curves: Sequence[Curve], plane: Sequence[ImbalancePoint], recovery: Recovery | None, title: str, note: str
) -> bytes:
    """Return a PNG of three panels.

    Parameters
    ----------
    curves
        Matching neighbours over the radius: of a method, and of those called ``floor`` and ``ceiling``.
    plane
        Information imbalance against each of several spaces, such as the true latent, the pose and the CTF.
    recovery
        The collective variable and what is foretold of it; may be missing.
    title, note
        What stands above.
    """
    figure = canvas(_WIDTH, _HEIGHT)
    figure.text(0.015, 0.95, literal(title), fontsize=15, weight="bold", color=TEXT, va="center")
    figure.text(0.015, 0.885, literal(textwrap.shorten(note, 180, placeholder="…")), fontsize=10, color=MUTED)
    panels = [figure.add_axes((left, 0.13, 0.26, 0.64)) for left in (0.05, 0.38, 0.71)]
    for axes, words in zip(panels, ("Neighbours", "Information imbalance", "Recovery of the truth"), strict=True):
        calm(axes)
        axes.set_title(words, loc="left", fontsize=12, color=TEXT, pad=8)
    _draw_curves(panels[0], curves)
    _draw_plane(panels[1], plane)
    _draw_recovery(panels[2], recovery)
    return png(figure)


def _draw_curves(axes: Axes, curves: Sequence[Curve]) -> None:
    if not curves:
        _nothing(axes)
        return
    for curve in curves:
        control = _CONTROLS.get(curve.method)
        colour = _COLOURS[0] if control is None else _GREY
        axes.plot(curve.x, curve.mean, control or "-", color=colour, linewidth=2, label=legend_name(curve.method))
    axes.set_xlabel(literal(with_unit(curves[0].x_label, curves[0].x_unit)), color=MUTED)
    axes.set_ylabel(literal(curves[0].label), color=MUTED)
    axes.set_xlim(0, None)
    axes.set_ylim(0, 104)
    axes.legend(frameon=False, fontsize=9)


def _draw_plane(axes: Axes, plane: Sequence[ImbalancePoint]) -> None:
    """Draw each space, joined to where the shuffled latent stands."""
    if not plane:
        _nothing(axes)
        return
    for i, point in enumerate(plane):
        colour, marker = _COLOURS[i % len(_COLOURS)], _MARKERS[i % len(_MARKERS)]
        axes.plot([point.to_space, point.floor_to_space], [point.from_space, point.floor_from_space],
                  color=colour, linewidth=0.8, linestyle=":")  # fmt: skip
        axes.plot(point.floor_to_space, point.floor_from_space, marker, color=colour, markerfacecolor="white", ms=6)
        axes.plot(point.to_space, point.from_space, marker, color=colour, ms=8, label=legend_name(point.space))
    top = max(1.1, *(max(point.to_space, point.from_space) * 1.05 for point in plane))
    axes.plot([0, top], [0, top], color="#dde1e6", linewidth=0.8, zorder=0)
    axes.set(xlim=(-0.03, top), ylim=(-0.03, top))
    axes.set_xlabel("from the latent to …  (0: the latent predicts it)", color=MUTED)
    axes.set_ylabel("from … to the latent", color=MUTED)
    axes.legend(frameon=False, fontsize=9, title="hollow: latent shuffled", title_fontsize=8, loc="center left")


def _draw_recovery(axes: Axes, recovery: Recovery | None) -> None:
    if recovery is None:
        _nothing(axes)
        return
    chosen = drawn_points(len(recovery.true))
    low, high = colour_limits(recovery.coordinate, recovery.true.tolist())
    axes.plot([low, high], [low, high], color="#b4bac1", linewidth=1, zorder=0)
    axes.scatter(recovery.true[chosen], recovery.predicted[chosen], s=4, alpha=0.4, linewidths=0, color=_COLOURS[0])
    name = literal(with_unit(recovery.coordinate.name, recovery.coordinate.unit))
    axes.set_xlabel(f"true {name}", color=MUTED)
    axes.set_ylabel("foretold from the latent", color=MUTED)
    axes.text(0.98, 0.03, literal(recovery.model), transform=axes.transAxes, fontsize=9, color=MUTED, ha="right")
    margin = 0.03 * (high - low)
    axes.set_xlim(low - margin, high + margin)
    if np.ptp(recovery.predicted) == 0:
        axes.set_ylim(low - margin, high + margin)


def _nothing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", color=MUTED)
