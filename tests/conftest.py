"""Fixtures that several rooms share."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import venv
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from cryobench.core import Dataset
from cryobench.datasets import build_dataset, load_dataset, prepare_inputs

# A shell that starts the tests in the background lets them, and all that they start, ignore the Ctrl-C that some send.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The first by itself: it decides which build of torch cryoDRGN finds.
CRYODRGN_REQUIREMENTS = ("torch==2.13.0", "cryodrgn==4.3.1")

CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # WebGL without a graphics card.
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the long tests too")
    parser.addoption("--slow-part", metavar="I/N", default="0/1", help="of the long tests, those of one file in N")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    part, parts = map(int, config.getoption("--slow-part").split("/"))
    for item in items:
        if "slow" not in item.keywords:
            continue
        if not config.getoption("--slow"):
            item.add_marker(pytest.mark.skip(reason="long: give --slow to run it"))
        # By file, since the tests of a file share what takes long to make.
        elif zlib.crc32(item.path.name.encode()) % parts != part:
            item.add_marker(pytest.mark.skip(reason="long: the turn of another part"))


@pytest.fixture(scope="session")
def published() -> Path:
    """Folder of the published scripts' inputs and outputs."""
    return Path(__file__).parent / "data" / "published"


@pytest.fixture(scope="session")
def cache() -> Path:
    """Folder of real structures and CTF tables, laid out as the download cache."""
    folder = os.environ.get("CRYOBENCH_CACHE")
    if not folder:
        pytest.skip("CRYOBENCH_CACHE is not set: the tests on real structures and CTF tables did not run")
    return Path(folder)


@pytest.fixture(scope="session")
def cryodrgn_program() -> Path:
    """Path of a real cryoDRGN, in an environment that is made here if that is asked for."""
    if python := os.environ.get("CRYOBENCH_CRYODRGN"):
        return Path(python).parent / "cryodrgn"
    folder = os.environ.get("CRYOBENCH_CRYODRGN_ENV")
    if not folder:
        pytest.skip(
            "CRYODRGN DID NOT RUN: set CRYOBENCH_CRYODRGN to the python of an environment that holds cryoDRGN, or "
            "CRYOBENCH_CRYODRGN_ENV to a folder to make one in (2 GB)"
        )
    program = Path(folder) / "bin" / "cryodrgn"
    if not program.exists():
        venv.create(folder, with_pip=True, clear=True)
        for requirement in CRYODRGN_REQUIREMENTS:
            subprocess.run([program.with_name("python"), "-m", "pip", "install", "--quiet", requirement], check=True)
    return program


@pytest.fixture(scope="session")
def small_dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The recipe of igg-1d at a size for tests: 6 states of 80 images, box 32."""
    folder = tmp_path_factory.mktemp("igg-1d")
    inputs = prepare_inputs(
        "igg-1d:standin",
        "demo",
        seed=3,
        states=6,
        images_per_state=80,
        resolution=24.0,
        imaging={"box": 32, "output_box": 32, "pixel_size": 12.0, "noise": {"snr": 2.0}},
    )
    build_dataset(inputs, folder)
    return load_dataset(folder)


def _cannot(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"{reason}: CI has to run the browser tests")
    pytest.skip(f"BROWSER TESTS LEFT OUT: {reason}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium."""
    executable = shutil.which("chromium")
    if executable is None:
        _cannot("no chromium on the path")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ImportError:
        _cannot("playwright is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield opened
        opened.close()
