"""The words of single pictures: whole, within the picture, and marked where the dataset is a stand-in."""

from __future__ import annotations

import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from matplotlib import font_manager, get_data_path
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from matplotlib.text import Text
from odd_names import FOREIGN, FORMULA, LONG, odd_results

from cryobench.core import MissingGlyphWarning, Picture, Results
from cryobench.report import _fonts, figure_files
from cryobench.report._files import _drawn
from cryobench.report._heads import MARK, Note, headed
from cryobench.report._log_axis import bin_axis, decades
from cryobench.report._plots import rendered
from cryobench.report._scenes import pictures
from cryobench.report._words import shortened, width_of, wrapped

STAND_IN = "A synthetic chain takes the place of the published model. " * 8


@pytest.fixture(scope="module")
def odd() -> Results:
    return odd_results(stand_in=STAND_IN)


@pytest.fixture(scope="module")
def figures(odd: Results) -> dict[str, Figure]:
    return dict(_drawn(odd))


def svg_words(content: bytes) -> list[str]:
    return ["".join(each.itertext()) for each in ET.fromstring(content).iter() if each.tag.endswith("}text")]


def written(figure: Figure) -> list[Text]:
    """Return the texts that are drawn; those of an axis outside its limits are not."""
    found = [
        each for each in figure.findobj(Text) if each.get_visible() and each.get_text().strip("\N{ZERO WIDTH SPACE}")
    ]
    hidden = {
        label
        for axes in figure.axes
        for axis, (low, high) in ((axes.xaxis, sorted(axes.get_xlim())), (axes.yaxis, sorted(axes.get_ylim())))
        for tick in axis.get_major_ticks()
        for label in (tick.label1, tick.label2)
        if not axes.axison or not label.get_visible() or not low <= tick.get_loc() <= high
    }
    return [each for each in found if each not in hidden]


def test_each_figure_of_a_stand_in_is_marked_and_no_other(odd: Results) -> None:
    for path, content in figure_files([odd], ["svg"]):
        assert MARK in svg_words(content), path
    for path, content in figure_files([odd_results()], ["svg"]):
        assert MARK not in content.decode(), path


def test_notes_are_whole(odd: Results) -> None:
    files = dict(figure_files([odd], ["svg"]))
    assert len(files) > 30
    for path, content in files.items():
        words = " ".join(svg_words(content)).split()
        for word in odd.document.dataset.title.split():
            assert word in words, path


