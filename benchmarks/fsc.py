"""Time of Fourier shell correlations beside a loop over shells, of many pairs, and of a whole submission."""

from __future__ import annotations

import argparse
import functools
import resource
import tempfile
from pathlib import Path

import numpy as np
from measure import least, measured

from cryobench.benchmark import PER_IMAGE, Task, score_tasks, volume_score_records
from cryobench.core import Coordinate, State, Truth, Volume, silent
from cryobench.io import read_volume, write_volume
from cryobench.methods import FileVolumes
from cryobench.metrics import fsc_auc_matrix, fsc_curve
from cryobench.ops.threads import get_threads, set_threads


def shell_loop(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pick shell after shell of the full transforms, as the published code does, without its torch."""
    box = first.shape[0]
    a, b = (np.fft.fftshift(np.fft.fftn(np.fft.fftshift(volume))) for volume in (first, second))
    x = np.arange(-box // 2, box // 2)
    grid = np.stack(np.meshgrid(x, x, x, indexing="ij"), -1)
    distances = (grid**2).sum(-1) ** 0.5
    before = np.zeros(distances.shape, dtype=bool)
    curve = [1.0]
    for shell in range(1, box // 2):
        inside = distances < shell
        chosen = np.where(inside & np.logical_not(before))
        p, q = a[chosen], b[chosen]
        curve.append(float((np.vdot(p, q) / np.sqrt(np.vdot(p, p) * np.vdot(q, q))).real))
        before = inside
    return np.array(curve)


def pairs(repeats: int = 5) -> None:
    before = get_threads()
    for threads in sorted({1, before}):
        set_threads(threads)
        print(f"{threads} threads")
        _pairs(repeats)
    set_threads(before)


def _pairs(repeats: int) -> None:
    rng = np.random.default_rng(0)
    for box in (64, 128, 256):
        common, *noise = rng.normal(size=(3, box, box, box)).astype(np.float32)
        first, second = (common + n for n in noise)
        fsc_curve(first, second)
        published = functools.partial(fsc_curve, first, second, convention="published")
        runs = [measured(published) for _ in range(repeats)]
        ours = least([cost for cost, _ in runs])
        cost, loop = measured(functools.partial(shell_loop, first, second))
        error = np.abs(runs[0][1].correlation - loop).max()
        print(f"box {box}: ours {1e3 * ours.cpu:.1f} ms CPU, {1e3 * ours.wall:.1f} ms wall; loop {1e3 * cost.cpu:.0f}, "
              f"{1e3 * cost.wall:.0f}; ratio {cost.cpu / ours.cpu:.0f} x CPU, {cost.wall / ours.wall:.0f} x wall; "
              f"largest difference {error:.1e}", flush=True)  # fmt: skip


class _Maps:
    def __init__(self, count: int, box: int, seed: int) -> None:
        self._count, self._box, self._seed = count, box, seed

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> np.ndarray:
        return np.random.default_rng([self._seed, index]).standard_normal((self._box,) * 3, np.float32)


def matrix(count: int = 100, box: int = 128) -> None:
    cost, _ = measured(lambda: fsc_auc_matrix(_Maps(count, box, 0), _Maps(count, box, 1)))
    drawing, _ = measured(lambda: [_Maps(count, box, 0)[i] for i in range(count)] and None)
    print(f"{count} x {count} pairs at box {box}: {cost.cpu:.1f} s CPU, {cost.wall:.1f} s wall, of it", end=" ")
    print(f"{2 * drawing.cpu:.1f} s for drawing the maps; peak memory of the process {_peak():.2f} GB", flush=True)


def submission(count: int = 1000, box: int = 128, states: int = 20) -> None:
    """Score a submission of many different volumes on disk, per image, with mask and moving region."""
    rng = np.random.default_rng(0)
    axis = np.arange(-box // 2, box // 2)
    radius = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    mask = Volume(np.clip(box / 3 - radius, 0, 1).astype(np.float32), 3.0)
    moving = Volume(np.clip(box / 6 - radius, 0, 1).astype(np.float32), 3.0)
    labels = (np.arange(count) % states).astype(np.int32)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        true = [Volume(rng.standard_normal((box,) * 3, np.float32), 3.0) for _ in range(states)]
        for i in range(count):  # each file differs, and is written once
            noise = np.roll(true[(i + 1) % states].data, i, axis=0)
            write_volume(folder / f"{i}.mrc", Volume(true[labels[i]].data + noise, 3.0))
        for i, volume in enumerate(true):
            write_volume(folder / f"true{i}.mrc", volume)
        del true

        class Read:
            def __len__(self) -> int:
                return states

            def __getitem__(self, state: int) -> Volume:
                return read_volume(folder / f"true{state}.mrc")

        truth = Truth(
            labels, labels[:, None].astype(np.float32), "state",
            tuple(State(index=i, name=str(i), images=count // states, variables={"state": i}) for i in range(states)),
            Coordinate(name="state", unit="", cyclic=False), Read(), mask, moving,
        )  # fmt: skip
        volumes = FileVolumes({i: folder / f"{i}.mrc" for i in range(count)}, name)
        task = Task("benchmark", PER_IMAGE, volumes, np.arange(count))
        cost, scored = measured(lambda: score_tasks([task], truth, silent))
        intervals, _ = measured(lambda: volume_score_records(scored[0], "mask", 0))
    print(f"{count} volumes at box {box}: {cost.cpu:.0f} s CPU, {cost.wall:.0f} s wall, {intervals.wall:.1f} s for the "
          f"intervals; peak memory of the process {_peak():.2f} GB")  # fmt: skip


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", nargs="*", default=["submission", "matrix", "pairs"])
    for stage in parser.parse_args().stage:
        {"pairs": pairs, "matrix": matrix, "submission": submission}[stage]()


if __name__ == "__main__":
    main()
