"""Figures of one kind of which a reader looks at one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cryobench.core import Histogram, ImbalancePoint, ItemValues, Results, ResultsDocument
from cryobench.report._bins import MOST_COLUMNS, Bins, binned, state_means
from cryobench.report._curves import CurveGroup, group_curves, item_means
from cryobench.report._families import ORDER, family
from cryobench.report._figures import Plot, curve_plot, histogram_plot, imbalance_plot, matrix_plot, state_plot
from cryobench.report._states import States, curve_states
from cryobench.report._style import known_method, protocol_text, with_unit


@dataclass(frozen=True)
class Deck:
    """Plots with what they are called, and what is chosen between."""

    id: str
    chooser: str
    plots: tuple[Plot, ...]

    def __bool__(self) -> bool:
        return bool(self.plots)


def curve_decks(results: Results, prefix: str) -> tuple[Deck, Deck]:
    """Return the Fourier shell correlations, and all other curves; the standard convention first."""
    groups = sorted(group_curves(results.document), key=_rank)
    shells = [group for group in groups if group.is_shell_correlation]
    others = [group for group in groups if not group.is_shell_correlation]
    return _curves(shells, results, f"{prefix}-shells"), _curves(others, results, f"{prefix}-curves")


Means = tuple[Int[np.ndarray, " S"], Float[np.ndarray, " S"]]
"""States, ascending, and a number of each."""


@dataclass(frozen=True)
class StateTable:
    """One number for each method and state: its label, what it is, and by method the states and their numbers."""

    label: str
    measure: str
    means: dict[str, Means]

    def grid(self, order: Sequence[str]) -> tuple[Float[np.ndarray, "m B"], list[str], Bins]:
        """Return the numbers, NaN where there is none, methods of the rows in this order, and states of the columns.

        Neighbouring states share a column where there are more than :data:`~cryobench.report._bins.MOST_COLUMNS`.
        """
        methods = [method for method in order if method in self.means]
        states = np.unique(np.concatenate([self.means[method][0] for method in methods] or [np.empty(0, np.int64)]))
        values = np.full((len(methods), len(states)), np.nan)
        for row, method in enumerate(methods):
            own, numbers = self.means[method]
            values[row, np.searchsorted(states, own)] = numbers
        means, bins = binned(values, states, MOST_COLUMNS)
        return means, methods, bins


def state_deck(results: Results, states: States, prefix: str) -> Deck:
    """Return heat maps of the mean over each state of every measure that has values item by item."""
    order = [card.name for card in results.document.methods]
    plots: list[Plot] = []
    for table in state_tables(results):
        values, methods, bins = table.grid(order)
        if len(bins) > 1:
            plots.append(
                state_plot(values, methods, bins, states, table.label, table.measure, f"{prefix}-states-{len(plots)}")
            )
    return Deck(f"{prefix}-states", "Measure", tuple(plots))


def state_tables(results: Results) -> list[StateTable]:
    """Return the mean over each state of every measure that has values item by item, maps before latents and poses.

    Where no values came with the results, means of the curves stand in for them.
    """
    methods = {card.name: card.role for card in results.document.methods}
    groups: dict[tuple[str, ...], list[ItemValues]] = {}
    for items in results.items:
        known_method(items.method, methods)
        groups.setdefault(items.key, []).append(items)
    tables = []
    for members in sorted(groups.values(), key=_rank_of_items):
        first = members[0]
        protocol = protocol_text(first.protocol, first.convention, first.parameters)
        measure = with_unit(first.metric.label, first.metric.unit)
        label = f"{measure} · {protocol}"
        tables.append(
            StateTable(label, measure, {each.method: state_means(each.states, each.values) for each in members})
        )
    return tables or _from_curves(results)


def matrix_deck(document: ResultsDocument, states: States, prefix: str) -> Deck:
    """Return the matrices of recovered by true states, in the order of the methods, controls last."""
    order = {card.name: (card.role != "method", place) for place, card in enumerate(document.methods)}
    placed = sorted(document.matrices, key=lambda matrix: order[known_method(matrix.method, order)])
    plots = tuple(matrix_plot(matrix, states, f"{prefix}-matrix-{i}") for i, matrix in enumerate(placed))
    return Deck(f"{prefix}-matrix", "Method", plots)


def imbalance_plots(document: ResultsDocument, prefix: str) -> tuple[Plot, ...]:
    """Return a plane for each space, in the order first met."""
    order = {card.name: place for place, card in enumerate(document.methods)}
    spaces: dict[str, list[ImbalancePoint]] = {}
    for point in document.imbalance:
        known_method(point.method, order)
        spaces.setdefault(point.space, []).append(point)
    return tuple(
        imbalance_plot(sorted(points, key=lambda point: order[point.method]), document, f"{prefix}-imbalance-{i}")
        for i, points in enumerate(spaces.values())
    )


def histogram_deck(document: ResultsDocument, prefix: str) -> Deck:
    """Return histograms, a plot for each quantity."""
    order = {card.name: place for place, card in enumerate(document.methods)}
    quantities: dict[tuple[str, str], list[Histogram]] = {}
    for histogram in document.histograms:
        known_method(histogram.method, order)
        quantities.setdefault((histogram.quantity, histogram.unit), []).append(histogram)
    plots = tuple(
        histogram_plot(sorted(members, key=lambda each: order[each.method]), document, f"{prefix}-histogram-{i}")
        for i, members in enumerate(quantities.values())
    )
    return Deck(f"{prefix}-histogram", "Quantity", plots)


def _curves(groups: Sequence[CurveGroup], results: Results, name: str) -> Deck:
    plots = tuple(
        curve_plot(
            group,
            results.document,
            {curve.method: curve_states(curve, results) for curve in group.curves},
            f"{name}-{i}",
        )
        for i, group in enumerate(groups)
    )
    return Deck(name, "Curve", plots)


def _rank(group: CurveGroup) -> tuple[bool, bool]:
    return group.protocol != "per-conformation", group.convention == "published"


def _rank_of_items(members: Sequence[ItemValues]) -> tuple[int, bool, bool, bool]:
    first = members[0]
    return (
        ORDER.index(family(first.metric.name)),
        first.metric.name != "fsc-auc",
        first.protocol != "per-conformation",
        first.convention == "published",
    )


def _from_curves(results: Results) -> list[StateTable]:
    tables = []
    for group in sorted(group_curves(results.document), key=_rank):
        means: dict[str, Means] = {}
        for curve in group.curves:
            places = curve_states(curve, results)
            if places is not None:
                means[curve.method] = state_means(np.asarray(places), item_means(curve))
        if means:
            measure = f"mean of {group.label}"
            tables.append(StateTable(f"mean over the curve · {group.title}", measure, means))
    return tables