def test_nothing_is_cut_at_an_edge(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        figure.draw_without_rendering()
        across, up = figure.bbox.size
        for text in written(figure):
            box = text.get_window_extent()
            assert box.x0 >= -1, (name, text.get_text())
            assert box.y0 >= -1, (name, text.get_text())
            assert box.x1 <= across + 1, (name, text.get_text())
            assert box.y1 <= up + 1, (name, text.get_text())


def test_thresholds_stand_beside_the_axes(figures: dict[str, Figure]) -> None:
    figure = figures["curves fsc-auc per-conformation standard"]
    axes = figure.axes[0]
    figure.draw_without_rendering()
    found = [text for text in axes.texts if text.get_text() in {"0.143", "0.5"}]
    assert len(found) == 2
    legend = axes.get_legend()
    assert legend is not None
    for text in found:
        assert axes.bbox.x1 < text.get_window_extent().x0
        assert text.get_window_extent().x1 < legend.get_window_extent().x0


def test_axes_and_colours_are_named(figures: dict[str, Figure]) -> None:
    words = {name: [each.get_text() for each in figure.findobj(Text)] for name, figure in figures.items()}
    for name, found in words.items():
        if name.startswith("latents"):
            assert {"PC 1", "PC 2", "UMAP 1", "UMAP 2"} <= set(found), name
        if name.startswith("matrix"):
            assert "FSC AUC, standard" in found
    assert "Rotation error (°)" in " ".join(words["states Rotation error (°) · all particles"]).replace("\n", " ")
    assert "FSC AUC" in words["states FSC AUC · per-conformation · standard convention"]


def test_bins_of_errors_are_equally_wide(figures: dict[str, Figure]) -> None:
    figure = figures["histogram Rotation error"]
    axes = figure.axes[0]
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == "Rotation error (°)"
    (first, *_) = axes.findobj(StepPatch)
    assert isinstance(first, StepPatch)
    widths = np.diff(np.log(first.get_data().edges))
    np.testing.assert_allclose(widths, widths[1])
    words = " ".join(text.get_text() for text in figure.texts)
    assert "the first one all below 0.02°" in words


@pytest.mark.parametrize(
    ("edges", "logarithmic", "first"),
    [([0, 1, 2, 3, 4], False, 0.0), ([1, 2, 4, 8, 16], True, 1.0), ([0, 1, 2, 4, 8], True, 0.5), ([0, 5], False, 0.0)],
)
def test_the_axis_follows_the_edges(edges: list[float], logarithmic: bool, first: float) -> None:
    found = bin_axis([float(edge) for edge in edges], "Å")
    assert (found.logarithmic, found.edges[0], len(found.edges)) == (logarithmic, first, len(edges))
    assert bool(found.note) is logarithmic


def test_decades() -> None:
    assert decades(0.017, 180.0) == [0.1, 1.0, 10.0, 100.0]
    assert decades(0.1, 10.0) == [0.1, 1.0, 10.0]


def test_a_particle_keeps_its_state() -> None:
    pixels = np.arange(64, dtype=np.float32).reshape(8, 8)
    names = ("particle 40: 27.9°, open", "particle 1500: 252°, closed")
    figure = pictures([Picture("particles", name, name, pixels, 3.0, "") for name in names], "Particles", Note(""))
    words = " ".join(" ".join(text.get_text() for text in figure.findobj(Text)).split())
    assert [words.count(name) for name in names] == [2, 2]


@pytest.mark.parametrize("text", [LONG, LONG.replace(" ", "_"), FORMULA, "", " a  b "])
@pytest.mark.parametrize("inches", [0.5, 1.0, 3.0])
def test_words_take_the_room_that_there_is(text: str, inches: float) -> None:
    assert width_of(shortened(text, inches, 10.0), 10.0) <= inches
    lines = wrapped(text, inches, 10.0)
    assert all(width_of(line, 10.0) <= inches for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert len(wrapped(text, inches, 10.0, most=2)) <= 2


def foreign_figures() -> Iterator[Figure]:
    for width in (4.0, 6.0):
        yield headed(width, 2.0, FOREIGN, Note(FOREIGN))


def test_letters_that_no_font_holds_are_told_once_a_figure() -> None:
    for figure in foreign_figures():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            rendered(figure, "png")
        assert [each.category for each in caught] == [MissingGlyphWarning]
        (only,) = caught
        assert isinstance(only.message, MissingGlyphWarning)
        assert only.message.letters == tuple(sorted(FOREIGN))


def test_a_font_that_holds_them_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of the fonts that come with matplotlib, one alone holds this letter; its list of fonts may be of another day.
    font_manager.fontManager.addfont(Path(get_data_path()) / "fonts/ttf/STIXGeneral.ttf")
    letter = "\N{MATHEMATICAL SCRIPT SMALL L}\N{MATHEMATICAL BOLD SCRIPT SMALL A}"
    figure = headed(4.0, 2.0, f"a{letter}", Note("plain"))
    monkeypatch.setattr(_fonts, "families", lambda: ("DejaVu Sans", "STIXGeneral"))
    rendered(figure, "png")
    families = {text.get_text(): text.get_fontfamily() for text in figure.texts}
    assert families[f"a{letter}"] == ["DejaVu Sans", "STIXGeneral"]
    assert families["plain"] != ["DejaVu Sans", "STIXGeneral"]
