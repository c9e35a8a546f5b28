"""What the single pictures share: a canvas, calm axes, and their bytes."""

from __future__ import annotations

import io

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

TEXT = "#1b2026"
MUTED = "#58626d"


def canvas(width: float, height: float, dpi: int = 110) -> Figure:
    """Return an empty white figure, its edges in inches."""
    figure = Figure(figsize=(width, height), dpi=dpi, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def calm(axes: Axes) -> None:
    """Draw axes as quietly as they can be read."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#b4bac1")
    axes.tick_params(colors=MUTED, labelsize=10)
    axes.grid(color="#eceef1", linewidth=0.8)
    axes.set_axisbelow(True)


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    # Without the version of matplotlib in it, the file changes only where the picture does.
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
