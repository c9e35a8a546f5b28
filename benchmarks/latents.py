"""Neighbourhood similarity and information imbalance: time beside the published way, dadapy, and at full size.

All in one run. Processor time sums all threads; it is what to compare where other work shares the machine, since the
clock also counts waiting for it. The published way sorts all distances of both spaces again for each k: a few of the
k are run, spread evenly over them, and the time is scaled to all.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from measure import Cost, least, measured, run_peer

from cryobench.metrics import information_imbalance, neighborhood_similarity, shared_neighbours
from cryobench.ops.distances import prepare_space
from cryobench.ops.neighbours import neighbour_rows
from cryobench.ops.overlaps import overlap_counts
from cryobench.ops.ranks import rank_rows
from cryobench.ops.threads import set_threads

SMALL, COLUMNS = 5_000, 8
COUNTS = tuple(range(50, 1001, 50))
"""20 values, 1 % to 20 % of the points: the published 200 ... 4000 of 20,000."""

LARGE = {100_000: 1.0, 335_240: 0.05}
"""Numbers of points, and the part of them whose neighbours are found: time goes with it."""

MOST = 1_000
PART = 8_192
REPEATS = 5

WITHOUT_DADAPY = """\
*** DADAPY WAS LEFT OUT, and the published way with jax: make an environment that holds them, and name its Python:
***     python3.11 -m venv ENV && ENV/bin/pip install dadapy==0.3.4
***     python benchmarks/latents.py --dadapy-python ENV/bin/python"""


def spaces(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a latent space of 8 columns, and the same with noise."""
    rng = np.random.default_rng(n)
    a = rng.normal(size=(n, COLUMNS))
    return a.astype(np.float32), (a + 0.5 * rng.normal(size=a.shape)).astype(np.float32)


def with_numpy(a: np.ndarray, b: np.ndarray, counts: tuple[int, ...]) -> np.ndarray:
    """Return how many neighbours each point shares at each k, itself among them, shape (number of k, n)."""
    found = []
    for k in counts:
        orders = []
        for space in (a, b):
            distances = np.sqrt(((space[:, None] - space[None]) ** 2).sum(axis=-1))
            orders.append(np.argsort(distances, axis=1)[:, : k + 1].tolist())
        found.append([len(set(first) & set(second)) for first, second in zip(*orders, strict=True)])
    return np.array(found)


def line(name: str, cost: Cost, ours: Cost | None = None) -> None:
    ratio = f"{cost.cpu / ours.cpu:10.0f} {cost.wall / ours.wall:10.0f}" if ours else ""
    print(f"{name:58s} {cost.cpu:10.3f} {cost.wall:10.3f} {ratio}", flush=True)


def repeated(work: Callable[[], object]) -> Cost:
    work()  # compiles
    return least([measured(work)[0] for _ in range(REPEATS)])


