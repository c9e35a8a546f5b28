"""Time taken, and work done by another Python."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

T = TypeVar("T")

WITHOUT_TORCH = """\
*** THE TORCH PEER WAS LEFT OUT: without it there is no ratio to the published way. Make an environment that holds
*** torch, and name its Python:
***     python3 -m venv ENV && ENV/bin/pip install torch==2.13.0 numpy
***     python benchmarks/{script} --torch-python ENV/bin/python"""


@dataclass(frozen=True)
class Cost:
    """Seconds of processor time, all threads together, and by the clock."""

    cpu: float
    wall: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.cpu + other.cpu, self.wall + other.wall)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.cpu - other.cpu, self.wall - other.wall)

    def __mul__(self, factor: float) -> Cost:
        return Cost(self.cpu * factor, self.wall * factor)

    def __truediv__(self, divisor: float) -> Cost:
        return self * (1 / divisor)


def measured(work: Callable[[], T]) -> tuple[Cost, T]:
    """Return what some work took, and its result."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall), result


def least(costs: list[Cost]) -> Cost:
    """Return the least of several measurements: what else runs on the machine only ever adds to one."""
    return Cost(min(c.cpu for c in costs), min(c.wall for c in costs))


def run_peer(
    python: str, stage: str, threads: int, arrays: dict[str, np.ndarray], script: str = "naive_torch.py"
) -> dict[str, np.ndarray]:
    """Run a stage of a peer's script under another Python, and return the arrays that it hands back."""
    with tempfile.TemporaryDirectory() as name:
        given, made = Path(name, "given.npz"), Path(name, "made.npz")
        np.savez(given, **arrays)
        subprocess.run([python, Path(__file__).with_name(script), stage, given, made, str(threads)], check=True)
        with np.load(made) as archive:
            return dict(archive)
