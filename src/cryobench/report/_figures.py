"""Interactive figures as plotly JSON, safe to put into a page.

Colours of text, grid and background are left to the page, which knows whether it is light or dark, and so are the names
of states, which it holds once. Beside each figure stands a ``link``: what the page's script needs to know of it so that
a state selected anywhere is shown in it. Traces are SVG: plotly's WebGL traces compile code at run time, which the
page's content security policy forbids.
"""

from __future__ import annotations

import html
import json
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Int
from markupsafe import Markup

from cryobench.core import Curve, Histogram, ImbalancePoint, ResultsDocument, StateMatrix, stream
from cryobench.report._bins import MOST_LINES, Bins, binned, named_places, state_means
from cryobench.report._curves import THRESHOLDS, CurveGroup, band, frequency_ticks
from cryobench.report._encode import quantised, script_text
from cryobench.report._log_axis import bin_axis, decades
from cryobench.report._states import States
from cryobench.report._style import LineStyle, line_styles, with_unit

MOST_POINTS = 5000
_SHORT = 18
_LEGEND_LETTERS = 36
_BAR_LETTERS = 24


@dataclass(frozen=True)
class Plot:
    """A figure of the page: a fixed id, what it shows, JSON that is safe inside ``<script>``, a height in pixels.

    ``note`` is what a reader has to know of it alone, empty where there is nothing.
    """

    id: str
    label: str
    json: Markup
    height: int
    note: str = ""


def curve_plot(
    group: CurveGroup, document: ResultsDocument, places: Mapping[str, Sequence[int] | None], plot_id: str
) -> Plot:
    """Return the mean curve of each method with the 10th to 90th percentile band of all but the controls.

    Parameters
    ----------
    group
        The curves.
    document
        Whose methods they are of.
    places
        State of each item of a method's curve, ``None`` where that is not known.
    plot_id
        Of the element.
    """
    styles = line_styles(document.methods)
    roles = {card.name: card.role for card in document.methods}
    figure = go.Figure(layout=_layout())
    for curve in group.curves:
        if roles[curve.method] == "method":
            _add_band(figure, curve, styles[curve.method])
    lines: list[dict[str, object]] = []
    note = ""
    for curve in group.curves:
        role = roles[curve.method]
        short = _short(curve.method, _LEGEND_LETTERS)
        name = plain(short if role == "method" else f"{short} ({role})")
        states = places.get(curve.method)
        if states is not None and curve.items:
            items, bins = _lines(np.asarray(curve.items, dtype=np.float64), np.asarray(states))
            note = f"Curves of single states: {bins.note}" if bins.note else note
            lines.append({"method": curve.method, "trace": len(figure.data), **_where(bins), **quantised(items)})
        figure.add_trace(_mean_trace(curve, name, styles[curve.method], in_angstrom=group.is_shell_correlation))
    figure.update_xaxes(title_text=plain(with_unit(group.x_label, group.x_unit)), hoverformat=".4~g")
    figure.update_yaxes(title_text=plain(group.label), title_standoff=8)
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    figure.update_layout(hovermode="x unified", showlegend=True, legend=legend)
    if group.is_shell_correlation:
        _shell_axes(figure, group)
    return Plot(plot_id, group.title, _json(figure, {"kind": "curves", "lines": lines}), 470, note)


def state_plot(
    values: Float[np.ndarray, "m S"],
    methods: Sequence[str],
    bins: Bins,
    known: States,
    label: str,
    measure: str,
    plot_id: str,
) -> Plot:
    """Return a heat map of one number for each method (rows) and state (columns).

    Parameters
    ----------
    values
        Shape (methods, bins), NaN where there is none.
    methods
        Of the rows.
    bins
        The states of the columns.
    known
        Names of the states.
    label
        What the plot shows.
    measure
        What the numbers are, with their unit.
    plot_id
        Of the element.
    """
    trace = go.Heatmap(
        z=values.astype(np.float32),
        hovertemplate="%{text}<br>%{z:.4g}<extra></extra>",
        colorscale="Cividis",
        colorbar=_bar(measure, 4),
        xgap=0.5 if len(bins) <= 60 else 0,
        ygap=1,
    )
    figure = go.Figure(trace, layout=_layout())
    ticks = named_places(len(bins))
    names = [known.names[bins.first[i]] for i in ticks]
    figure.update_xaxes(
        title_text="true state, in order",
        showgrid=False,
        zeroline=False,
        tickvals=ticks,
        ticktext=[plain(_short(name)) for name in names],
        tickangle=0 if max(map(len, names)) <= 6 else -30,
        automargin=True,
    )
    figure.update_yaxes(
        autorange="reversed",
        showgrid=False,
        zeroline=False,
        automargin=True,
        ticksuffix=" ",
        tickvals=list(range(len(methods))),
        ticktext=[plain(_short(name)) for name in methods],
    )
    link = {"kind": "columns", "methods": list(methods), **_where(bins)}
    return Plot(plot_id, label, _json(figure, link), 130 + 26 * len(methods), bins.note)


