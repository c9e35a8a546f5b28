"""Peers of the latent metrics: run by the Python of an environment that holds dadapy, and jax with it.

    python peer_dadapy.py imbalance GIVEN.npz MADE.npz THREADS
    python peer_dadapy.py neighbours GIVEN.npz MADE.npz THREADS

``imbalance`` is dadapy's. ``neighbours`` is the published way to compare neighbourhoods, written anew and plainly with
jax: for each k the matrix of distances of both spaces, both sorted, and the intersection of each point's two sets. It
knows nothing of cryobench.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np


def imbalance(a: np.ndarray, b: np.ndarray, k: np.ndarray, threads: int) -> np.ndarray:
    """Return dadapy's information imbalance from A to B and back, of all points at once."""
    from dadapy import MetricComparisons  # noqa: PLC0415  (it takes long, and is not what is timed)

    warnings.filterwarnings("ignore", "Subset size greater")  # of all points at once, which is what is asked for
    n = len(a)
    comparison = MetricComparisons(a.astype(np.float64), n_jobs=threads)
    first, second = comparison.return_information_imbalace(b.astype(np.float64), k=int(k[0]), subset_size=n)
    return np.array([first[0], second[0]])


def neighbours(a: np.ndarray, b: np.ndarray, k: np.ndarray, threads: int) -> np.ndarray:
    """Return how many neighbours each point shares at each k, itself among them, shape (number of k, n)."""
    import jax.numpy as jnp  # noqa: PLC0415

    found = []
    for one in k.tolist():
        orders = []
        for space in (a, b):
            points = jnp.asarray(space)
            distances = jnp.linalg.norm(points[:, None] - points[None], axis=-1)
            orders.append(np.asarray(jnp.argsort(distances, axis=1))[:, : one + 1].tolist())
        found.append([len(set(first) & set(second)) for first, second in zip(*orders, strict=True)])
    return np.array(found)


STAGES: dict[str, Callable[..., np.ndarray]] = {"imbalance": imbalance, "neighbours": neighbours}


def main() -> None:
    stage, given, made, threads = STAGES[sys.argv[1]], sys.argv[2], sys.argv[3], int(sys.argv[4])
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()}"
    with np.load(given) as archive:
        a, b, k = archive["a"], archive["b"], archive["k"]
    stage(a[:200], b[:200], k[:1] % 100, threads)  # imports and compiles
    cpu, wall = time.process_time(), time.perf_counter()
    result = stage(a, b, k, threads)
    np.savez(made, result=result, cpu=time.process_time() - cpu, wall=time.perf_counter() - wall)


if __name__ == "__main__":
    main()
