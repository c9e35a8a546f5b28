"""Fourier shell correlations, and matrices of them, as single pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from cryobench.core import Curve
from cryobench.report._curves import THRESHOLDS
from cryobench.report._heads import Note, headed, inches
from cryobench.report._plots import MUTED, TEXT, calm, canvas, png
from cryobench.report._style import literal
from cryobench.report._words import shortened, width_of

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
_NAMED = 24  # states whose names fit beside a matrix


def shell_figure(curves: Sequence[Curve], title: str, note: str) -> bytes:
    """Return a PNG of Fourier shell correlations over the resolution in Å.

    Parameters
    ----------
    curves
        Mean curves, their x in 1/Å; each with the band that 80 % of its items lie in, where it has several.
    title, note
        What stands above.
    """
    figure = canvas(8.0, 5.0)
    figure.text(0.03, 0.95, literal(title), fontsize=14, weight="bold", color=TEXT, va="center")
    figure.text(0.03, 0.89, literal(note), fontsize=10, color=MUTED, va="center")
    axes = figure.add_axes((0.1, 0.13, 0.86, 0.7))
    calm(axes)
    for i, curve in enumerate(curves):
        colour = _COLOURS[i % len(_COLOURS)]
        if len(curve.items) > 1:
            low, high = np.quantile(np.array(curve.items), (0.1, 0.9), axis=0)
            axes.fill_between(curve.x, low, high, color=colour, alpha=0.18, linewidth=0)
        name = ", ".join(part for part in (curve.method, curve.protocol, curve.convention) if part)
        axes.plot(curve.x, curve.mean, color=colour, linewidth=2, label=f"\N{ZERO WIDTH SPACE}{literal(name)}")
    for threshold in THRESHOLDS:
        axes.axhline(threshold, color=MUTED, linewidth=0.8, linestyle=(0, (4, 4)))
        axes.annotate(f"{threshold:g}", (1, threshold), xycoords=("axes fraction", "data"), xytext=(-2, 2),
                      textcoords="offset points", ha="right", fontsize=9, color=MUTED)  # fmt: skip
    _resolution_axis(axes, float(curves[0].x[-1]))
    lowest = min(min(curve.mean) for curve in curves)
    axes.set_ylim(min(-0.05, lowest - 0.05), 1.05)
    axes.set_ylabel("Fourier shell correlation", color=MUTED)
    axes.legend(frameon=False, fontsize=9, loc="best")
    return png(figure)


def _resolution_axis(axes: Axes, nyquist: float) -> None:
    """Mark a frequency axis by resolutions in Å."""
    axes.set_xlim(0, nyquist)
    axes.set_xticks(np.linspace(0, nyquist, 7)[1:])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{1 / x:.3g}" if x > 0 else ""))
    axes.set_xlabel("resolution (Å)", color=MUTED)


def matrix_figure(areas: Float64[np.ndarray, "S S"], names: Sequence[str], title: str, note: str) -> bytes:
    """Return a PNG of a matrix of FSC AUC: :func:`matrix_drawing` says the rest."""
    return png(matrix_drawing(areas, names, title, Note(note), "FSC AUC, standard"))


def matrix_drawing(
    areas: Float64[np.ndarray, "S S"], names: Sequence[str], title: str, note: Note, unit: str
) -> Figure:
    """Return a matrix of FSC AUC, recovered maps (rows) by true maps (columns); the best of a row is marked.

    Parameters
    ----------
    areas
        Shape (S, S); a row of NaN is a map that could not be scored.
    names
        Of the states.
    title, note
        What stands above.
    unit
        What the values are.
    """
    shown_names = [shortened(name, 1.6, 8.0) for name in names] if len(names) <= _NAMED else []
    edge = max([0.75, *(0.55 + width_of(name, 8.0) for name in shown_names)])
    figure = headed(edge + 6.5, edge + 5.45, title, note)
    axes = inches(figure, edge, edge, 5.3, 5.3)
    shown = axes.imshow(areas, cmap="viridis", interpolation="nearest")
    for row in np.flatnonzero(np.isfinite(areas).all(axis=1)):
        axes.plot(int(areas[row].argmax()), row, "o", color="white", markersize=3, markeredgecolor="black")
    axes.set_xlabel("true state", color=MUTED)
    axes.set_ylabel("recovered state", color=MUTED)
    if shown_names:
        places = list(range(len(names)))
        axes.set_xticks(places, [literal(name) for name in shown_names], rotation=90, fontsize=8)
        axes.set_yticks(places, [literal(name) for name in shown_names], fontsize=8)
    bar = figure.colorbar(shown, cax=inches(figure, edge + 5.45, edge, 0.22, 5.3))
    bar.set_label(literal(unit), color=MUTED)
    return figure
