"""Makes the modules of this folder known to its tests, which are no package; and a dataset of several stacks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cryobench.core import Dataset
from cryobench.datasets import build_dataset, load_dataset, prepare_inputs

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def stacked_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset folder of 3 states of 20 images in 4 stacks."""
    folder = tmp_path_factory.mktemp("stacked") / "dataset"
    inputs = prepare_inputs(
        "igg-1d:standin", "demo", seed=3, states=3, images_per_state=20, images_per_stack=17, resolution=24.0,
        imaging={"box": 32, "output_box": 32, "pixel_size": 12.0, "noise": {"snr": 2.0}},
    )  # fmt: skip
    build_dataset(inputs, folder)
    return folder


@pytest.fixture(scope="session")
def stacked(stacked_folder: Path) -> Dataset:
    return load_dataset(stacked_folder)
