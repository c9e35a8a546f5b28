"""Projection: time and error beside the naive real-space projector in torch, and beside finufft.

All in one run, with as many threads each. Processor time is what to compare where other work shares the machine: the
clock also counts waiting for it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

import finufft
import numpy as np
from measure import WITHOUT_TORCH, Cost, least, measured, run_peer
from phantom import MOST_SHIFT, density, projections, random_points
from scipy.spatial.transform import Rotation

from cryobench.ops.ctf import apply_optics
from cryobench.ops.fft import fourier_to_images
from cryobench.ops.gridding import DEFAULT, Gridding
from cryobench.ops.slices import extract_slices, slice_grid
from cryobench.ops.threads import set_threads

SIZES = {64: (1000, 50, 3), 128: (1000, 30, 3), 256: (400, 20, 2)}
"""By box: images for ours and finufft, images for torch, and how often each of the former is measured."""

BATCH = 10
"""Images that torch makes at a time; more of 256 pixels take more memory than many machines have."""

MOST_ERROR = 1e-4
OURS = "ours"
NAIVE = "torch, grid_sample"

GRIDDINGS = {OURS: DEFAULT, "our kernel, 6 x 1.25": Gridding(6, 1.25)}
"""What the package uses (width 8 on a grid oversampled by 1.25), and a narrower kernel, as exact as finufft at 1e-3."""

FINUFFT = {"finufft 1e-5": (1e-5, 0.0), "finufft 1e-5, x 1.25": (1e-5, 1.25), "finufft 1e-3": (1e-3, 0.0)}
"""Tolerance and oversampling. 0 leaves that to finufft, which takes 2 for 1e-5 and 1.25 for 1e-3 here."""


@dataclass(frozen=True)
class Task:
    """One volume and the views of it that are asked for."""

    volume: np.ndarray
    rotations: np.ndarray
    shifts: np.ndarray

    def first(self, n: int) -> Task:
        """Return the task of the first few views."""
        return Task(self.volume, self.rotations[:n], self.shifts[:n])


@dataclass(frozen=True)
class Found:
    """What a way of projecting took for one volume, for that and n images of it, and its images."""

    volume: Cost
    total: Cost
    made: np.ndarray

    def per_image(self) -> Cost:
        """Return the cost of an image, its share of the volume included."""
        return self.total / len(self.made)

    def after_volume(self) -> Cost:
        """Return the cost of an image of a volume that is ready."""
        return (self.total - self.volume) / len(self.made)


def ours(task: Task, gridding: Gridding) -> Found:
    """Project with our kernels."""
    volume, grid = measured(lambda: slice_grid(task.volume[None], gridding))
    images, made = measured(lambda: finished(extract_slices(grid, task.rotations)[..., 0], task.shifts))
    return Found(volume, volume + images, made)


def finished(slices: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Return the displaced images of central slices, by the same means for each of the ways."""
    apply_optics(slices, None, -shifts, np.ones(len(slices)), 1.0)
    return fourier_to_images(slices)


