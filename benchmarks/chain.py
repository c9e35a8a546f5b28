"""The whole chain, maps to cropped noisy images on disk, beside the published way; and the memory that it takes.

Each measurement is made in a process of its own, which does nothing else. Runs of several sizes tell apart what a
dataset, a volume and an image take. Processor time is what to compare where other work shares the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measure import WITHOUT_TORCH, Cost, least, measured, run_peer
from phantom import density, random_points

from cryobench import SimulationSpec, project, simulate
from cryobench.core import Volume
from cryobench.datasets import load_dataset
from cryobench.io import read_volume, write_volume
from cryobench.ops.threads import set_threads

BOX, PIXEL_SIZE, OUTPUT_BOX, SNR = 256, 1.5, 128, 0.01

PUBLISHED_CPU = 1.9
"""CPU seconds an image of the published scripts at this size, measured elsewhere and quoted."""

PARTICLES, VOLUMES = 100_000, 100

MAPS = 4


def imaging(output_box: int, snr: float | None) -> dict[str, Any]:
    """Return image formation as published: a noise level for each state, a CTF preset."""
    return {"output_box": output_box, "ctf": {"source": "parametric"}, "noise": {"snr": snr, "scope": "state"}}


def make_maps(folder: str, count: int) -> dict[str, Any]:
    """Write maps to simulate from, and a small one to warm up with."""
    for number in range(count):
        points = random_points(BOX, 300, number)
        write_volume(Path(folder, f"{number}.mrc"), Volume(density(points, BOX), PIXEL_SIZE))
    write_volume(Path(folder, "small.mrc"), Volume(density(random_points(32, 3), 32), PIXEL_SIZE))
    return {}


def run_simulate(
    folder: str, volumes: int, images: int, output_box: int, output: str, snr: float | None = SNR
) -> dict[str, Any]:
    """Simulate a dataset after a small one that loads the compiled kernels."""
    small = {"volumes": [Path(folder, "small.mrc")], "images": 2, "imaging": imaging(16, snr)}
    simulate(small, Path(output, "small"))
    maps = tuple(Path(folder, f"{number}.mrc") for number in range(volumes))
    spec = SimulationSpec.model_validate({"volumes": maps, "images": images, "imaging": imaging(output_box, snr)})
    cost, _ = measured(lambda: simulate(spec, Path(output, "dataset")))
    return {"cpu": cost.cpu, "wall": cost.wall}


def run_project(folder: str, images: int) -> dict[str, Any]:
    """Project a volume, as a function on arrays."""
    volume = read_volume(Path(folder, "0.mrc")).data
    rotations, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(images, 3, 3)))
    cost, _ = measured(lambda: project(volume, rotations))
    return {"cpu": cost.cpu, "wall": cost.wall}


PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "maps": make_maps,
    "simulate": run_simulate,
    "project": run_project,
}


def apart(threads: int, part: str, **arguments: Any) -> dict[str, Any]:
    """Do a part in a fresh process; return what it took, and the most memory it had, in bytes.

    Nothing large is done in this process: a child starts out with its parent's peak.
    """
    call = json.dumps([threads, part, arguments])
    done = subprocess.run([sys.executable, __file__, "--part", call], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def do_part(call: str) -> None:
    threads, part, arguments = json.loads(call)
    set_threads(threads)
    found = PARTS[part](**arguments)
    unit = 1 if sys.platform == "darwin" else 1024
    print(json.dumps(found | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}))


def measure_chain(folder: str, threads: int) -> tuple[Cost, Cost, Cost]:
    """Return what a dataset, a volume and an image take, from runs of three sizes."""
    print(f"\nsimulate, {BOX} -> {OUTPUT_BOX}, signal-to-noise ratio {SNR}, noise level by state; {threads} threads")
    print("volumes  images      CPU s     wall s   peak memory")
    # The noise level is computed from up to 256 images of each volume: all runs have more.
    small, many, long = (least_run(folder, threads, *size) for size in ((1, 300), (MAPS, 300), (1, 2700)))
    image = (long - small) / 2400
    volume = (many - small) / (MAPS - 1) - image * 300
    return small - volume - image * 300, volume, image


def least_run(folder: str, threads: int, volumes: int, images: int, repeats: int = 2) -> Cost:
    """Return the least that a simulation of one size takes."""
    costs = []
    for _ in range(repeats):
        output = tempfile.mkdtemp(dir=folder)
        found = apart(
            threads, "simulate", folder=folder, volumes=volumes, images=images, output_box=OUTPUT_BOX, output=output
        )
        shutil.rmtree(output)
        costs.append(Cost(found["cpu"], found["wall"]))
        print(f"{volumes:7d} {volumes * images:7d} {found['cpu']:10.2f} {found['wall']:10.2f} {gigabytes(found):>13s}")
    return least(costs)


def gigabytes(found: dict[str, Any]) -> str:
    return f"{found['memory'] / 1e9:.2f} GB"


def print_chain(dataset: Cost, volume: Cost, image: Cost, threads: int) -> Cost:
    """Print what the parts take; return what an image takes with its share of the rest."""
    for name, cost in (("an image", image * 1e3), ("a volume", volume * 1e3), ("a dataset", dataset * 1e3)):
        print(f"{name:9s} {cost.cpu:8.1f} ms CPU {cost.wall:8.1f} ms wall")
    whole = dataset + volume * VOLUMES + image * PARTICLES
    each = whole / PARTICLES
    print(f"extrapolated, not run, to {PARTICLES} particles of {VOLUMES} volumes:")
    print(f"  {whole.cpu / 60:.1f} min CPU, so at least {whole.cpu / 60 / threads:.1f} min on {threads} free cores; "
          f"{whole.wall / 60:.1f} min wall, if the machine was as busy in each run")  # fmt: skip
    print(f"  an image of these, all told: {1e3 * each.cpu:.2f} ms CPU, {1e3 * each.wall:.2f} ms wall")
    print(
        f"of the published scripts, quoted, not measured here: {PUBLISHED_CPU} s CPU: {PUBLISHED_CPU / each.cpu:.0f} x"
    )
    return each


def compare_with_torch(folder: str, threads: int, python: str, ours: Cost, images: int = 20) -> None:
    """Make a few images by the published steps, and compare their time, and the images before noise."""
    output = tempfile.mkdtemp(dir=folder)
    arguments = {"folder": folder, "volumes": 1, "images": images, "output_box": OUTPUT_BOX, "output": output}
    apart(threads, "simulate", **arguments, snr=None)
    clean = load_dataset(Path(output, "dataset")).particles
    given = {
        "volume": read_volume(Path(folder, "0.mrc")).data,
        "rotations": clean.poses.rotations,
        "shifts": clean.poses.shifts / PIXEL_SIZE,
        "ctf": clean.ctf.table,
        "pixel_size": np.array(PIXEL_SIZE),
        "output_box": np.array(OUTPUT_BOX),
        "snr": np.array(SNR),
        "batch": np.array(10),
    }
    made = run_peer(python, "chain", threads, given)
    print(f"\nthe published steps, written anew (torch, numpy), {images} images: seconds an image")
    print("step           CPU     wall")
    steps = [Cost(cpu, wall) / images for cpu, wall in made["seconds"]]
    for name, cost in zip(made["steps"], steps, strict=True):
        print(f"{name:12s} {cost.cpu:5.3f}    {cost.wall:5.3f}")
    total = sum(steps, Cost(0.0, 0.0))
    print(f"total        {total.cpu:5.3f}    {total.wall:5.3f}:  {total.cpu / ours.cpu:.0f} x our CPU time, "
          f"{total.wall / ours.wall:.0f} x our wall time, our share of volume and dataset included")  # fmt: skip
    own = clean.images.read(np.arange(images))
    agreement = np.corrcoef(own.ravel(), made["clean"].ravel())[0, 1]
    print(f"correlation of their images with ours, before noise: {agreement:.4f}")


def measure_memory(folder: str, threads: int) -> None:
    print("\npeak memory of a process that does nothing else, interpreter and libraries included")
    for box in (BOX, OUTPUT_BOX):
        output = tempfile.mkdtemp(dir=folder)
        found = apart(threads, "simulate", folder=folder, volumes=1, images=100, output_box=box, output=output)
        shutil.rmtree(output)
        print(f"simulate, {BOX} -> {box}, 100 images: {gigabytes(found)}")
    print(f"project, {BOX}, 100 images:         {gigabytes(apart(threads, 'project', folder=folder, images=100))}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch-python", metavar="PATH", help="Python of an environment that holds torch and numpy")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of each (default: all cores)")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part is not None:
        do_part(options.part)
        return
    print(f"load average {os.getloadavg()[0]:.1f}")
    if options.torch_python is None:
        print(WITHOUT_TORCH.format(script="chain.py"))
    with tempfile.TemporaryDirectory() as folder:
        apart(options.threads, "maps", folder=folder, count=MAPS)
        measure_memory(folder, options.threads)
        each = print_chain(*measure_chain(folder, options.threads), options.threads)
        if options.torch_python is not None:
            compare_with_torch(folder, options.threads, options.torch_python, each)


if __name__ == "__main__":
    main()
