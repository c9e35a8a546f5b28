"""The sign of each method, line and marker, as a small drawing for the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from cryobench.core import MethodCard
from cryobench.report._style import LineStyle, line_styles

_DASHES = {"solid": "", "longdash": "7 3", "dashdot": "6 2 2 2", "longdashdot": "8 2 2 2", "dash": "5 3", "dot": "2 3"}
_SHAPES = {
    "circle": '<circle cx="14" cy="7" r="3.6"/>',
    "square": '<path d="M10.6 3.6h6.8v6.8h-6.8z"/>',
    "diamond": '<path d="M14 2.4 18.6 7 14 11.6 9.4 7z"/>',
    "triangle-up": '<path d="M14 2.6 18.4 10.6H9.6z"/>',
    "cross": '<path d="M12.4 3h3.2v2.4H18v3.2h-2.4V11h-3.2V8.6H10V5.4h2.4z"/>',
    "x": '<path d="M10.6 4.8 12 3.4l2 2 2-2 1.4 1.4-2 2.2 2 2.2-1.4 1.4-2-2-2 2-1.4-1.4 2-2.2z"/>',
}


@dataclass(frozen=True)
class KeyEntry:
    """A method with its sign and colour."""

    method: MethodCard
    colour: str
    sign: Markup


def method_key(methods: Sequence[MethodCard]) -> tuple[KeyEntry, ...]:
    """Return the methods with their signs."""
    styles = line_styles(methods)
    return tuple(KeyEntry(card, styles[card.name].colour, _sign(styles[card.name])) for card in methods)


def _sign(style: LineStyle) -> Markup:
    hollow = style.symbol.endswith("-open")
    shape = _SHAPES.get(style.symbol.removesuffix("-open"), "")
    fill = "none" if hollow else style.colour
    # Made of our own numbers and colours alone.
    return Markup(
        f'<svg class="sign" width="28" height="14" viewBox="0 0 28 14" aria-hidden="true" stroke="{style.colour}">'
        f'<path d="M0 7h28" stroke-width="2" stroke-dasharray="{_DASHES[style.dash]}" fill="none"/>'
        f'<g fill="{fill}" stroke-width="{1.5 if hollow else 0}">{shape}</g></svg>'
    )
