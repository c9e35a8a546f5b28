"""How large the page of a study is, and how soon a reader can use it: eight methods on five datasets.

Seconds are those of headless Chromium, with its surfaces drawn by the processor. The first is from the opening to a
table that sorts; the second to the first plots on the screen; the third is what a step of the slider takes with curves,
heat map and matrix on the screen.

Usage: python benchmarks/report_page.py [--keep report.html]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import CDPSession, Page, sync_playwright

from cryobench.report import render_report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "report"))

from made_up import make_many

_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="keep the page there")
    keep = parser.parse_args().keep
    results = make_many()
    start = time.perf_counter()
    text = render_report(results)
    print(f"made in            {time.perf_counter() - start:6.2f} s")
    print(f"size               {len(text.encode()) / 1e6:6.1f} MB")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = keep or Path(folder) / "report.html"
        path.write_text(text, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        meter = page.context.new_cdp_session(page)
        meter.send("Performance.enable", {"timeDomain": "threadTicks"})
        start = time.perf_counter()
        page.goto(path.resolve().as_uri())
        page.wait_for_selector("html[data-ready]")
        page.locator("#d0-score-table thead button").nth(1).click()
        print(
            f"table sorts after  {time.perf_counter() - start:6.2f} s, of which the page computed {_busy(meter):.2f} s"
        )
        page.locator("#d0-shells-0").scroll_into_view_if_needed()
        page.wait_for_selector("#d0-shells-0[data-drawn]")
        page.evaluate(_FRAME)
        print(
            f"plots drawn after  {time.perf_counter() - start:6.2f} s, of which the page computed {_busy(meter):.2f} s"
        )
        print(f"step of the slider {_step(page):6.3f} s")
        browser.close()


def _busy(meter: CDPSession) -> float:
    """Return the seconds of processor time that the page's own thread took: what other programs do leaves it alone."""
    metrics = {each["name"]: each["value"] for each in meter.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


def _step(page: Page) -> float:
    """Return the seconds that one step of the slider takes."""
    page.locator("#d0-states-0").scroll_into_view_if_needed()
    page.wait_for_selector("#d0-states-0[data-drawn]")
    start = time.perf_counter()
    for _ in range(20):
        page.locator("#d0-state").press("ArrowRight")
        page.evaluate(_FRAME)
    return (time.perf_counter() - start) / 20


if __name__ == "__main__":
    main()
