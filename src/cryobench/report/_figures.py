"""Interactive figures as plotly JSON, safe to put into a page.

Colours of text, grid and background are left to the page, which knows whether it is light or dark. Traces are SVG
(``scatter``): plotly's WebGL traces compile code at run time, which the page's content security policy forbids.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Int
from markupsafe import Markup

from cryobench.core import Coordinate, Curve, Embedding, ResultsDocument, stream
from cryobench.report._curves import THRESHOLDS, CurveGroup, band, frequency_ticks, item_means
from cryobench.report._style import LineStyle, colour_limits, colour_map, line_styles, with_unit

MOST_POINTS = 5000
_MOST_ITEMS = 400


@dataclass(frozen=True)
class Plot:
    """A figure of the page: a fixed id, plotly JSON that is safe inside ``<script>``, and a height in pixels."""

    id: str
    json: Markup
    height: int


def curve_plot(group: CurveGroup, document: ResultsDocument, plot_id: str) -> Plot:
    """Return the mean curve of each method with the 10th to 90th percentile band of all but the controls."""
    styles = line_styles(document.methods)
    roles = {card.name: card.role for card in document.methods}
    figure = go.Figure(layout=_layout())
    for curve in group.curves:
        if roles[curve.method] == "method":
            _add_band(figure, curve, styles[curve.method])
    for curve in group.curves:
        role = roles[curve.method]
        name = plain(curve.method if role == "method" else f"{curve.method} ({role})")
        figure.add_trace(_mean_trace(curve, name, styles[curve.method], group.is_shell_correlation))
    figure.update_xaxes(title_text=plain(with_unit(group.x_label, group.x_unit)))
    figure.update_yaxes(title_text=plain(group.label), title_standoff=8)
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    figure.update_layout(hovermode="x unified", showlegend=True, legend=legend)
    if group.is_shell_correlation:
        _shell_axes(figure, group)
    return Plot(plot_id, script_json(figure), 460)


def item_plot(group: CurveGroup, plot_id: str) -> Plot | None:
    """Return a heat map of the mean of each item's curve, methods in rows, or ``None`` where items do not line up."""
    names = group.curves[0].item_names
    shared = all(curve.item_names == names for curve in group.curves)
    if not shared or not 2 <= len(names) <= _MOST_ITEMS:
        return None
    values = np.array([item_means(curve) for curve in group.curves])
    trace = go.Heatmap(
        z=_listed(values),
        x=list(range(len(names))),
        text=[[f"{plain(curve.method)}<br>{plain(name)}" for name in names] for curve in group.curves],
        hovertemplate="%{text}<br>mean over the curve %{z:.4g}<extra></extra>",
        colorscale="Cividis",
        colorbar={"thickness": 10, "outlinewidth": 0, "len": 1.0, "nticks": 4, "title": {"text": "mean"}},
    )
    figure = go.Figure(trace, layout=_layout())
    figure.update_xaxes(title_text="item, in order", showgrid=False)
    names_shown = [plain(textwrap.shorten(curve.method, 16, placeholder="…")) for curve in group.curves]
    figure.update_yaxes(
        autorange="reversed",
        showgrid=False,
        automargin=True,
        ticksuffix=" ",
        tickvals=list(range(len(values))),
        ticktext=names_shown,
    )
    return Plot(plot_id, script_json(figure), 130 + 26 * len(values))


def embedding_plot(embedding: Embedding, coordinate: Coordinate, plot_id: str) -> Plot:
    """Return a latent space as points coloured by the true coordinate; at most :data:`MOST_POINTS` of them."""
    chosen = drawn_points(len(embedding.points))
    points = embedding.points[chosen].astype(np.float64)
    low, high = colour_limits(coordinate, embedding.colours.tolist())
    trace = go.Scatter(
        x=_listed(points[:, 0]),
        y=_listed(points[:, 1]),
        mode="markers",
        customdata=embedding.labels[chosen].tolist(),
        marker={
            "size": 4,
            "opacity": 0.8,
            "color": _listed(embedding.colours[chosen]),
            "colorscale": _scale(colour_map(coordinate)),
            "cmin": low,
            "cmax": high,
        },
        hovertemplate="state %{customdata}<br>"
        + plain(coordinate.name)
        + " %{marker.color:.4g} "
        + plain(coordinate.unit)
        + "<extra></extra>",
    )
    figure = go.Figure(trace, layout=_layout())
    for update, axis in ((figure.update_xaxes, 1), (figure.update_yaxes, 2)):
        update(title_text=f"{plain(embedding.kind)} {axis}", showticklabels=False, zeroline=False)
    figure.update_layout(margin={"l": 34, "r": 8, "t": 8, "b": 34})
    return Plot(plot_id, script_json(figure), 330)


