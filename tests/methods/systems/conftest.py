"""Makes the modules of this folder known to its tests, which are no package; and datasets of several stacks."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from cryobench.core import CTFParameters, Dataset, Particles, Poses
from cryobench.datasets import build_dataset, load_dataset, prepare_inputs
from cryobench.io import MrcStackWriter, open_images, write_star

sys.path.insert(0, str(Path(__file__).parent))

from layouts import BOX, PIXEL_SIZE, N


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


@pytest.fixture
def particles(tmp_path: Path) -> Particles:
    return _particles(tmp_path / "dataset", {"particles/000.mrcs": N})


@pytest.fixture
def in_two_stacks(tmp_path: Path) -> Particles:
    return _particles(tmp_path / "two", {"particles/000.mrcs": 20, "particles/001.mrcs": N - 20})


def _particles(folder: Path, counts: dict[str, int]) -> Particles:
    (folder / "particles").mkdir(parents=True)
    names = []
    for stack, count in counts.items():
        with MrcStackWriter(folder / stack, count, BOX, PIXEL_SIZE) as writer:
            writer.write(np.zeros((count, BOX, BOX), np.float32))
        names += [f"{place + 1:06d}@{stack}" for place in range(count)]
    (folder / "particles.txt").write_text("".join(f"{stack}\n" for stack in counts))
    write_star(folder / "particles.star", {"particles": {"rlnImageName": names, "rlnB": ["0"] * N}})
    ctf = CTFParameters(np.tile([1e4, 1e4, 0, 300, 2.7, 0.1, 0], (N, 1)))
    poses = Poses(np.tile(np.eye(3, dtype=np.float32), (N, 1, 1)), np.zeros((N, 2), np.float32))
    return Particles(open_images(folder / "particles.txt"), poses, ctf, PIXEL_SIZE, -1)
