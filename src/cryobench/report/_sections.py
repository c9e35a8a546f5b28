"""What a page says of one dataset, ready for the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from cryobench.core import DatasetCard, PublishedScore, Results, ResultsDocument
from cryobench.report._comparisons import ComparisonGroup, comparison_groups
from cryobench.report._decks import (
    Deck,
    curve_decks,
    histogram_deck,
    imbalance_plots,
    matrix_deck,
    state_deck,
)
from cryobench.report._encode import script_json
from cryobench.report._figures import Plot
from cryobench.report._key import KeyEntry, method_key
from cryobench.report._meshes import MeshSet, mesh_set
from cryobench.report._pictures import Grid, picture_grids
from cryobench.report._published import Quoted, quoted
from cryobench.report._scatter import LatentViews, latent_views
from cryobench.report._states import States, known_states
from cryobench.report._style import known_method
from cryobench.report._table import ScoreTable, score_table


@dataclass(frozen=True)
class Volumes:
    """Iso-surfaces: the methods that have some, with their places among all, and what the script reads."""

    methods: tuple[tuple[int, str], ...]
    meshes: MeshSet
    json: Markup


@dataclass(frozen=True)
class DatasetSection:
    """One dataset of a page.

    ``id`` begins the ids of its elements; ``json`` is what the script shares among its parts; ``bare`` means that no
    arrays came with the document.
    """

    id: str
    document: ResultsDocument
    states: States
    key: tuple[KeyEntry, ...]
    roles: dict[str, str]
    table: ScoreTable
    quoted: Quoted
    comparisons: tuple[ComparisonGroup, ...]
    shells: Deck
    curves: Deck
    by_state: Deck
    matrices: Deck
    imbalance: tuple[Plot, ...]
    histograms: Deck
    volumes: Volumes | None
    latents: LatentViews | None
    particles: tuple[Grid, ...]
    projections: tuple[Grid, ...]
    bare: bool
    json: Markup

    @property
    def card(self) -> DatasetCard:
        """Return the dataset's card."""
        return self.document.dataset


def dataset_section(
    results: Results, place: int, published: Sequence[PublishedScore], mesh_bytes: int
) -> DatasetSection:
    """Return what a page says of one dataset.

    Parameters
    ----------
    results
        A run on the dataset.
    place
        Of the dataset on the page.
    published
        Quoted scores of any dataset.
    mesh_bytes
        How many bytes its surfaces may take.

    Raises
    ------
    InputError
        If a record belongs to a method that the document does not describe, or two scores claim one place.
    """
    document = results.document
    name = f"d{place}"
    roles: dict[str, str] = {card.name: card.role for card in document.methods}
    states = known_states(results)
    table = score_table(document)
    shells, curves = curve_decks(results, name)
    grids = picture_grids(results.pictures)
    comparisons = comparison_groups(document)
    for embedding in results.embeddings:
        known_method(embedding.method, roles)
    return DatasetSection(
        id=name,
        document=document,
        states=states,
        key=method_key(document.methods),
        roles=roles,
        table=table,
        quoted=quoted(document.dataset, table, published),
        comparisons=tuple(comparisons),
        shells=shells,
        curves=curves,
        by_state=state_deck(results, states, name),
        matrices=matrix_deck(document, states, name),
        imbalance=imbalance_plots(document, name),
        histograms=histogram_deck(document, name),
        volumes=_volumes(results, roles, mesh_bytes),
        latents=latent_views(results.embeddings, document.coordinate, roles, name) if results.embeddings else None,
        particles=tuple(grid for grid in grids if grid.group != "volumes"),
        projections=tuple(grid for grid in grids if grid.group == "volumes"),
        bare=not (results.items or results.embeddings or results.pictures or results.surfaces),
        json=script_json(
            {
                "names": states.names,
                "values": [None if value is None else float(f"{value:.6g}") for value in states.values],
                "coordinate": document.coordinate.name,
                "unit": document.coordinate.unit,
                "comparisons": comparisons,
            }
        ),
    )


def _volumes(results: Results, roles: dict[str, str], most_bytes: int) -> Volumes | None:
    methods = list(roles)
    for surface in results.surfaces:
        if surface.method is not None:
            known_method(surface.method, roles)
    meshes = mesh_set(results.surfaces, methods, most_bytes)
    if not meshes.meshes:
        return None
    found = {mesh["method"] for mesh in meshes.meshes if mesh["method"] >= 0}
    shown = sorted(found, key=lambda place: (roles[methods[place]] != "method", place))
    colours = {entry.method.name: entry.colour for entry in method_key(results.document.methods)}
    content = {
        "meshes": meshes.meshes,
        "colours": [colours[name] for name in methods],
        "chosen": shown[0] if shown else -1,
        "reach": meshes.reach,
        "states": meshes.states,
    }
    return Volumes(tuple((i, methods[i]) for i in shown), meshes, script_json(content))