def drawn_points(count: int) -> Int[np.ndarray, " drawn"]:
    """Return the indices of the points to draw, shape (min(count, MOST_POINTS),), ascending: the same at every call."""
    if count <= MOST_POINTS:
        return np.arange(count, dtype=np.int64)
    chosen = stream(0, "report points").choice(count, MOST_POINTS, replace=False)
    return np.sort(np.asarray(chosen, dtype=np.int64))


def plain(text: str) -> str:
    """Return text that plotly shows as it stands: neither its own tags nor its templates are understood in it."""
    return html.escape(text, quote=False).replace("%{", "%\N{ZERO WIDTH SPACE}{")


def script_json(figure: go.Figure) -> Markup:
    """Return a figure's JSON with every character escaped that could end a ``<script>`` element."""
    text: str = figure.to_json()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # escaped just above


def _layout() -> dict[str, Any]:
    return {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13},
        "margin": {"l": 60, "r": 16, "t": 16, "b": 72},
        "showlegend": False,
    }


def _mean_trace(curve: Curve, name: str, style: LineStyle, in_angstrom: bool) -> go.Scatter:
    marked = style.symbol != ""
    return go.Scatter(
        x=list(curve.x),
        y=_listed(np.asarray(curve.mean)),
        name=name,
        legendgroup=name,
        showlegend=True,
        mode="lines+markers" if marked else "lines",
        line={"color": style.colour, "dash": style.dash, "width": 2},
        marker={"symbol": style.symbol, "size": 7, "color": style.colour, "maxdisplayed": 12} if marked else None,
        customdata=[f"{1 / x:.3g}" if x > 0 else "∞" for x in curve.x] if in_angstrom else None,
        hovertemplate="%{y:.3f} (%{customdata} Å)" if in_angstrom else "%{y:.4g}",
    )


def _add_band(figure: go.Figure, curve: Curve, style: LineStyle) -> None:
    limits = band(curve)
    if limits is None:
        return
    low, high = limits
    red, green, blue = (int(style.colour[i : i + 2], 16) for i in (1, 3, 5))
    name = plain(curve.method)
    figure.add_trace(
        go.Scatter(
            x=[*curve.x, *reversed(curve.x)],
            y=_listed(np.concatenate([high, low[::-1]])),
            fill="toself",
            fillcolor=f"rgba({red},{green},{blue},0.16)",
            line={"width": 0},
            mode="lines",
            name=name,
            legendgroup=name,
            showlegend=False,
            hoverinfo="skip",
        )
    )


def _shell_axes(figure: go.Figure, group: CurveGroup) -> None:
    """Label spatial frequencies with resolutions too, and draw the usual thresholds."""
    highest = max(max(curve.x, default=0.0) for curve in group.curves)
    lowest = min((y for curve in group.curves for y in curve.mean if math.isfinite(y)), default=0.0)
    values, texts = frequency_ticks(highest)
    figure.update_xaxes(
        tickvals=values,
        ticktext=[text.replace("\n", "<br>") for text in texts],
        range=[0, highest * 1.01],
        title_standoff=10,
    )
    figure.update_yaxes(range=[min(-0.04, lowest - 0.04), 1.04])
    for threshold in THRESHOLDS:
        figure.add_hline(
            threshold,
            line={"color": "#858b93", "width": 1},
            opacity=0.7,
            annotation={"text": str(threshold), "font": {"size": 11}, "xanchor": "right"},
        )


def _scale(colours: Sequence[str]) -> list[list[Any]]:
    return [[place / (len(colours) - 1), colour] for place, colour in enumerate(colours)]


def _listed(values: np.ndarray) -> list[Any]:
    """Return numbers as lists of floats with 5 significant digits after the point, ``None`` where not finite."""
    rounded = np.round(np.asarray(values, dtype=np.float64), 5).astype(object)
    rounded[~np.isfinite(np.asarray(values, dtype=np.float64))] = None
    listed: list[Any] = rounded.tolist()
    return listed


def config() -> Mapping[str, object]:
    """Return plotly's settings for every figure: no logo, and no button that could send data anywhere."""
    return {
        "displaylogo": False,
        "displayModeBar": "hover",
        "responsive": True,
        "showTips": False,
        "plotlyServerURL": "",
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "sendDataToCloud"],
    }
