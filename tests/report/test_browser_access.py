"""The page is for everyone: contrast, names, keyboard, paper, motion."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from made_up import make_results
from visits import Visit

from cryobench.core import PublishedScore
from cryobench.report import render_report

QUOTE = PublishedScore(dataset="toy-ring", method="DRGN", protocol="per-conformation FSC AUC", mean=0.36, std=None,
                       median=None, source="Table 2", note="")  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "both.html"
    runs = [make_results(), make_results(stand_in="A synthetic chain.", seed=2, name="toy-ring:standin")]
    path.write_text(render_report(runs, [QUOTE]), encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("panel", ["d0", "d1"])
def test_axe_finds_nothing_serious(browser: Any, report: Path, scheme: str, panel: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    visit = Visit(browser, report, scheme)
    visit.page.locator(f"#{panel}-tab").click()
    for name in visit.page.locator(".plot:visible, figure.surfaces:visible, .comparisons:visible").evaluate_all(
        "nodes => nodes.map(node => node.id ? '#' + node.id : '.comparisons:not([hidden])')"
    ):
        if name.startswith("#"):
            visit.see(name)
    visit.choose_state(3, panel)
    visit.page.locator(f"#{panel} [data-family='all']").first.click()
    found = _violations(axe.Axe().run(visit.page).response)
    visit.page.locator(f"#{panel} button.how").first.click()
    found += _violations(axe.Axe().run(visit.page).response)
    assert found == []
    visit.close()


def _violations(response: dict[str, Any]) -> list[str]:
    return [
        f"{each['impact']} {each['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in response["violations"]
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


def test_theme_follows_the_system_and_the_button(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, "light")
    page = visit.page
    visit.see("#d0-shells-0")
    background = "() => getComputedStyle(document.body).backgroundColor"
    colour = "() => document.getElementById('d0-shells-0').layout.font.color"
    light = page.evaluate(background), page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"old => ({colour})() !== old", arg=light[1])
    dark = page.evaluate(background), page.evaluate(colour)
    assert dark[0] != light[0]
    button = page.locator("#theme")
    for words, expected in (("light", light), ("dark", dark), ("auto", dark)):
        button.press("Enter")
        assert button.inner_text() == f"Theme: {words}"
        page.wait_for_function(f"now => ({colour})() === now", arg=expected[1])
        assert page.evaluate(background) == expected[0]
    assert visit.complaints == []
    visit.close()


def test_prints_light_whole_and_without_controls(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, "dark")
    page = visit.page
    page.evaluate("() => { window.print = () => { document.documentElement.dataset.printed = 'yes'; }; }")
    page.locator("#print").click()
    page.wait_for_selector("html[data-printed]", timeout=60_000)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for selector in (".top", "nav.parts", ".state-bar", ".families", ".how-list", "button.how"):
        assert page.locator(f"{selector}:visible").count() == 0, selector
    assert page.locator("section.panel:visible").count() == 2
    assert page.locator("dialog:visible").count() == 18
    visible = page.locator(".plot:visible")
    assert visible.count() == page.locator(".plot[data-drawn]:visible").count() > 10
    assert page.locator("figure.surfaces[data-drawn='true']").count() == 2
    heads = page.locator("#d0-score-table thead th:visible, #d1-score-table thead th:visible")
    words = heads.evaluate_all("heads => heads.map(head => head.innerText)")
    assert [each.split()[0] for each in words] == 2 * [
        "Method",
        "FSC",
        "FSC",
        "FSC",
        "Neighborhood",
        "Information",
        "Rotation",
    ]
    assert page.locator("thead button:visible").count() == 0, "Chromium leaves them out of the head of a second page"
    document = page.pdf(prefer_css_page_size=True)
    assert document.startswith(b"%PDF")
    assert 10 < len(re.findall(rb"/Type\s*/Page\b", document)) <= 40
    assert visit.complaints == []
    visit.close()


def test_motion_is_spared(browser: Any, report: Path) -> None:
    for motion, behaviour in (("reduce", "auto"), ("no-preference", "smooth")):
        visit = Visit(browser, report, reduced_motion=motion)
        assert visit.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == behaviour
        visit.close()


def test_without_script_all_is_readable(browser: Any, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("section.panel:visible").count() == 2
    assert page.locator("#d1-score-table tbody.methods tr:visible").count() == 2
    assert page.locator("dialog:visible").count() == 18
    assert page.locator("table.pictures img").count() > 0
    context.close()


def test_keys_reach_everything_in_order(browser: Any, report: Path) -> None:
    visit = Visit(browser, report)
    page = visit.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    visited = []
    for _ in range(30):
        page.keyboard.press("Tab")
        visited.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    assert visited[:3] == ["d0-tab", "theme", "print"]
    assert "d1-tab" not in visited, "one stop for all tabs; arrows move among them"
    assert "Scores" in visited
    visit.close()