def matrix_plot(matrix: StateMatrix, known: States, plot_id: str) -> Plot:
    """Return the match of each recovered map (rows) with each true one (columns); the best of a row is marked."""
    values = np.array([[math.nan if each is None else each for each in row] for row in matrix.values])
    count = len(matrix.names)
    full = np.flatnonzero(np.isfinite(values).all(axis=1))
    figure = go.Figure(layout=_layout())
    figure.add_trace(
        go.Heatmap(
            z=values.astype(np.float32),
            hovertemplate="%{text}<br>%{z:.4g}<extra></extra>",
            colorscale="Viridis",
            colorbar=_bar("FSC AUC", 5),
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[int(values[row].argmax()) for row in full],
            y=full.tolist(),
            mode="markers",
            marker={"size": 5 if count > 40 else 7, "color": "white", "line": {"color": "black", "width": 1}},
            hoverinfo="skip",
        )
    )
    ticks = named_places(count)
    names = [plain(_short(matrix.names[i])) for i in ticks]
    long = max((len(name) for name in names), default=0) > 6
    shared = {"showgrid": False, "zeroline": False, "tickvals": ticks, "ticktext": names, "automargin": True}
    figure.update_xaxes(
        title_text="true map of state", tickangle=-40 if long else 0, range=[-0.5, count - 0.5], **shared
    )
    figure.update_yaxes(title_text="map recovered for state", range=[count - 0.5, -0.5], **shared)
    label = f"{matrix.method}: {matrix.protocol}, {matrix.convention} convention"
    link = {"kind": "matrix", "states": known.places(matrix.names)}
    return Plot(plot_id, label, _json(figure, link), 470)


def imbalance_plot(points: Sequence[ImbalancePoint], document: ResultsDocument, plot_id: str) -> Plot:
    """Return the information imbalance plane of one space: a point a method, joined to its shuffled latent."""
    styles = line_styles(document.methods)
    figure = go.Figure(layout=_layout())
    ends = [
        end for each in points for end in (each.to_space, each.from_space, each.floor_to_space, each.floor_from_space)
    ]
    top = 1.06 * max([1.0, *(end for end in ends if math.isfinite(end))])
    figure.add_shape(type="line", x0=0, y0=0, x1=top, y1=top, line={"color": "#858b93", "width": 1, "dash": "dot"})
    for point in points:
        style = styles[point.method]
        figure.add_trace(
            go.Scatter(
                x=[point.to_space, point.floor_to_space],
                y=[point.from_space, point.floor_from_space],
                mode="lines+markers",
                name=plain(point.method),
                line={"color": style.colour, "width": 1, "dash": "dot"},
                marker={
                    "symbol": [style.symbol or "star", "circle-open"],
                    "size": [11, 6],
                    "color": style.colour,
                },
                text=["", " (shuffled)"],
                hovertemplate=f"{plain(point.method)}%{{text}}<br>predicts it: %{{x:.3f}}<br>is predicted by it: "
                "%{y:.3f}<extra></extra>",
            )
        )
    space = points[0].space
    figure.update_xaxes(title_text=f"latent → {plain(_short(space))}", range=[-0.04 * top, top])
    figure.update_yaxes(title_text=f"{plain(_short(space))} → latent", range=[-0.04 * top, top], title_standoff=6)
    figure.update_layout(margin={"l": 52, "r": 10, "t": 10, "b": 48}, hovermode="closest")
    return Plot(plot_id, f"Information imbalance with {space}", _json(figure, {"kind": "still"}), 330)


