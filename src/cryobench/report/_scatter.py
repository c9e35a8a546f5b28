"""Latent spaces as points that the page's script draws: positions of each, and states and colours once for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from cryobench.core import Coordinate, Embedding, stream
from cryobench.report._encode import quantised, script_json, whole_numbers
from cryobench.report._figures import drawn_points
from cryobench.report._style import colour_limits, colour_map


@dataclass(frozen=True)
class LatentView:
    """One drawing: whose latents, which kind, and how many of how many points are drawn."""

    id: str
    method: str
    kind: str
    role: str
    drawn: int
    count: int


@dataclass(frozen=True)
class LatentViews:
    """The drawings of a dataset by method; ``json`` holds their points."""

    rows: tuple[tuple[str, tuple[LatentView, ...]], ...]
    json: Markup
    gradient: str
    low: str
    high: str
    cyclic: bool


def embeddings_by_method(embeddings: Sequence[Embedding], methods: Sequence[str]) -> list[tuple[str, list[Embedding]]]:
    """Return the drawings of each method that has some, methods in this order, kinds in the order first met."""
    kinds = list(dict.fromkeys(each.kind for each in embeddings))
    placed = sorted(embeddings, key=lambda each: kinds.index(each.kind))
    found = [(name, [each for each in placed if each.method == name]) for name in methods]
    return [(name, members) for name, members in found if members]


def latent_views(
    embeddings: Sequence[Embedding], coordinate: Coordinate, roles: dict[str, str], prefix: str
) -> LatentViews:
    """Return latent spaces in the order of the methods; at most some thousand points of each.

    Parameters
    ----------
    embeddings
        The drawings.
    coordinate
        What the points are coloured by.
    roles
        Role of each method, in the order of the methods.
    prefix
        Of the elements' ids.
    """
    pools: list[dict[str, object]] = []
    drawings: list[dict[str, object]] = []
    rows = []
    for method, members in embeddings_by_method(embeddings, list(roles)):
        views = []
        for embedding in members:
            count = len(embedding.points)
            chosen = drawn_points(count)
            # In the order of the file the last states would hide the first.
            chosen = chosen[stream(0, "order of points").permutation(len(chosen))]
            pool: dict[str, object] = {
                "states": whole_numbers(embedding.labels[chosen]),
                "colours": quantised(embedding.colours[chosen]),
            }
            if pool not in pools:
                pools.append(pool)
            view = LatentView(
                f"{prefix}-latent-{len(drawings)}", method, embedding.kind, roles[method], len(chosen), count
            )
            points = embedding.points[chosen].astype(np.float64)
            drawings.append(
                {
                    "id": view.id,
                    "pool": pools.index(pool),
                    "x": quantised(points[:, 0]),
                    "y": quantised(points[:, 1]),
                }
            )
            views.append(view)
        rows.append((method, tuple(views)))
    values = [value for each in embeddings for value in np.unique(each.colours).tolist()]
    low, high = colour_limits(coordinate, values)
    scale = {"colours": colour_map(coordinate), "low": low, "high": high, "cyclic": coordinate.cyclic}
    return LatentViews(
        tuple(rows),
        script_json({"pools": pools, "drawings": drawings, "scale": scale}),
        ", ".join(colour_map(coordinate)),
        f"{low:.4g}",
        f"{high:.4g}",
        coordinate.cyclic,
    )
