"""What the single pictures share: a canvas, calm axes, and their bytes in each format."""

from __future__ import annotations

import io
from typing import Literal, get_args

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cryobench.report._fonts import quiet_fonts, tell_missing, use_families

FigureFormat = Literal["png", "svg", "pdf"]
FIGURE_FORMATS: tuple[FigureFormat, ...] = get_args(FigureFormat)

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
    return rendered(figure, "png")


def rendered(figure: Figure, file_format: FigureFormat, dpi: int | None = None) -> bytes:
    """Return a figure as a file of this format; the same figure gives the same bytes.

    Text stays text in SVG and PDF, so that it can be edited. The resolution, ``dpi``, is that of a PNG, and of what is
    made of pixels in the others.

    Warns
    -----
    MissingGlyphWarning
        Once, with the letters that no font of this system holds.
    """
    buffer = io.BytesIO()
    # Neither a date nor the version of matplotlib: the file changes only where the picture does.
    metadata = {
        "png": {"Software": None},
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    }[file_format]
    use_families(figure)
    with rc_context({"svg.hashsalt": "cryobench", "svg.fonttype": "none", "pdf.fonttype": 42}), quiet_fonts():
        figure.savefig(buffer, format=file_format, metadata=metadata, dpi=dpi or "figure")
    tell_missing(figure)
    return buffer.getvalue()
