"""A page in a browser, with everything that it complained about or asked for."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


class Visit:
    """An open page."""

    def __init__(
        self, browser: Any, path: Path, scheme: str = "light", width: int = 1280, *, before: str = "", **options: Any
    ) -> None:
        self.context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, **options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self._listen(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (self.complaints.append("dialog"), dialog.dismiss()))
        self.page.on("request", lambda request: self.requests.append(request.url))
        # Processor time of the page's own thread: what other programs of the machine do leaves it alone.
        self.meter = self.context.new_cdp_session(self.page)
        self.meter.send("Performance.enable", {"timeDomain": "threadTicks"})
        if before:
            self.page.add_init_script(before)
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready]", timeout=60_000)

    def _listen(self, words: str) -> None:
        # What a software renderer says of its own speed is no complaint of the page.
        if "GL Driver Message (OpenGL, Performance" not in words:
            self.complaints.append(words)

    def see(self, selector: str) -> Any:
        """Scroll to an element, wait until it is drawn where it has to be, and return it."""
        found = self.page.locator(selector).first
        found.evaluate("node => node.scrollIntoView({ block: 'center', behavior: 'instant' })")
        if found.evaluate("node => node.matches('.plot, canvas.points, figure.surfaces')"):
            self.page.wait_for_selector(f"{selector}[data-drawn]", timeout=60_000)
        self.frame()
        return found

    def frame(self) -> None:
        """Wait until what was asked for is painted."""
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
        )

    def choose_state(self, state: int, panel: str = "d0") -> None:
        """Move the slider."""
        self.page.evaluate(
            "([id, state]) => { const slider = document.getElementById(id); slider.value = state; "
            "slider.dispatchEvent(new Event('input')); }",
            [f"{panel}-state", str(state)],
        )
        self.frame()

    def state(self, panel: str = "d0") -> str:
        """Return what the state bar says."""
        return str(self.page.locator(f"#{panel} .state-bar output").inner_text())

    def pixels(self, selector: str) -> np.ndarray:
        """Return what a canvas shows, (H, W, 4)."""
        self.frame()
        data = self.page.locator(selector).evaluate("canvas => canvas.toDataURL('image/png')")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))).convert("RGBA")).astype(int)

    def busy(self) -> float:
        """Return the seconds of processor time that the page took so far."""
        metrics = {each["name"]: each["value"] for each in self.meter.send("Performance.getMetrics")["metrics"]}
        return float(metrics["TaskDuration"])

    def close(self) -> None:
        self.context.close()
