"""Makes the pictures of README and pages from a real run: ``python docs/make_screenshots.py``.

It gives the commands of the tutorial and of the demo, opens what they made in headless Chromium (Debian's package
``chromium``, and playwright of the extra ``test``), and writes the files of :data:`PICTURES` into ``docs/images``. With
``--work DIR`` the runs stay there, and what is there already is not made again.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

IMAGES = Path(__file__).parent / "images"
LARGEST = 250_000  # bytes of a picture
WIDTH = 1280
DRAWING = 6000  # ms until plots and surfaces are drawn, on a slow machine without a GPU
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic"]

# What has to be there (a pattern), and the command that makes it.
RUNS = (
    ("demo/overview.png", "demo -o demo --seed 1"),
    ("igg-1d/dataset.json", "datasets build igg-1d:standin --scale demo --states 10 --seed 1 -o igg-1d"),
    ("run-ppca/submission", "methods run ppca --dataset igg-1d -o run-ppca"),
    ("run-kclasses/submission", "methods run kclasses:5 --dataset igg-1d -o run-kclasses"),
    ("scores/results.json", "score run-ppca/submission run-kclasses/submission --dataset igg-1d -o scores"),
    ("report.html", "report scores -o report.html"),
    ("entries/*.quoted.*.json", "leaderboard quote --entries entries"),
    ("entries/*.claimed.*.json", "leaderboard add scores --entries entries"),
    ("site/index.html", "leaderboard build --entries entries -o site"),
)
# The picture, the page that it shows, the part of it at the top (empty: what is seen first), and the window's height.
SHOTS = (
    ("report.png", "report.html", "d0-scores", 1180),
    ("report-states.png", "report.html", "d0-states", 890),
    ("report-volumes.png", "report.html", "d0-volumes", 860),
    ("leaderboard.png", "site/index.html", "", 860),
)
OVERVIEW = "demo.png"
PICTURES = (OVERVIEW, *(shot[0] for shot in SHOTS))
"""The files that are written."""


def run(work: Path) -> None:
    """Make what is not there yet."""
    for there, words in RUNS:
        if not any(work.glob(there)):
            sys.stderr.write(f"cryobench {words}\n")
            call = [sys.executable, "-m", "cryobench", *words.split()]
            subprocess.run(call, cwd=work, check=True, stdout=subprocess.DEVNULL)


def shoot(work: Path) -> dict[str, bytes]:
    """Return the pictures of the pages, PNG, by name."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (the tests read PICTURES without it)

    executable = shutil.which("chromium")
    if executable is None:
        sys.exit("no chromium on the path: apt-get install chromium")
    made = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        for name, file, part, height in SHOTS:
            size: Any = {"width": WIDTH, "height": height}
            page = browser.new_page(viewport=size, color_scheme="light", reduced_motion="reduce")
            made[name] = _picture(page, (work / file).resolve().as_uri(), part)
            page.close()
        browser.close()
    return made


def small(png: bytes) -> bytes:
    """Return the picture without transparency; if it is still too large, with a palette of 256 colours."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    content = _packed(image)
    # Maximum coverage keeps the few pixels of a colour scale apart where most of a picture is grey.
    return content if len(content) <= LARGEST else _packed(image.quantize(256, Image.Quantize.MAXCOVERAGE))


def _packed(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _picture(page: Any, address: str, part: str) -> bytes:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    scroll = "part => part && document.getElementById(part).scrollIntoView()"
    # Plots and surfaces are drawn once they come into view, and move what is below them.
    page.evaluate(scroll, part)
    page.wait_for_timeout(DRAWING)
    page.evaluate(scroll, part)
    page.wait_for_timeout(1000)
    shot: bytes = page.screenshot()
    return shot


def main() -> None:
    """Make the runs, then the pictures."""
    parser = argparse.ArgumentParser(description="Make the pictures of README and pages from a real run.")
    parser.add_argument("--work", type=Path, help="keep the runs there, and use those that are there")
    work = parser.parse_args().work or Path(tempfile.mkdtemp(prefix="cryobench-pictures-"))
    work.mkdir(parents=True, exist_ok=True)
    run(work)
    pictures = {OVERVIEW: (work / "demo/overview.png").read_bytes(), **shoot(work)}
    IMAGES.mkdir(exist_ok=True)
    for name, png in pictures.items():
        content = small(png)
        if len(content) > LARGEST:
            sys.exit(f"{name}: {len(content)} bytes, more than {LARGEST}")
        (IMAGES / name).write_bytes(content)
        sys.stderr.write(f"{IMAGES / name}: {len(content) / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
