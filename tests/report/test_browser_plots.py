"""Plots in a real browser: their buttons, their axes, and names that read as formulas."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from odd_names import FORMULA, LONG, odd_results
from visits import Visit

from cryobench.report import render_report

PLOTS = ("#d0-shells-0", "#d0-states-0", "#d0-matrix-0", "#d0-imbalance-0", "#d0-curves-0", "#d0-histogram-0")
BUTTONS = ["Download plot as a PNG", "Zoom", "Pan", "Zoom in", "Zoom out", "Reset axes"]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "odd.html"
    path.write_text(render_report([odd_results()]), encoding="utf-8")
    return path


@pytest.fixture
def visit(browser: Any, report: Path) -> Iterator[Visit]:
    opened = Visit(browser, report)
    yield opened
    assert opened.complaints == []
    opened.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_buttons_are_those_listed_and_cover_nothing(browser: Any, report: Path, scheme: str, width: int) -> None:
    visit = Visit(browser, report, scheme, width)
    for name in PLOTS:
        plot = visit.see(name)
        plot.hover()
        buttons = plot.locator(".modebar-btn")
        titles = buttons.evaluate_all(
            "nodes => nodes.map(node => node.dataset.title || node.getAttribute('aria-label'))"
        )
        assert titles == BUTTONS, name
        bar, drawing = plot.locator(".modebar").bounding_box(), plot.locator("svg.main-svg").first.bounding_box()
        assert bar["y"] + bar["height"] <= drawing["y"] + 1, "the buttons stand above the drawing"
        for before in visit.page.locator(".chooser:visible, h4:visible, .kind:visible").all():
            box = before.bounding_box()
            apart = box["y"] + box["height"] <= bar["y"] + 1 or box["y"] >= bar["y"] + bar["height"] - 1
            assert apart, (name, before.inner_text())
        for group in plot.locator(".modebar, .modebar-group").all():
            colour = group.evaluate("node => getComputedStyle(node).backgroundColor")
            assert colour == "rgba(0, 0, 0, 0)", "no block behind them"
    assert visit.complaints == []
    visit.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_thresholds_stand_beside_the_axes(browser: Any, report: Path, width: int) -> None:
    visit = Visit(browser, report, width=width)
    plot = visit.see("#d0-shells-0")
    area, whole = plot.locator(".nsewdrag").bounding_box(), plot.bounding_box()
    words = plot.locator(".annotation-text")
    assert words.all_text_contents() == ["0.143", "0.5"]
    for box in (each.bounding_box() for each in words.all()):
        assert box["x"] >= area["x"] + area["width"]
        assert box["x"] + box["width"] <= whole["x"] + whole["width"]
    visit.close()


def test_axes_and_colours_are_named(visit: Visit) -> None:
    for name in ("#d0-states-0", "#d0-matrix-0"):
        assert visit.see(name).locator(".colorbar .cbtitle text").text_content() == "FSC AUC"
    visit.see("#d0-latent-0")
    axes = visit.page.locator("#d0 .latents figure").first.locator(".axes span").all_inner_texts()
    assert axes == ["UMAP 2", "UMAP 1", "PC 2", "PC 1"]


def test_bins_of_errors_are_equally_wide(visit: Visit) -> None:
    plot = visit.see("#d0-histogram-0")
    assert plot.locator(".xtitle").text_content() == "Rotation error (°)"
    assert plot.locator(".xtick text").all_text_contents() == ["0.1", "1", "10", "100"]
    kind, edges = visit.page.evaluate(
        "() => { const div = document.getElementById('d0-histogram-0');"
        " return [div.layout.xaxis.type, Array.from(div.data[0].x)]; }"
    )
    assert kind == "log"
    ratios = [after / before for before, after in itertools.pairwise(edges)]
    assert ratios == pytest.approx([ratios[1]] * 60, rel=1e-3)
    assert "the first one all below 0.02°" in visit.page.locator("#d0-histogram-deck .card:visible").inner_text()


def test_a_name_is_no_formula(visit: Visit) -> None:
    for name in PLOTS:
        visit.see(name)
    words = visit.page.locator("#d0-shells-0 .legendtext").all_text_contents()
    assert FORMULA in words
    assert f"{LONG[:20]}" in " ".join(words)
    assert max(map(len, words)) < 50
    # The fixture checks that nothing complained of a formula.
