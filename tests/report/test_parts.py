"""The pieces a page is put together from."""

from __future__ import annotations

import base64
import io
import math
import struct

import numpy as np
import pytest
from PIL import Image

from cryobench.core import Coordinate, Interval, Picture, Results
from cryobench.report import overview_figure
from cryobench.report._bins import named_places
from cryobench.report._curves import band, frequency_ticks
from cryobench.report._encode import whole_numbers
from cryobench.report._figures import MOST_POINTS, drawn_points, plain
from cryobench.report._pictures import grey_levels, picture_grids, scale_bar
from cryobench.report._style import colour_limits, line_styles
from cryobench.report._table import decimals, number, score_table, signed


@pytest.mark.parametrize(
    ("half", "places"), [(0.021, 3), (0.0004, 4), (1e-9, 4), (0.3, 2), (2.0, 1), (40.0, 0), (0.0, 3)]
)
def test_decimals_follow_the_interval(half: float, places: int) -> None:
    assert decimals([Interval(low=1 - half, high=1 + half, kind="any")]) == places


@pytest.mark.parametrize(
    ("value", "text"), [(0.12345, "0.123"), (-0.5, "\N{MINUS SIGN}0.500"), (-1e-9, "0.000"), (math.nan, "not finite")]
)
def test_numbers(value: float, text: str) -> None:
    assert number(value, 3) == text


def test_signs() -> None:
    assert signed(0.25, 2) == "+0.25"
    assert signed(-0.25, 2) == "\N{MINUS SIGN}0.25"


def test_a_lone_method_is_not_the_best(results: Results) -> None:
    document = results.document
    methods = tuple(card for card in document.methods if card.role != "method" or card.name == "ppca")
    names = {card.name for card in methods}
    scores = tuple(score for score in document.scores if score.method in names)
    table = score_table(document.model_copy(update={"methods": methods, "scores": scores}))
    assert not any(cell.standing for row in (*table.methods, *table.controls) for cell in row.cells if cell)


def test_lower_can_be_better(results: Results) -> None:
    table = score_table(results.document)
    best = [row.method.name for row in table.methods if row.cells[6] and row.cells[6].standing == "best"]
    assert table.columns[6].metric.direction == "lower"
    assert best == ["ppca"]


def test_medians_are_not_told_apart_by_means(results: Results) -> None:
    table = score_table(results.document)
    statistics = {column.scores[0].statistic: column.compared for column in table.columns[:2]}
    assert statistics == {"mean": True, "median": False}


def test_styles_differ(results: Results) -> None:
    styles = line_styles(results.document.methods)
    assert len(set(styles.values())) == len(styles)
    many = [card.model_copy(update={"name": str(i), "role": "method"}) for card in results.document.methods[:1]
            for i in range(24)]  # fmt: skip
    assert len(set(line_styles(many).values())) == 24


@pytest.mark.parametrize(
    ("unit", "cyclic", "values", "limits"),
    [
        ("°", True, [0, 345], (0, 360)),
        ("degrees", True, [-170, 170], (-180, 180)),
        ("rad", True, [0, 6], (0, math.tau)),
        ("°", True, [200, 400], (200, 560)),
        ("°", False, [10, 20], (10, 20)),
        ("Å", False, [3, 3], (3, 4)),
        ("", True, [], (0, 1)),
    ],
)
def test_colour_limits(unit: str, cyclic: bool, values: list[float], limits: tuple[float, float]) -> None:
    assert colour_limits(
        Coordinate(name="q", unit=unit, cyclic=cyclic), [float(value) for value in values]
    ) == pytest.approx(limits)


def test_band_is_the_percentiles_over_items(results: Results) -> None:
    curve = results.document.curves[0]
    limits = band(curve)
    assert limits is not None
    assert limits[0] == pytest.approx(np.percentile(np.array(curve.items), 10, axis=0))
    assert limits[1] == pytest.approx(np.percentile(np.array(curve.items), 90, axis=0))
    assert band(curve.model_copy(update={"items": curve.items[:1], "item_names": curve.item_names[:1]})) is None
    holed = ((math.nan,) * len(curve.x), *curve.items[1:])
    assert band(curve.model_copy(update={"items": holed})) is None


