"""States by the ten thousand: means of neighbours, and what they are of."""

from __future__ import annotations

import numpy as np
from made_up import AUC, make_results

from cryobench.core import Curve, ItemValues, Results
from cryobench.report import figure_files
from cryobench.report._bins import binned, state_means
from cryobench.report._decks import curve_decks, state_deck, state_tables
from cryobench.report._states import curve_states, known_states


def test_state_means_are_those_of_each_state() -> None:
    rng = np.random.default_rng(3)
    states = rng.choice(np.array([2, 5, 7, 40_000]), 200).astype(np.int32)
    values = rng.standard_normal((200, 4))
    found, means = state_means(states, values)
    assert found.tolist() == [2, 5, 7, 40_000]
    for state, mean in zip(found, means, strict=True):
        np.testing.assert_allclose(mean, values[states == state].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(state_means(states, values[:, 0])[1], means[:, 0])


def test_few_states_stay_single() -> None:
    values = np.array([[1.0, np.nan, 3.0]])
    same, bins = binned(values, np.array([1, 4, 9]), 3)
    np.testing.assert_array_equal(same, values)
    assert (bins.first, bins.last, bins.single, bins.note) == ((1, 4, 9), (1, 4, 9), True, "")


def test_neighbours_share_a_bin_and_every_state_is_in_one() -> None:
    states = np.arange(0, 46_789 * 2, 2)
    values = np.stack([states.astype(float), np.where(states < 1000, np.nan, 1.0)])
    means, bins = binned(values, states, 500)
    assert means.shape == (2, len(bins)) == (2, 500)
    assert bins.first[0] == 0
    assert bins.last[-1] == states[-1]
    assert all(after - last == 2 for last, after in zip(bins.last[:-1], bins.first[1:], strict=True))
    np.testing.assert_allclose(means[0], [(low + high) / 2 for low, high in zip(bins.first, bins.last, strict=True)])
    assert np.isnan(means[1, 0])
    assert set(means[1, 10:]) == {1.0}
    assert bins.note.startswith("46,789 states in 500 groups: each is the mean over about 94")
    assert bins.names([f"s{i}" for i in range(2 * 46_789)])[0] == f"s0 to s{bins.last[0]}"


def test_heat_maps_are_no_wider_than_a_page() -> None:
    results = make_results(states=3000, images=40, points=100, surface_states=2, rings=4)
    deck = state_deck(results, known_states(results), "d0")
    assert [bool(plot.note) for plot in deck.plots] == [False, False, True]
    assert "3,000 states in 500 groups" in deck.plots[2].note
    assert len(deck.plots[2].json) < 60_000
    drawn = [path for path, _ in figure_files([results], ["svg"]) if "/states-" in path]
    assert len(drawn) == 3


def test_curves_of_any_protocol_are_shown_with_their_states() -> None:
    results = make_results(states=3000, images=200, points=100, surface_states=2, rings=4)
    shells, others = curve_decks(results, "d0")
    assert [plot.label.partition(": ")[2] for plot in shells.plots] == [
        "per-image · standard convention", "per-image · published convention",
    ]  # fmt: skip
    assert len(others.plots) == 1
    assert "200 states in 150 groups" in shells.plots[0].note


def test_a_curve_is_of_the_state_that_it_names() -> None:
    document = make_results(states=30, images=3, points=60, surface_states=1, rings=4).document
    names = [state.name for state in document.states]
    curve = Curve(metric=AUC, method="ppca", protocol="per-image", convention="standard", label="FSC", x=(0.0,),
                  x_label="", x_unit="1/Å", mean=(1.0,), item_names=(names[7], names[2]),
                  items=((1.0,), (0.5,)))  # fmt: skip
    # As many values as curves, in another order.
    items = ItemValues(AUC, "ppca", "per-image", "standard", {}, "particles", np.array([2, 7]),
                       np.array([2, 7], np.int32), np.array([0.5, 1.0]))  # fmt: skip
    assert curve_states(curve, Results(document, items=(items,))) == (7, 2)


def test_tables_keep_the_states_of_each_method() -> None:
    first = ItemValues(AUC, "ppca", "per-image", "standard", {}, "particles", np.arange(3),
                       np.array([1, 1, 6], np.int32), np.array([0.2, 0.4, 0.9]))  # fmt: skip
    second = ItemValues(AUC, "oracle", "per-image", "standard", {}, "particles", np.arange(1),
                        np.array([4], np.int32), np.array([0.7]))  # fmt: skip
    document = make_results(states=8, images=2, points=16, surface_states=1, rings=4).document
    (table,) = state_tables(Results(document, items=(first, second)))
    values, methods, bins = table.grid(["oracle", "shuffle", "ppca"])
    assert (methods, bins.first) == (["oracle", "ppca"], (1, 4, 6))
    np.testing.assert_allclose(values, [[np.nan, 0.7, np.nan], [0.3, np.nan, 0.9]])