def with_finufft(task: Task, tolerance: float, oversampling: float, threads: int) -> Found:
    """Project by one nonuniform transform of all images, planning and sorting included, placing the points not."""
    box, n = len(task.volume), len(task.rotations)
    ky, kx = np.meshgrid(np.fft.fftfreq(box, 1 / box), np.arange(box // 2 + 1), indexing="ij")
    plane = np.stack((kx, ky, np.zeros_like(kx)), axis=-1)
    frequencies = np.concatenate([plane[None] @ rotation for rotation in task.rotations.astype(float)])
    # As in ours: below Nyquist of the image, and within the volume's own cube, beyond which finufft would wrap.
    inside = (np.abs(frequencies) <= box // 2).all(-1) & (np.abs(ky) < box // 2) & (kx < box // 2)
    x, y, z = (np.ascontiguousarray(axis, np.float32) for axis in (frequencies[inside] * (2 * np.pi / box)).T)

    def work(count: int) -> np.ndarray:
        points = int(inside[:count].sum())
        options = {"nthreads": threads, "upsampfac": oversampling, "showwarn": 0}
        plan = finufft.Plan(2, (box,) * 3, eps=tolerance, isign=-1, dtype="complex64", **options)
        plan.setpts(z[:points], y[:points], x[:points])
        slices = np.zeros((count, *plane.shape[:2]), np.complex64)
        slices[inside[:count]] = plan.execute(task.volume.astype(np.complex64))
        return finished(slices, task.shifts[:count])

    total, made = measured(lambda: work(n))
    one, _ = measured(lambda: work(1))
    # The volume's transform is inside the plan's execution; what a single image takes is almost all of it.
    volume = one - (total - one) / (n - 1)
    return Found(volume, total, made)


def with_torch(task: Task, python: str, threads: int) -> Found:
    """Project naively, in another environment."""
    arrays = {"volume": task.volume, "rotations": task.rotations, "shifts": task.shifts, "batch": np.array(BATCH)}
    made = run_peer(python, "project", threads, arrays)
    costs = [Cost(cpu, wall) for cpu, wall in made["seconds"]]
    return Found(Cost(0.0, 0.0), least(costs) * len(costs), made["images"])


def best(runs: list[Found]) -> Found:
    return Found(least([r.volume for r in runs]), least([r.total for r in runs]), runs[-1].made)


def compare(box: int, threads: int, torch_python: str | None) -> bool:
    """Print the table of one box; return whether our error is small enough."""
    count, naive_count, repeats = SIZES[box]
    points = random_points(box)
    shifts = (MOST_SHIFT * box * np.random.default_rng(1).uniform(-1, 1, (count, 2))).astype(np.float32)
    rotations = Rotation.random(count, random_state=0).as_matrix().astype(np.float32)
    task = Task(density(points, box), rotations, shifts)
    truth = projections(points, box, rotations, shifts)

    ways: dict[str, Callable[[Task], Found]] = {
        name: lambda task, gridding=gridding: ours(task, gridding) for name, gridding in GRIDDINGS.items()
    } | {name: lambda task, choice=choice: with_finufft(task, *choice, threads) for name, choice in FINUFFT.items()}
    for way in ways.values():  # compiles
        way(task.first(2))
    # By turns, so that a busy spell of the machine meets them all.
    runs = [{name: way(task) for name, way in ways.items()} for _ in range(repeats)]
    found = {name: best([run[name] for run in runs]) for name in ways}
    if torch_python is not None:
        found[NAIVE] = with_torch(task.first(naive_count), torch_python, threads)

    errors = {name: relative_error(one.made, truth) for name, one in found.items()}

    print(f"\nbox {box}, one volume, {count} images of it ({naive_count} with torch, which has no cost for the volume)")
    print("                       ms an image, all told   the volume once, ms   ms an image after it   error")
    print("                            CPU       wall       CPU      wall         CPU      wall")
    for name, one in found.items():
        each, after, once = one.per_image(), one.after_volume(), one.volume
        print(f"{name:22s} {1e3 * each.cpu:8.3f} {1e3 * each.wall:10.3f} {1e3 * once.cpu:9.0f} {1e3 * once.wall:9.0f} "
              f"  {1e3 * after.cpu:9.3f} {1e3 * after.wall:9.3f}   {errors[name]:.1e}")  # fmt: skip
    for name in [*FINUFFT, NAIVE]:
        if name in found:
            print_ratios(name, found, errors)
    return errors[OURS] <= MOST_ERROR


def print_ratios(peer: str, found: dict[str, Found], errors: dict[str, float]) -> None:
    """Compare a peer with what the package does, and with the least of ours that is about as exact as the peer."""
    alike = [name for name in GRIDDINGS if errors[name] <= 1.25 * errors[peer]]
    quickest = min(alike, key=lambda name: found[name].per_image().cpu, default=OURS)
    for name in (OURS,) if peer == NAIVE else dict.fromkeys((OURS, quickest)):
        a, b = found[peer].per_image(), found[name].per_image()
        error = f"errors {errors[peer]:.1e}, {errors[name]:.1e}"
        print(f"  {peer} / {name}: CPU {a.cpu / b.cpu:.2f}, wall {a.wall / b.wall:.2f}  ({error})")


def relative_error(images: np.ndarray, truth: np.ndarray) -> float:
    wanted = truth[: len(images)]
    return float(np.linalg.norm(images - wanted) / np.linalg.norm(wanted))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch-python", metavar="PATH", help="Python of an environment that holds torch and numpy")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of each (default: all cores)")
    parser.add_argument("--box", type=int, choices=SIZES, action="append", help="only this box; may be repeated")
    options = parser.parse_args()
    set_threads(options.threads)
    print(f"{options.threads} threads each; the least of several measurements; load average {os.getloadavg()[0]:.1f}")
    if options.torch_python is None:
        print(WITHOUT_TORCH.format(script="projection.py"))
    good = [compare(box, options.threads, options.torch_python) for box in options.box or SIZES]
    if not all(good):
        sys.exit(f"our error is above {MOST_ERROR:g}")


if __name__ == "__main__":
    main()