@pytest.mark.parametrize("highest", [1 / 6, 0.5, 0.0333, 1.0, 0.25])
def test_frequency_ticks_name_the_resolution(highest: float) -> None:
    ticks, labels = frequency_ticks(highest)
    assert 4 <= len(ticks) <= 12
    assert ticks[0] == 0
    assert ticks[-1] <= highest * (1 + 1e-6)
    for tick, label in zip(ticks[1:], labels[1:], strict=True):
        frequency, resolution = label.split("\n")
        assert float(frequency) == pytest.approx(tick)
        assert float(resolution.removeprefix("1/")) == pytest.approx(1 / tick, rel=6e-3)


def test_no_frequency_no_ticks() -> None:
    assert frequency_ticks(0.0) == ([], [])


def test_points_are_thinned_the_same_way_each_time() -> None:
    chosen = drawn_points(3 * MOST_POINTS)
    assert len(np.unique(chosen)) == MOST_POINTS
    np.testing.assert_array_equal(chosen, drawn_points(3 * MOST_POINTS))
    np.testing.assert_array_equal(drawn_points(7), np.arange(7))


def test_plotly_is_told_nothing_by_a_name() -> None:
    assert plain("<b>%{x}</b>") == "&lt;b&gt;%\N{ZERO WIDTH SPACE}{x}&lt;/b&gt;"


def test_grey_levels_reach_both_ends_and_survive_flat_and_broken_images() -> None:
    ramp = np.linspace(-3, 5, 64 * 64, dtype=np.float32).reshape(64, 64)
    levels = grey_levels(ramp)
    assert (levels.min(), levels.max()) == (0, 255)
    assert (grey_levels(np.full((8, 8), 2, dtype=np.float32)) == 0).all()
    ramp[0, 0] = np.nan
    assert grey_levels(ramp)[0, 0] == 0
    assert (grey_levels(np.full((8, 8), np.nan, dtype=np.float32)) == 0).all()


@pytest.mark.parametrize(("edge", "bar"), [(384, 100), (192, 50), (90, 20), (0.5, 0.1), (0, 0)])
def test_scale_bar_is_round(edge: float, bar: float) -> None:
    assert scale_bar(float(edge)) == pytest.approx(bar)


def test_grid_keeps_order_and_holes() -> None:
    flat = np.arange(64, dtype=np.float32).reshape(8, 8)
    pictures = [Picture("volumes", "b", "2", flat, 3.0, "slice"), Picture("volumes", "a", "1", flat, 3.0, "slice")]
    (grid,) = picture_grids(pictures)
    assert grid.columns == ("2", "1")
    assert [(row, [tile is not None for tile in tiles]) for row, tiles in grid.rows] == [
        ("b", [True, False]),
        ("a", [False, True]),
    ]
    tile = grid.rows[0][1][0]
    assert tile is not None
    assert (tile.width, tile.height, tile.pixelated) == (128, 128, True)
    with Image.open(io.BytesIO(base64.b64decode(tile.uri.partition(",")[2]))) as image:
        assert (image.size, image.mode) == ((8, 8), "L")


def test_a_row_of_volumes_shares_its_contrast_and_particles_do_not() -> None:
    dark = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    for group, same in (("volumes", False), ("particles", True)):
        (grid,) = picture_grids(
            [Picture(group, "r", "1", dark, 3.0, "slice"), Picture(group, "r", "2", 2 * dark, 3.0, "slice")]
        )
        first, second = grid.rows[0][1]
        assert first is not None
        assert second is not None
        assert (first.uri == second.uri) is same


def test_overview_is_a_picture_of_the_same_bytes(results: Results, stand_in_results: Results) -> None:
    png = overview_figure(results)
    assert png.startswith(b"\x89PNG")
    assert struct.unpack(">II", png[16:24]) == (1600, 900)
    assert b"Software" not in png
    assert overview_figure(results) == png
    assert overview_figure(stand_in_results) != png


def test_overview_of_an_empty_run(empty_results: Results) -> None:
    assert overview_figure(empty_results).startswith(b"\x89PNG")


def test_whole_numbers_are_not_wrapped() -> None:
    for values, size in ((np.array([0, 65_535]), 2), (np.array([0, 65_536, 1_000_000]), 4), (np.zeros(0, np.int64), 2)):
        packed = whole_numbers(values)
        assert packed["bytes"] == size
        np.testing.assert_array_equal(np.frombuffer(base64.b64decode(packed["data"]), f"<u{size}"), values)


@pytest.mark.parametrize(("count", "expected"), [(1, [0]), (12, list(range(12))), (13, [0, 2, 4, 6, 8, 10, 12])])
def test_names_on_an_axis_are_at_even_distances(count: int, expected: list[int]) -> None:
    assert named_places(count) == expected
    assert len(named_places(100)) <= 12
