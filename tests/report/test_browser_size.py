"""The page of a whole study: eight methods on five datasets, one with a state for every frame of a trajectory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_up import SPIKE_STATES, make_many
from page_text import embedded
from visits import Visit

from cryobench.report import render_report

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("study") / "report.html"
    path.write_text(render_report(make_many()), encoding="utf-8")
    return path


def test_it_stays_small(report: Path) -> None:
    assert report.stat().st_size < 30e6


def test_no_figure_grows_with_the_states(report: Path) -> None:
    data = embedded(report.read_text(encoding="utf-8"))
    assert len(data["d4-json"]["names"]) == SPIKE_STATES
    deck = [content["link"] for name, content in data.items() if name.startswith("d4-states-")]
    assert [len(link["states"]) for link in deck] == [500] * 3
    shells = [content["link"]["lines"] for name, content in data.items() if name.startswith("d4-shells-")]
    assert {len(line["states"]) for lines in shells for line in lines} == {150}


def test_it_is_soon_ready_and_stays_quick(browser: Any, report: Path) -> None:
    visit = Visit(browser, report)
    visit.page.locator("#d0-score-table thead button").nth(1).click()
    assert visit.busy() < 3
    visit.see("#d0-shells-0")
    visit.see("#d0-states-0")
    before = visit.busy()
    for state in range(0, 100, 10):
        visit.choose_state(state)
    assert (visit.busy() - before) / 10 < 0.5
    for panel in range(5):
        visit.page.locator(f"#d{panel}-tab").click()
        visit.see(f"#d{panel}-surfaces")
        visit.see(f"#d{panel}-latent-0")
    assert visit.complaints == []
    visit.close()


def test_a_state_of_many_is_shown_with_its_neighbours(browser: Any, report: Path) -> None:
    visit = Visit(browser, report)
    visit.page.locator("#d4-tab").click()
    state = 23_400
    visit.see("#d4-shells-0")
    visit.see("#d4-states-0")
    visit.choose_state(state, "d4")
    visit.page.wait_for_function("() => document.getElementById('d4-states-0').layout.shapes.length === 1")
    column = visit.page.evaluate("() => document.getElementById('d4-states-0').layout.shapes[0].x0 + 0.5")
    link = embedded(report.read_text(encoding="utf-8"))["d4-states-0-data"]["link"]
    assert link["states"][int(column)] <= state < link["states"][int(column) + 1]
    assert "groups: each is the mean over about" in visit.page.locator("#d4-states-deck .card:visible").inner_text()
    visit.see("#d4-shells-0")
    visit.page.wait_for_function(
        "() => document.getElementById('d4-shells-0').data.slice(-11).every(each => each.y.length === 65)"
    )
    assert visit.complaints == []
    visit.close()
