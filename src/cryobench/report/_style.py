"""Colours, dashes and words that every table and figure of a report shares.

Methods are told apart by dash and marker as well as by colour (Okabe and Ito's, which survive the common forms of
colour blindness). Controls are grey: the ceiling dashed, the floor dotted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryobench.core import Coordinate, InputError, MethodCard
from cryobench.core.words import parameter_words

# Okabe-Ito without black and yellow, which vanish on a dark and on a light page.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DASHES = ("solid", "longdash", "dashdot", "longdashdot")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
_GREY = "#858b93"
# The first control of a role needs no marker to be told apart; hollow ones mark those after it.
_CONTROL_SYMBOLS = ("", "circle-open", "square-open", "diamond-open")

# colorcet's cyclic_mrybm_35-75 (Kovesi 2015): lightness stays within 35-75, so no point vanishes on white or on black.
CYCLIC = (
    "#f884f7", "#f968c4", "#ea4388", "#cf244b", "#b51a15", "#bd4304", "#cc6904", "#d58f04", "#cfaa27",
    "#a19f62", "#588a93", "#2269c4", "#3e3ef0", "#6b4ef9", "#956bfa", "#cd7dfe", "#f884f7",
)  # fmt: skip
# viridis, ending before its pale yellow.
SEQUENTIAL = ("#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b")


@dataclass(frozen=True)
class LineStyle:
    """How one method is drawn: a hexadecimal colour, a plotly dash, a plotly marker symbol (or ``""``)."""

    colour: str
    dash: str
    symbol: str


def line_styles(methods: Sequence[MethodCard]) -> dict[str, LineStyle]:
    """Return the style of each method by name; it depends on nothing but the order of the methods."""
    styles: dict[str, LineStyle] = {}
    seen: Counter[str] = Counter()
    for card in methods:
        place = seen[card.role]
        seen[card.role] += 1
        if card.role == "method":
            # Shifted by one each time the colours run out, so that no two methods share colour, dash and marker.
            shifted = place + place // len(_COLOURS)
            colour, dash = _COLOURS[place % len(_COLOURS)], _DASHES[shifted % len(_DASHES)]
            styles[card.name] = LineStyle(colour, dash, _SYMBOLS[shifted % len(_SYMBOLS)])
        else:
            dash = "dash" if card.role == "ceiling" else "dot"
            styles[card.name] = LineStyle(_GREY, dash, _CONTROL_SYMBOLS[place % len(_CONTROL_SYMBOLS)])
    return styles


def known_method(name: str, methods: Mapping[str, object]) -> str:
    """Return ``name`` if the document has a card for it.

    Raises
    ------
    InputError
        Naming the record's method and those that the document describes.
    """
    if name not in methods:
        raise InputError(f"results hold a record of method '{name}' but describe only: {', '.join(methods) or 'none'}")
    return name


def colour_limits(coordinate: Coordinate, values: Sequence[float]) -> tuple[float, float]:
    """Return the values at both ends of the colour scale, in the coordinate's unit.

    A cyclic coordinate in degrees or radians takes its whole period, so that the two ends meet in one colour.
    """
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    period = coordinate.period
    if period is not None and high - low <= period:
        for start in (0.0, -period / 2):
            if start <= low and high <= start + period:
                return start, start + period
        return low, low + period
    return (low, high) if high > low else (low, low + 1.0)


def colour_map(coordinate: Coordinate) -> tuple[str, ...]:
    """Return the evenly spaced colours of the scale for a coordinate, as hexadecimal strings."""
    return CYCLIC if coordinate.cyclic else SEQUENTIAL


def parameters_text(parameters: Mapping[str, float | int | str]) -> str:
    """Return parameters as words, such as ``"k = 10, mask = soft"``, in alphabetical order of their names."""
    return ", ".join(parameter_words(name, parameters[name]) for name in sorted(parameters))


def protocol_text(
    protocol: str, convention: str, parameters: Mapping[str, float | int | str] | None = None, statistic: str = ""
) -> str:
    """Return what was done as one phrase, leaving out what is empty."""
    parts = (statistic, protocol, f"{convention} convention" if convention else "", parameters_text(parameters or {}))
    return " · ".join(part for part in parts if part)


def with_unit(name: str, unit: str) -> str:
    """Return ``"name (unit)"``, or the name alone where there is no unit."""
    return f"{name} ({unit})" if unit else name


def axis_name(kind: str, place: int) -> str:
    """Return what an axis of a drawing of latents is, the first or the second."""
    return f"{'PC' if kind == 'PCA' else kind} {place}"


def literal(text: str) -> str:
    """Return text that matplotlib shows as it stands, without reading formulas in it."""
    return text.replace("$", r"\$")


def legend_name(text: str) -> str:
    """Return text that a legend of matplotlib shows as it stands; a leading underscore would hide it."""
    return f"\N{ZERO WIDTH SPACE}{literal(text)}" if text.startswith("_") else literal(text)
