"""Errors of poses as histograms, in one picture."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes

from cryobench.report._plots import MUTED, TEXT, calm, canvas, png
from cryobench.report._style import literal

_COLOUR = "#0072B2"
_BINS = 60


def pose_error_figure(
    rotation_degrees: Float64[np.ndarray, " N"], shift_angstrom: Float64[np.ndarray, " N"], title: str, note: str
) -> bytes:
    """Return a PNG of histograms of rotation errors (degrees) and shift errors (Å), medians marked.

    Parameters
    ----------
    rotation_degrees, shift_angstrom
        One for each particle, shape (N,).
    title, note
        What stands above: whose poses they are, and after what they were compared.
    """
    figure = canvas(10.0, 4.4)
    figure.text(0.02, 0.94, literal(title), fontsize=14, weight="bold", color=TEXT, va="center")
    figure.text(0.02, 0.87, literal(note), fontsize=10, color=MUTED, va="center")
    for left, values, label, unit in (
        (0.07, rotation_degrees, "Rotation error", "degrees"),
        (0.57, shift_angstrom, "Shift error", "Å"),
    ):
        axes = figure.add_axes((left, 0.14, 0.41, 0.64))
        _histogram(axes, values, unit)
        axes.set_xlabel(f"{label} ({unit})", color=MUTED)
        axes.set_ylabel("particles", color=MUTED)
    return png(figure)


def _histogram(axes: Axes, values: Float64[np.ndarray, " N"], unit: str) -> None:
    calm(axes)
    top = float(values.max()) or 1.0
    axes.hist(values, bins=_BINS, range=(0.0, top), color=_COLOUR)
    middle = float(np.median(values))
    axes.axvline(middle, color=TEXT, linewidth=1)
    axes.annotate(f"median {middle:.3g} {unit}", (middle, 1), xycoords=("data", "axes fraction"), xytext=(4, -4),
                  textcoords="offset points", va="top", fontsize=9, color=TEXT)  # fmt: skip
    axes.set_xlim(0, top)
