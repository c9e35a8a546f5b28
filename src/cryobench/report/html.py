"""Results to one HTML page that needs nothing else: no network, no file beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from cryobench.core import Coordinate, Embedding, Results
from cryobench.report._curves import CurveGroup, group_curves
from cryobench.report._figures import Plot, config, curve_plot, drawn_points, embedding_plot, item_plot
from cryobench.report._pictures import picture_grids
from cryobench.report._style import colour_limits, colour_map, known_method, with_unit
from cryobench.report._table import comparison_rows, score_table


@dataclass(frozen=True)
class CurveSection:
    """Curves of one kind and, where the items of all methods line up, their means item by item."""

    group: CurveGroup
    plot: Plot
    items: Plot | None


@dataclass(frozen=True)
class LatentSection:
    """One latent space: how many of its points are drawn, and the plot."""

    embedding: Embedding
    drawn: int
    plot: Plot


def render_report(results: Results) -> str:
    """Return a report as one HTML document; the same results give the same text.

    Parameters
    ----------
    results
        A run. Every name in it is shown as text, whatever it holds.

    Raises
    ------
    InputError
        If a record belongs to a method that the document does not describe, or two scores claim one place.
    """
    document = results.document
    curves = [
        CurveSection(group, curve_plot(group, document, f"curve-{i}"), item_plot(group, f"items-{i}"))
        for i, group in enumerate(group_curves(document))
    ]
    latents = _latents(results)
    plots = [plot for section in curves for plot in (section.plot, section.items) if plot]
    plots += [section.plot for section in latents]
    return _environment().get_template("report.html.j2").render(
        document=document,
        card=document.dataset,
        roles={card.name: card.role for card in document.methods},
        table=score_table(document),
        comparisons=comparison_rows(document.comparisons),
        curves=curves,
        latents=latents,
        scale=_scale_legend(document.coordinate, results.embeddings),
        grids=picture_grids(results.pictures),
        plots=plots,
        config=config(),
        plotly=Markup(_plotly()) if plots else "",  # plotly's own code, from its package
    )  # fmt: skip


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("cryobench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["with_unit"] = with_unit
    return environment


def _latents(results: Results) -> list[LatentSection]:
    """Return the latent spaces, those of one kind together, in the order of the methods."""
    order = {card.name: place for place, card in enumerate(results.document.methods)}
    kinds = list(dict.fromkeys(embedding.kind for embedding in results.embeddings))
    placed = sorted(results.embeddings, key=lambda e: (kinds.index(e.kind), order[known_method(e.method, order)]))
    return [
        LatentSection(
            embedding,
            len(drawn_points(len(embedding.points))),
            embedding_plot(embedding, results.document.coordinate, f"latent-{i}"),
        )
        for i, embedding in enumerate(placed)
    ]


def _scale_legend(coordinate: Coordinate, embeddings: Sequence[Embedding]) -> dict[str, str]:
    """Return the colour scale as a CSS gradient with the values at its ends."""
    values = [value for embedding in embeddings for value in embedding.colours.tolist()]
    low, high = colour_limits(coordinate, values)
    return {"gradient": ", ".join(colour_map(coordinate)), "low": f"{low:.4g}", "high": f"{high:.4g}"}


def _plotly() -> str:
    code: str = get_plotlyjs()
    # Both would change how a browser reads the rest of the page; no release of plotly.js has held them.
    return code.replace("</script", "<\\/script").replace("<!--", "<\\!--")
