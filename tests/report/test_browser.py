"""The page in a real browser: it draws, it sorts by keyboard, it asks nothing of the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cryobench.core import Results
from cryobench.report import render_report


@pytest.fixture(scope="module")
def report(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render_report(results), encoding="utf-8")
    return path


class Visit:
    """A page with everything that it complained about or asked for."""

    def __init__(self, browser: Any, path: Path, scheme: str = "light", width: int = 1280) -> None:
        self.context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (self.complaints.append("dialog"), dialog.dismiss()))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-drawn]", timeout=60_000)

    def close(self) -> None:
        self.context.close()


@pytest.fixture(params=[("light", 1280), ("dark", 1280), ("light", 390)], ids=lambda p: f"{p[0]}-{p[1]}")
def visit(request: pytest.FixtureRequest, browser: Any, report: Path) -> Iterator[Visit]:
    opened = Visit(browser, report, *request.param)
    yield opened
    opened.close()


def test_draws_without_a_complaint_or_a_request(visit: Visit, report: Path, results: Results) -> None:
    page = visit.page
    assert visit.complaints == []
    outside = [url for url in visit.requests if not url.startswith(("data:", "blob:"))]
    assert outside == [report.as_uri()]
    assert page.locator(".js-plotly-plot svg.main-svg").count() >= page.locator(".plot").count() == 10
    for plot in page.locator(".plot").all():
        box = plot.locator("svg.main-svg").first.bounding_box()
        assert box["width"] > 100
        assert box["height"] > 100
    assert page.locator("#curve-0 .legendtext").count() == 5
    assert page.locator("#latent-0 .point").count() == 600
    assert page.locator("#score-table tbody tr").count() == len(results.document.methods)
    assert page.locator("#comparison-table tbody tr").count() == len(results.document.comparisons)
    assert page.locator("table.pictures img").count() == len(results.pictures)
    loaded = "images => images.every(image => image.complete && image.naturalWidth > 0)"
    assert page.locator("table.pictures img").evaluate_all(loaded)
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], "the page scrolls sideways"


def test_plots_follow_the_theme(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, "light")
    colour = "() => document.getElementById('curve-0').layout.font.color"
    light = visit.page.evaluate(colour)
    visit.page.emulate_media(color_scheme="dark")
    visit.page.wait_for_function(f"old => ({colour})() !== old", arg=light)
    assert visit.complaints == []
    visit.close()


def test_sorts_by_keyboard(browser: Any, report: Path) -> None:
    visit = Visit(browser, report)
    page = visit.page
    head = page.locator("#score-table thead th").nth(3)
    button = head.locator("button.sort")
    values = "cells => cells.map(cell => cell.dataset.value)"
    cells = page.locator("#score-table tbody td:nth-child(4)")
    for key, order in (("Enter", "ascending"), ("Space", "descending")):
        button.press(key)
        assert head.get_attribute("aria-sort") == order
        shown = cells.evaluate_all(values)
        assert shown[-1] == "", "what is missing comes last either way"
        numbers = [float(value) for value in shown[:-1]]
        assert numbers == sorted(numbers, reverse=order == "descending")
    first = page.locator("#score-table thead th").first
    first.locator("button.sort").press("Enter")
    assert (first.get_attribute("aria-sort"), head.get_attribute("aria-sort")) == ("ascending", "none")
    visit.close()


def test_explanations_open_by_keyboard(browser: Any, report: Path) -> None:
    visit = Visit(browser, report)
    visit.page.locator("#score-table a[href='#how-2']").press("Enter")
    visit.page.wait_for_selector("#how-2[open]")
    assert "Glielmo" in visit.page.locator("#how-2").inner_text()
    assert visit.complaints == []
    visit.close()


def test_prints(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, "dark")
    assert visit.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    assert visit.complaints == []
    visit.close()
