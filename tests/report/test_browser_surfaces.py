"""Surfaces in a real browser: they are drawn, both turn together, and a page without WebGL says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up import make_results, surface
from visits import Visit

from cryobench.core import Results
from cryobench.report import render_report

CANVAS = "#d0-surfaces canvas"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page on which ppca recovers every shape exactly, and the other method another state's."""
    results = make_results()
    surfaces = [surface(method, state, state / 4) for method in (None, "ppca") for state in range(0, 24, 4)]
    surfaces += [surface(results.document.methods[2].name, state, 3 + state / 4) for state in range(0, 24, 4)]
    path = tmp_path_factory.mktemp("surfaces") / "report.html"
    path.write_text(render_report([Results(results.document, surfaces=tuple(surfaces))]), encoding="utf-8")
    return path


@pytest.fixture
def visit(browser: Any, report: Path) -> Iterator[Visit]:
    opened = Visit(browser, report)
    opened.see("#d0-surfaces")
    yield opened
    assert opened.complaints == []
    opened.close()


def halves(visit: Visit) -> tuple[np.ndarray, np.ndarray]:
    """Return where the left and the right scene differ from the background."""
    pixels = visit.pixels(CANVAS)[..., :3]
    differs = np.abs(pixels - pixels[2, 2]).max(axis=-1) > 12
    half = pixels.shape[1] // 2
    return differs[:, :half], differs[:, half : 2 * half]


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def drag(visit: Visit, across: int, down: int) -> None:
    box = visit.page.locator(CANVAS).bounding_box()
    x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 2
    visit.page.mouse.move(x, y)
    visit.page.mouse.down()
    visit.page.mouse.move(x + across, y + down, steps=6)
    visit.page.mouse.up()
    visit.frame()


def test_both_are_drawn_and_lit(visit: Visit) -> None:
    left, right = halves(visit)
    assert 0.08 < left.mean() < 0.6
    assert 0.08 < right.mean() < 0.6
    assert overlap(left, right) > 0.98, "the same shape from the same side"
    pixels = visit.pixels(CANVAS)[..., :3][:, : left.shape[1]][left]
    assert pixels.max() > 190, "lit from the front"
    assert np.ptp(pixels.mean(axis=1)) > 90, "shaded"


def test_both_turn_together(visit: Visit) -> None:
    before = halves(visit)
    drag(visit, 140, 60)
    after = halves(visit)
    for old, now in zip(before, after, strict=True):
        assert overlap(old, now) < 0.9
    assert overlap(*after) > 0.98


def test_keys_turn_zoom_and_reset(visit: Visit) -> None:
    canvas = visit.page.locator(CANVAS)
    start = visit.pixels(CANVAS)
    for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"):
        canvas.press("0")
        for _ in range(4):
            canvas.press(key)
        assert (visit.pixels(CANVAS) != start).mean() > 0.02, key
    canvas.press("0")
    np.testing.assert_array_equal(visit.pixels(CANVAS), start)
    small = halves(visit)[0].mean()
    canvas.press("+")
    canvas.press("+")
    assert halves(visit)[0].mean() > 1.3 * small
    for _ in range(4):
        canvas.press("-")
    assert halves(visit)[0].mean() < 0.8 * small
    assert visit.page.evaluate("scrollX") == 0


def test_states_and_methods_change_the_shapes(visit: Visit) -> None:
    first = halves(visit)
    visit.choose_state(12)
    visit.page.wait_for_selector("#d0-surfaces[data-state='12']")
    second = halves(visit)
    assert overlap(first[0], second[0]) < 0.98
    assert overlap(*second) > 0.98
    visit.page.locator("#d0-surfaces select").select_option(index=1)
    visit.page.wait_for_timeout(200)
    third = halves(visit)
    assert overlap(third[0], second[0]) == 1
    assert overlap(*third) < 0.97
    visit.choose_state(13)
    visit.page.wait_for_timeout(200)
    notice = visit.page.locator("#d0-surfaces .other-state")
    assert notice.inner_text().startswith("Shown is 180°")
    assert "and not 195°" in notice.inner_text()
    visit.choose_state(12)
    visit.page.wait_for_timeout(200)
    assert not notice.is_visible()


def test_a_method_shows_states_of_its_own(browser: Any, tmp_path: Path) -> None:
    """The truth and one method have surfaces of the states 0, 8 and 16, the other of 4 and 8 alone."""
    results = make_results()
    surfaces = [surface(method, state, state / 4) for method in (None, "ppca") for state in (0, 8, 16)]
    surfaces += [surface(results.document.methods[2].name, state, state / 4) for state in (4, 8)]
    path = tmp_path / "report.html"
    path.write_text(render_report([Results(results.document, surfaces=tuple(surfaces))]), encoding="utf-8")
    visit = Visit(browser, path)
    figure = visit.see("#d0-surfaces")
    visit.choose_state(16)
    visit.page.wait_for_selector("#d0-surfaces[data-state='16']")
    notice = visit.page.locator("#d0-surfaces .other-state")
    assert not notice.is_visible()
    figure.locator("select").select_option(index=1)
    visit.page.wait_for_selector("#d0-surfaces[data-state='8']")
    assert "Shown is 120°" in notice.inner_text()
    assert "and not 240°" in notice.inner_text()
    assert visit.complaints == []
    visit.close()


def test_dark_pages_have_dark_scenes(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, "dark")
    visit.see("#d0-surfaces")
    assert visit.pixels(CANVAS)[2, 2, :3].max() < 60
    visit.page.locator("#theme").click()
    visit.frame()
    assert visit.pixels(CANVAS)[2, 2, :3].min() > 200
    visit.close()


@pytest.mark.parametrize(
    "lacking",
    [
        "HTMLCanvasElement.prototype.getContext = new Proxy(HTMLCanvasElement.prototype.getContext,"
        " { apply: (get, canvas, [kind]) => kind.startsWith('webgl') ? null : get.call(canvas, kind) });",
        "delete window.DecompressionStream;",
    ],
    ids=["webgl", "decompression"],
)
def test_a_browser_that_cannot_says_so(browser: Any, report: Path, lacking: str) -> None:
    visit = Visit(browser, report, before=lacking)
    visit.see("#d0-surfaces")
    assert visit.page.locator("#d0-surfaces .no-webgl").is_visible()
    assert not visit.page.locator(CANVAS).is_visible()
    assert visit.complaints == []
    visit.close()
