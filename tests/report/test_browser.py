"""The page in a real browser: it draws, it sorts, a state selected anywhere is selected everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_up import NASTY
from visits import Visit

from cryobench.core import Results
from cryobench.report import render_report


@pytest.fixture(scope="module")
def report(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render_report([results]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def both(results: Results, stand_in_results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "both.html"
    path.write_text(render_report([results, stand_in_results]), encoding="utf-8")
    return path


@pytest.fixture
def visit(browser: Any, report: Path) -> Iterator[Visit]:
    opened = Visit(browser, report)
    yield opened
    assert opened.complaints == []
    opened.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_draws_without_a_complaint_or_a_request(
    browser: Any, report: Path, results: Results, scheme: str, width: int
) -> None:
    visit = Visit(browser, report, scheme, width)
    page = visit.page
    shown = page.locator(".plot:visible, canvas.points, figure.surfaces")
    names = shown.evaluate_all("nodes => nodes.map(node => '#' + node.id)")
    assert len(names) == 1 + 1 + 1 + 1 + 6 + 3 + 1 + 1
    for name in names:
        box = visit.see(name).bounding_box()
        assert min(box["width"], box["height"]) > 100, name
    for plot in page.locator(".plot:visible").all():
        assert plot.locator("svg.main-svg").count() >= 1
    assert page.locator("#d0-shells-0 .legendtext").count() == 5
    assert page.locator("#d0-score-table tbody.methods tr").count() == 2
    loaded = "images => images.every(image => image.complete && image.naturalWidth > 0)"
    page.wait_for_function(f"({loaded})(Array.from(document.querySelectorAll('table.pictures img')))")
    assert page.locator("table.pictures img").count() == len(results.pictures)
    across = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert across[0] <= across[1], "the page scrolls sideways"
    assert visit.complaints == []
    assert [url for url in visit.requests if not url.startswith(("data:", "blob:"))] == [report.as_uri()]
    visit.close()


def test_only_what_is_near_is_drawn(visit: Visit) -> None:
    drawn = visit.page.locator("[data-drawn]").count()
    assert drawn < 8
    assert visit.page.locator("#d0-histogram-0[data-drawn]").count() == 0


def test_sorts_by_keyboard(visit: Visit) -> None:
    page = visit.page
    head = page.locator("#d0-score-table thead th").nth(5)
    button = head.locator("button.sort")
    cells = page.locator("#d0-score-table tbody.methods td:nth-child(6)")
    for key, order in (("Enter", "ascending"), ("Space", "descending")):
        button.press(key)
        assert head.get_attribute("aria-sort") == order
        numbers = [float(value) for value in cells.evaluate_all("cells => cells.map(cell => cell.dataset.value)")]
        assert len(numbers) == 2
        assert numbers == sorted(numbers, reverse=order == "descending")
    first = page.locator("#d0-score-table thead th").first
    first.locator("button.sort").press("Enter")
    assert (first.get_attribute("aria-sort"), head.get_attribute("aria-sort")) == ("ascending", "none")
    names = page.locator("#d0-score-table tbody.methods th").all_inner_texts()
    assert names == [NASTY, "ppca"]
    controls = page.locator("#d0-score-table tbody.controls th").all_inner_texts()
    assert [name.split()[0] for name in controls] == ["oracle", "_consensus", "shuffle", "truth", "claim"]


def test_measures_are_shown_by_kind(visit: Visit) -> None:
    heads = visit.page.locator("#d0-score-table thead th:visible")
    assert heads.count() == 1 + 6
    for name, count in (("All", 9), ("Latents", 2), ("Other", 1), ("Main", 6)):
        button = visit.page.locator("#d0 .families button", has_text=name)
        button.press("Enter")
        assert heads.count() == 1 + count
        assert button.get_attribute("aria-pressed") == "true"


def test_explanations_open_by_keyboard(visit: Visit) -> None:
    page = visit.page
    button = page.locator("#d0-score-table [data-how='d0-how-6']")
    button.press("Enter")
    page.wait_for_selector("#d0-how-6[open]")
    assert "Glielmo" in page.locator("#d0-how-6").inner_text()
    page.keyboard.press("Escape")
    assert page.locator("#d0-how-6[open]").count() == 0
    assert button.evaluate("node => node === document.activeElement")


def test_comparisons_of_a_measure(visit: Visit) -> None:
    visit.see("#d0 .comparisons")
    rows = visit.page.locator("#d0-comparison-table tbody tr")
    assert rows.count() == 10
    visit.page.locator("#d0 .comparisons select").select_option("1")
    row = rows.filter(has_text=f"ppca − {NASTY}")
    assert row.locator("td").last.inner_text() == "not distinguishable"
    visit.page.locator("#d0-comparison-table thead button").nth(1).press("Enter")
    values = rows.locator("td:nth-child(2)").evaluate_all("cells => cells.map(cell => Number(cell.dataset.value))")
    assert values == sorted(values)


def _shown(visit: Visit) -> dict[str, Any]:
    """Return which state each figure shows."""
    visit.see("#d0-shells-0")
    curves = visit.page.evaluate(
        "() => { const data = document.getElementById('d0-shells-0').data; return data.slice(-5).map(each => each.y); }"
    )
    boxes = {}
    for name in ("d0-states-0", "d0-matrix-0"):
        visit.see(f"#{name}")
        visit.page.wait_for_timeout(50)
        boxes[name] = visit.page.evaluate(
            "id => (document.getElementById(id).layout.shapes || []).map(s => [s.x0, s.x1, s.y0, s.y1])", name
        )
    visit.see("#d0-surfaces")
    visit.page.wait_for_timeout(100)
    surface = visit.page.locator("#d0-surfaces").get_attribute("data-state")
    return {"curves": curves, **boxes, "surface": surface, "slider": visit.page.locator("#d0-state").input_value()}


def test_a_state_picked_anywhere_is_shown_everywhere(visit: Visit, results: Results) -> None:
    before = _shown(visit)
    assert before["curves"] == [[]] * 5
    assert before["d0-states-0"] == before["d0-matrix-0"] == []
    record = next(c for c in results.document.curves if c.method == "ppca" and c.convention == "standard")

    def check(state: int) -> None:
        shown = _shown(visit)
        assert visit.state() == f"{15 * state}° {NASTY}"
        assert shown["slider"] == str(state)
        assert shown["curves"][1] == pytest.approx(record.items[state], abs=2e-4)
        assert shown["d0-states-0"] == [[state - 0.5, state + 0.5, -0.5, 4.5]]
        assert [state - 0.5, state + 0.5, -0.5, 23.5] in shown["d0-matrix-0"]
        nearest = min((0, 5, 9, 14, 18, 23), key=lambda each: abs(each - state))
        assert shown["surface"] == str(nearest)

    # By the heat map: the middle of column 9 of 24.
    plot = visit.see("#d0-states-0")
    area = plot.locator(".nsewdrag").bounding_box()
    visit.page.mouse.move(area["x"] + area["width"] * 9.5 / 24, area["y"] + area["height"] / 2)
    visit.page.mouse.down()
    visit.page.mouse.up()
    check(9)
    # By the slider, with keys.
    visit.page.locator("#d0-state").press("ArrowRight")
    check(10)
    # By the matrix: row 3.
    visit.see("#d0-matrix-0")
    area = visit.page.locator("#d0-matrix-0 .nsewdrag").bounding_box()
    visit.page.mouse.click(area["x"] + area["width"] * 12.5 / 24, area["y"] + area["height"] * 14.5 / 24)
    check(14)
    # By the steps between states that have surfaces.
    visit.page.locator("#d0-surfaces .step").last.click()
    check(18)
    # And by a particle, at the angle of its state on the circle of the oracle.
    canvas = visit.see("#d0-latent-0")
    box = canvas.bounding_box()
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 14)
    check(6)
    visit.page.locator("#d0 .state-bar .clear").click()
    assert visit.state() == "none selected"
    assert _shown(visit)["curves"] == [[]] * 5


def test_a_curve_of_an_item_selects_its_state(visit: Visit) -> None:
    visit.see("#d0-shells-0")
    visit.page.locator("#d0-shells-deck .chooser.small select").select_option(label="ppca")
    visit.page.wait_for_function("() => document.getElementById('d0-shells-0').data.length > 30")
    traces = visit.page.evaluate("() => document.getElementById('d0-shells-0').data.slice(-24).map(each => each.meta)")
    assert traces == list(range(24))
    visit.page.evaluate(
        "() => { const div = document.getElementById('d0-shells-0');"
        " div.emit('plotly_click', { points: [{ data: div.data[div.data.length - 20] }] }); }"
    )
    assert visit.state() == f"60° {NASTY}"
    visit.page.locator("#d0-shells-deck .chooser.small select").select_option("")
    visit.page.wait_for_function("() => document.getElementById('d0-shells-0').data.length < 30")


def test_hovering_tells_the_state(visit: Visit) -> None:
    canvas = visit.see("#d0-latent-0")
    box = canvas.bounding_box()
    visit.page.mouse.move(box["x"] + box["width"] - 14, box["y"] + box["height"] / 2)
    tip = visit.page.locator("#tip")
    assert tip.inner_text() == f"0° {NASTY}"
    visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert not tip.is_visible(), "there is no particle in the middle of the ring"
    visit.see("#d0-states-0")
    area = visit.page.locator("#d0-states-0 .nsewdrag").bounding_box()
    visit.page.mouse.move(area["x"] + area["width"] * 2.5 / 24, area["y"] + area["height"] * 1.5 / 5, steps=4)
    hovered = "Array.from(document.querySelectorAll('#d0-states-0 .hovertext')).map(each => each.textContent).join()"
    visit.page.wait_for_function(f"words => {hovered}.startsWith(words)", arg=f"ppca30° {NASTY}")


def test_points_of_the_state_stand_out(visit: Visit) -> None:
    visit.see("#d0-latent-0")
    before = visit.pixels("#d0-latent-0")
    visit.choose_state(6)
    after = visit.pixels("#d0-latent-0")
    height, width = before.shape[:2]
    strength = (after[..., 3] > 200).astype(float)
    top = strength[: height // 5, width // 3 : 2 * width // 3]
    assert top.sum() > 0
    assert strength.sum() == top.sum(), "all others are faint"
    visit.choose_state(0)
    assert (visit.pixels("#d0-latent-0") != after).any()


def test_tabs_by_keyboard_and_by_address(browser: Any, both: Path) -> None:
    visit = Visit(browser, both)
    page = visit.page
    assert [page.locator(f"#d{i}").is_visible() for i in (0, 1)] == [True, False]
    page.locator("#d0-tab").press("ArrowRight")
    assert page.locator("#d1-tab").evaluate("node => node === document.activeElement")
    assert [page.locator(f"#d{i}").is_visible() for i in (0, 1)] == [False, True]
    visit.see("#d1-states-0")
    visit.choose_state(3, "d1")
    assert visit.state("d1").startswith("45°")
    page.locator("#d1-tab").press("Home")
    assert visit.state() == "none selected", "each dataset has its own state"
    page.locator("#outline-table a[href='#d1']").click()
    page.locator("#d1").wait_for(state="visible")  # the address changes a moment later
    assert visit.complaints == []
    visit.close()


def test_arrays_may_be_missing(browser: Any, results: Results, tmp_path: Path) -> None:
    path = tmp_path / "bare.html"
    path.write_text(render_report([Results(results.document)]), encoding="utf-8")
    visit = Visit(browser, path)
    visit.see("#d0-states-0")
    visit.choose_state(2)
    assert visit.state().startswith("30°")
    assert visit.complaints == []
    visit.close()


def test_names_run_nothing(visit: Visit) -> None:
    for name in visit.page.locator(".plot:visible").evaluate_all("nodes => nodes.map(node => '#' + node.id)"):
        visit.see(name)
    assert visit.page.locator("img[src='x']").count() == 0
    assert visit.page.locator("#d0-shells-0 .legendtext").nth(2).text_content() == NASTY
