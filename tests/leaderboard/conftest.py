"""The made-up leaderboard, as entries and as a site."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cryobench.benchmark.leaderboard import quoted_entries
from cryobench.core import LeaderboardEntry
from cryobench.datasets import build_dataset, prepare_inputs
from cryobench.report import render_leaderboard

sys.path.insert(0, str(Path(__file__).parent))

from made_up_leaderboard import runs


@pytest.fixture(scope="session")
def entries() -> tuple[LeaderboardEntry, ...]:
    return (*quoted_entries(), *runs())


@pytest.fixture(scope="session")
def site(entries: tuple[LeaderboardEntry, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the site."""
    folder = tmp_path_factory.mktemp("site")
    for name, text in render_leaderboard(entries).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def private_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset folder of ten images."""
    folder = tmp_path_factory.mktemp("private") / "set"
    small = {"box": 32, "output_box": 32, "pixel_size": 12.0}
    inputs = prepare_inputs(
        "igg-1d:standin", "demo", seed=1, states=2, images_per_state=5, resolution=24.0, imaging=small
    )
    build_dataset(inputs, folder)
    return folder
