"""Fixtures that several rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from cryobench.core import Dataset
from cryobench.datasets import build_dataset, load_dataset, prepare_inputs


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the long tests too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="long: give --slow to run it"))


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
def small_dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The recipe of igg-1d at a size for tests: 6 states of 80 images, box 32."""
    folder = tmp_path_factory.mktemp("igg-1d")
    inputs = prepare_inputs(
        "igg-1d",
        "demo",
        seed=3,
        states=6,
        images_per_state=80,
        resolution=24.0,
        imaging={"box": 32, "output_box": 32, "pixel_size": 12.0, "snr": 2.0},
    )
    build_dataset(inputs.spec, inputs.structure, folder)
    return load_dataset(folder)


def blob_positions(rng: np.random.Generator, count: int, radius: float) -> np.ndarray:
    """Return positions (x, y, z) within a sphere, shape (count, 3)."""
    points = rng.normal(size=(count, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return np.asarray(points * radius * rng.uniform(0, 1, (count, 1)) ** (1 / 3))
