"""The site in a real browser, from files: no complaint, no request, sorting, filters, keyboard, accessibility."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_up_leaderboard import NASTY_METHOD

from cryobench.core import slug

axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")

PAGES = [
    "index.html",
    "stand-ins.html",
    "methods.html",
    "history.html",
    "reading.html",
    "datasets/igg-1d.html",
    "datasets/igg-rl.html",
    f"stand-ins/{slug('igg-1d:standin')}.html",
    f"methods/{slug(NASTY_METHOD)}.html",
    "methods/cryodrgn.html",
    f"methods/{slug('CryoDRGN')}.html",
]
SCREENS = [("light", 1280), ("dark", 390)]


class Visit:
    """A page with everything that it complained about or asked for."""

    def __init__(self, browser: Any, path: Path, scheme: str = "light", width: int = 1280, **how: Any) -> None:
        self.context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, **how)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (self.complaints.append("dialog"), dialog.dismiss()))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def close(self) -> None:
        self.context.close()


@pytest.fixture
def visit(browser: Any, site: Path) -> Iterator[Any]:
    opened: list[Visit] = []

    def open_(name: str, *arguments: Any, **how: Any) -> Visit:
        opened.append(Visit(browser, site / name, *arguments, **how))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


@pytest.mark.parametrize("screen", SCREENS, ids=str)
@pytest.mark.parametrize("name", PAGES)
def test_sound_page(visit: Any, site: Path, name: str, screen: tuple[str, int]) -> None:
    opened = visit(name, *screen)
    page = opened.page
    assert opened.complaints == []
    assert {url for url in opened.requests if not url.startswith("data:")} == {
        (site / name).as_uri(), (site / "leaderboard.css").as_uri(), (site / "leaderboard.js").as_uri()
    }  # fmt: skip
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')").strip()
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], "the page scrolls sideways"
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    found = axe_playwright.Axe().run(page).response["violations"]
    assert [(each["id"], each["impact"], [node["html"] for node in each["nodes"]][:3]) for each in found] == []


def shown(page: Any, table: str) -> list[str]:
    rows = page.locator(f"[id='{table}'] tbody tr:not([hidden])")
    names: list[str] = rows.evaluate_all("rows => rows.map((row) => row.cells[0].dataset.value)")
    return names


RERUN = "dataset-igg-1d.0.rerun"
QUOTED = "dataset-igg-1d.quoted"


def test_sorts_by_keyboard(visit: Any) -> None:
    page = visit("index.html").page
    heads = page.locator(f"[id='{RERUN}'] thead th")
    first = heads.nth(1)
    assert first.get_attribute("aria-sort") == "descending"
    assert shown(page, RERUN) == ["oracle", "recovar", "cryodrgn", "ppca", "cryodrgn2"]
    first.locator("button").press("Enter")
    assert first.get_attribute("aria-sort") == "ascending"
    assert shown(page, RERUN) == ["cryodrgn2", "ppca", "cryodrgn", "recovar", "oracle"]
    heads.first.locator("button").press("Space")
    assert (heads.first.get_attribute("aria-sort"), first.get_attribute("aria-sort")) == ("ascending", "none")
    assert shown(page, RERUN) == ["cryodrgn", "cryodrgn2", "oracle", "ppca", "recovar"]


def test_what_is_missing_comes_last_either_way(visit: Any) -> None:
    page = visit("index.html").page
    head = page.locator(f"[id='{QUOTED}'] thead th").nth(1)
    names = shown(page, QUOTED)
    assert names == sorted(names, key=str.casefold), "no order by value until that is asked for"
    for order, first in (("descending", "CryoSPIRE"), ("ascending", None)):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == order
        assert shown(page, QUOTED)[-1] == "CryoKRAQEN"
        assert first in {None, shown(page, QUOTED)[0]}


def test_filters(visit: Any) -> None:
    opened = visit("index.html")
    page = opened.page
    form = page.locator("form.filters")
    count = form.locator("output")
    assert count.inner_text() == "44 of 45 entries"  # one has no area
    form.get_by_label("Status").select_option("rerun")
    assert page.locator("section[data-status=quoted]:visible, section[data-status=claimed]:visible").count() == 0
    assert count.inner_text() == "5 of 45 entries"
    form.get_by_label("Poses").select_option("ab-initio")
    assert shown(page, RERUN) == ["cryodrgn2"]
    assert count.inner_text() == "1 of 45 entries"
    form.get_by_label("Poses").select_option("")
    form.get_by_label("Status").select_option("")

    resolution = page.locator(f"[id='{RERUN}'] thead th[data-metric='fsc-resolution']")
    assert not resolution.is_visible()
    form.get_by_label("Metric").select_option("fsc-resolution")
    assert resolution.is_visible()
    assert resolution.get_attribute("aria-sort") == "ascending"
    assert not page.locator(f"[id='{RERUN}'] thead th[data-metric='fsc-auc']").first.is_visible()
    assert shown(page, RERUN) == ["oracle", "recovar", "cryodrgn", "ppca", "cryodrgn2"]
    quoted = page.locator("section[data-status=quoted]").first
    assert quoted.locator(".nothing").is_visible()
    assert not quoted.locator(".scroll").is_visible()
    form.get_by_label("Metric").select_option("")
    assert page.locator(f"[id='{RERUN}'] thead th[data-metric]:visible").count() == 4
    assert opened.complaints == []


def test_without_scripts_all_is_there_to_read(visit: Any) -> None:
    page = visit("datasets/igg-1d.html", java_script_enabled=False).page
    assert page.locator(f"[id='{RERUN}'] tbody tr:visible").count() == 5
    assert page.locator(f"[id='{RERUN}'] thead th[data-metric]:visible").count() == 4
    assert not page.locator("form.filters").is_visible()
    assert page.get_by_text("Filters and sorting need scripts").is_visible()


def test_a_reader_gets_about_by_keyboard(visit: Any, site: Path) -> None:
    page = visit("index.html").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_url("**/index.html#main")
    page.locator(f"[id='{RERUN}']").get_by_role("link", name="recovar").press("Enter")
    page.wait_for_url((site / "methods" / "recovar.html").as_uri())
    page.locator("summary").first.press("Enter")
    assert page.locator("details[open]").count() == 1


def test_history_is_drawn(visit: Any) -> None:
    page = visit("datasets/igg-1d.html").page
    drawing = page.locator("svg.history").last
    box = drawing.bounding_box()
    assert box["width"] > 400
    assert drawing.locator("circle").count() == 5
    assert drawing.locator("rect").count() == 3
    for text in drawing.locator("text").all():
        inside = text.bounding_box()
        assert box["x"] - 0.5 <= inside["x"]
        assert inside["x"] + inside["width"] <= box["x"] + box["width"] + 0.5


def test_prints_in_dark_as_in_light(visit: Any) -> None:
    opened = visit("datasets/igg-1d.html", "dark")
    assert opened.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    opened.page.emulate_media(media="print", color_scheme="dark")
    assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not opened.page.locator("form.filters").is_visible()
    assert opened.complaints == []