def histogram_plot(histograms: Sequence[Histogram], document: ResultsDocument, plot_id: str) -> Plot:
    """Return histograms of one quantity, a line a method, as fractions of its particles; medians in the legend."""
    styles = line_styles(document.methods)
    first = histograms[0]
    figure = go.Figure(layout=_layout())
    for histogram in histograms:
        style = styles[histogram.method]
        share = np.asarray(histogram.counts, dtype=np.float64) / max(sum(histogram.counts), 1)
        figure.add_trace(
            go.Scatter(
                x=[float(f"{edge:.6g}") for edge in bin_axis(histogram.edges, histogram.unit).edges],
                y=_listed(np.append(share, 0.0)),
                mode="lines",
                line={"color": style.colour, "dash": style.dash, "width": 2, "shape": "hv"},
                name=plain(
                    f"{_short(histogram.method, _LEGEND_LETTERS - 14)}: median {histogram.median:.3g} {histogram.unit}"
                ),
                hovertemplate="%{y:.3f}",
            )
        )
    bins = bin_axis(first.edges, first.unit)
    ends = [bins.edges[0], bins.edges[-1]]
    figure.update_xaxes(title_text=plain(with_unit(first.quantity, first.unit)), range=ends, hoverformat=".3~g")
    if bins.logarithmic:
        ticks = decades(*ends)
        names = [f"{tick:g}" for tick in ticks]
        figure.update_xaxes(type="log", range=np.log10(ends).tolist(), tickvals=ticks, ticktext=names)
    figure.update_yaxes(title_text="fraction of particles", rangemode="tozero", title_standoff=8)
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    figure.update_layout(hovermode="x unified", showlegend=True, legend=legend)
    return Plot(plot_id, first.quantity, _json(figure, {"kind": "still"}), 420, bins.note)


def drawn_points(count: int) -> Int[np.ndarray, " drawn"]:
    """Return the indices of the points to draw, shape (min(count, MOST_POINTS),), ascending: the same at every call."""
    if count <= MOST_POINTS:
        return np.arange(count, dtype=np.int64)
    chosen = stream(0, "report points").choice(count, MOST_POINTS, replace=False)
    return np.sort(np.asarray(chosen, dtype=np.int64))


def plain(text: str) -> str:
    """Return text that plotly shows as it stands: no tags, templates or formulas are understood in it."""
    return html.escape(text, quote=False).replace("%{", "%\N{ZERO WIDTH SPACE}{").replace("$", "&#36;")


def _lines(items: Float[np.ndarray, "n x"], states: Int[np.ndarray, " n"]) -> tuple[Float[np.ndarray, "l x"], Bins]:
    """Return the curves that are kept, each with its states: every item, or where there are many means over states."""
    if len(items) <= MOST_LINES:
        single = tuple(states.tolist())
        return items, Bins(single, single, len(single))
    known, means = state_means(states, items)
    kept, bins = binned(means.T, known, MOST_LINES)
    return kept.T, bins


def _where(bins: Bins) -> dict[str, object]:
    return {"states": list(bins.first), "last": list(bins.last), "grouped": not bins.single}


def _json(figure: go.Figure, link: Mapping[str, object]) -> Markup:
    """Return a figure and its link as JSON with every character escaped that could end a ``<script>`` element."""
    beside = json.dumps(link, separators=(",", ":"), allow_nan=False)
    return script_text(f'{{"figure":{figure.to_json()},"link":{beside}}}')


def _short(name: str, most: int = _SHORT) -> str:
    if len(name) <= most:
        return name
    shortened = textwrap.shorten(name, most, placeholder="…")
    return shortened if len(shortened) > most // 2 else f"{name[: most - 1].rstrip()}…"


def _bar(measure: str, ticks: int) -> dict[str, Any]:
    words = "<br>".join(map(plain, textwrap.wrap(measure, _BAR_LETTERS)[:3]))
    title = {"text": words, "side": "right", "font": {"size": 12}}
    return {"thickness": 10, "outlinewidth": 0, "len": 1.0, "nticks": ticks, "title": title}


def _layout() -> dict[str, Any]:
    return {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13},
        "margin": {"l": 60, "r": 16, "t": 16, "b": 72},
        "showlegend": False,
    }


def _mean_trace(curve: Curve, name: str, style: LineStyle, *, in_angstrom: bool) -> go.Scatter:
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
    name = plain(_short(curve.method, _LEGEND_LETTERS))
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
            # Beside the axes: within them the words would meet the markers.
            annotation={"text": str(threshold), "font": {"size": 11}, "x": 1, "xanchor": "left", "yanchor": "middle"},
        )
    figure.update_layout(margin={"r": 42})


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
        "showSendToCloud": False,
        "modeBarButtons": [["toImage"], ["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
    }
