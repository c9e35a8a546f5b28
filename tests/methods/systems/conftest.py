"""A dataset of 48 particles in two stacks, of which a reader needs the names alone."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from cryobench.core import CTFParameters, Particles, Poses
from cryobench.io import MrcStackWriter, open_images, write_star


def _load(name: str) -> None:
    """Make a module of this folder known by its name: the tests are no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])


_load("layouts")

from layouts import BOX, PIXEL_SIZE, N  # noqa: E402


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