def compare_neighbourhoods(python: str | None, threads: int, naive: int) -> bool:
    """Print times of 20 values of k; return whether all find the same."""
    a, b = spaces(SMALL)
    ours = repeated(lambda: neighborhood_similarity(a, b, COUNTS))
    some = COUNTS[len(COUNTS) // naive // 2 :: len(COUNTS) // naive]
    scale = len(COUNTS) / len(some)
    hits = np.rint(shared_neighbours(a, b, some, "published") * some).T
    print(f"\n{SMALL} points, {COLUMNS} columns, k = {COUNTS[0]} ... {COUNTS[-1]} ({len(COUNTS)} values; naive: "
          f"{len(some)} of them, times {scale:g})\n{'':58s}      CPU s     wall s  CPU/ours  wall/ours")  # fmt: skip
    line("neighborhood_similarity", ours)
    cost, found = measured(lambda: with_numpy(a, b, some))
    line("as published, numpy", cost * scale, ours)
    differing = int((found != hits).sum())
    if python:
        made = run_peer(python, "neighbours", threads, {"a": a, "b": b, "k": np.array(some)}, "peer_dadapy.py")
        line("as published, jax", Cost(float(made["cpu"]), float(made["wall"])) * scale, ours)
        differing = max(differing, int((made["result"] != hits).sum()))
    print(f"counts that differ, of {hits.size} (the peers' distances are in single precision): {differing}")
    return differing <= 1e-3 * hits.size


def compare_imbalance(python: str | None, threads: int) -> bool:
    """Print times of information imbalance; return whether dadapy finds the same."""
    a, b = spaces(SMALL)
    ours = repeated(lambda: information_imbalance(a, b))
    print(f"\n{SMALL} points, {COLUMNS} columns, k = 1, both ways")
    line("information_imbalance", ours)
    if not python:
        return True
    made = run_peer(python, "imbalance", threads, {"a": a, "b": b, "k": np.array([1])}, "peer_dadapy.py")
    line("dadapy", Cost(float(made["cpu"]), float(made["wall"])), ours)
    error = float(np.abs(made["result"] - information_imbalance(a, b)).max())
    print(f"largest difference: {error:.1e}")
    return error < 1e-12


def similarity(n: int, rows: int) -> None:
    """Compare the first neighbourhoods of n points, for all k up to 1000."""
    a, b = spaces(n)
    counts = np.arange(1, MOST + 1)
    if rows == n:
        neighborhood_similarity(a, b, counts)
        return
    first, second = prepare_space(a), prepare_space(b)
    for start in range(0, rows, PART):
        stop = min(rows, start + PART)
        overlap_counts(neighbour_rows(first, MOST, start, stop), neighbour_rows(second, MOST, start, stop), counts, n)


def imbalance(n: int, rows: int) -> None:
    """Rank the nearest neighbour of the first of n points, both ways."""
    a, b = spaces(n)
    if rows == n:
        information_imbalance(a, b)
        return
    first, second = prepare_space(a), prepare_space(b)
    for one, other in ((first, second), (second, first)):
        for start in range(0, rows, PART):
            rank_rows(other, neighbour_rows(one, 1, start, min(rows, start + PART)), start)


def in_process(work: Callable[[int, int], None], n: int, rows: int, threads: int) -> tuple[Cost, float]:
    """Return what some work took, and the peak memory of this process in GB."""
    set_threads(threads)
    for rows_first in (1200, 1199):  # compiles
        work(1200, rows_first)
    cost, _ = measured(lambda: work(n, rows))
    unit = 1 if sys.platform == "darwin" else 1024
    return cost, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def full_size(n: int, part: float, threads: int) -> None:
    """Print times at full size, each in a fresh process, which starts out with the peak memory of this one."""
    rows = round(part * n)
    scaled = f" (of {rows} points, times {1 / part:g})" if part < 1 else ""
    print(f"\n{n} points, {COLUMNS} columns{scaled}")
    for name, work in {f"neighborhood_similarity, all k up to {MOST}": similarity,
                       "information_imbalance, k = 1, both ways": imbalance}.items():  # fmt: skip
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            cost, memory = pool.submit(in_process, work, n, rows, threads).result()
        line(name, cost * (1 / part))
        print(f"{'':58s} CPU over threads {cost.cpu / part / threads:.0f} s; peak memory {memory:.2f} GB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dadapy-python", metavar="PYTHON", help="of an environment that holds dadapy and jax")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of each (default: all cores)")
    parser.add_argument("--naive", type=int, default=4, help="how many of the 20 values of k the published way runs")
    options = parser.parse_args()
    set_threads(options.threads)
    print(f"{options.threads} threads; load average {os.getloadavg()[0]:.1f}")
    if not options.dadapy_python:
        print(WITHOUT_DADAPY)
    for n, part in LARGE.items():  # first, while this process is small
        full_size(n, part, options.threads)
    good = [
        compare_neighbourhoods(options.dadapy_python, options.threads, options.naive),
        compare_imbalance(options.dadapy_python, options.threads),
    ]
    if not all(good):
        sys.exit("a peer finds something else")


if __name__ == "__main__":
    main()
