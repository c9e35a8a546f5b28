"""Alignment of maps whose turn, shift and hand are known: how many are found, how exactly, and the time of each.

Maps of box 128 at 6 Å: the synthetic antibody, the 50S subunit of 4V5D, and 1HZH where ``--structure`` names it. Each
is turned at random, shifted by up to a tenth of the box on each axis, and mirrored in half of the cases. Both maps get
white noise of their own, which leaves an FSC of 0.5 with the clean map at 12 Å.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
from measure import measured
from scipy.spatial.transform import Rotation

from cryobench.align import Transform, align_volumes, transform_volume
from cryobench.structures import Atoms, load_structure, render_density
from cryobench.structures.packaged import ribosome_50s
from cryobench.structures.synthetic_igg import synthetic_igg

BOX, RESOLUTION, NOISE_AT = 128, 6.0, 12.0


def map_of(atoms: Atoms, pixel_size: float) -> np.ndarray:
    centre = np.average(atoms.coordinates, axis=0, weights=atoms.weights)
    centred = dataclasses.replace(atoms, coordinates=atoms.coordinates - centre)
    return render_density(centred, RESOLUTION, BOX, pixel_size).data


def noisy(data: np.ndarray, pixel_size: float, seed: int) -> np.ndarray:
    k = np.fft.fftfreq(BOX, 1 / BOX)
    radius = np.sqrt(k[:, None, None] ** 2 + k[:, None] ** 2 + k**2)
    at = np.rint(radius) == round(BOX * pixel_size / NOISE_AT)
    power = 3 * np.mean(np.abs(np.fft.fftn(data)[at]) ** 2)  # FSC = 1 / sqrt(1 + noise / signal)
    noise = np.random.default_rng(seed).normal(size=data.shape) * np.sqrt(power / data.size)
    return (data + noise).astype(np.float32)


def moved(data: np.ndarray, true: Transform) -> np.ndarray:
    """Return the map that the transform takes to ``data``."""
    back = Transform(true.rotation.T, -true.rotation.T @ true.shift, mirrored=False)
    placed = transform_volume(data, back)
    return transform_volume(placed, Transform(np.eye(3), np.zeros(3), mirrored=True)) if true.mirrored else placed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--structure", type=Path, help="1hzh.pdb.gz")
    parser.add_argument("--cases", type=int, default=20, help="of each map")
    arguments = parser.parse_args()
    maps = {
        "synthetic antibody": (map_of(synthetic_igg(), 2.0), 2.0),
        "50S of 4V5D": (map_of(ribosome_50s(), 2.5), 2.5),
    }
    if arguments.structure is None:
        print("*** 1HZH WAS LEFT OUT: name it with --structure")
    else:
        maps["1HZH"] = (map_of(load_structure(arguments.structure), 2.0), 2.0)
    for name, (data, pixel_size) in maps.items():
        align_volumes(data, data)  # compiles
        good, angles, offsets, costs = 0, [], [], []
        for seed in range(arguments.cases):
            shift = np.random.default_rng(seed).uniform(-0.1, 0.1, 3) * BOX
            true = Transform(Rotation.random(random_state=seed).as_matrix(), shift, mirrored=bool(seed % 2))
            moving = noisy(moved(data, true), pixel_size, seed + 100)
            reference = noisy(data, pixel_size, seed + 200)
            cost, found = measured(lambda moving=moving, reference=reference: align_volumes(moving, reference))
            angle = np.rad2deg(Rotation.from_matrix(found.rotation.T @ true.rotation).magnitude())
            offset = np.linalg.norm(found.shift - true.shift)
            good += bool(angle < 3 and offset < 1 and found.mirrored == true.mirrored)
            angles.append(angle)
            offsets.append(offset)
            costs.append(cost)
        print(f"{name}: {good} of {arguments.cases} within 3 degrees, one voxel and of the right hand")
        print(f"  median {np.median(angles):.2f} degrees, {np.median(offsets):.2f} voxels")
        print(f"  largest {max(angles):.2f} degrees, {max(offsets):.2f} voxels")
        cpu, wall = np.median([c.cpu for c in costs]), np.median([c.wall for c in costs])
        print(f"  median {cpu:.1f} s CPU, {wall:.1f} s wall", flush=True)
        cost, found = measured(lambda data=data: align_volumes(data, data))
        own = np.rad2deg(Rotation.from_matrix(found.rotation).magnitude())
        print(f"{name} against itself: {own:.4f} degrees, {np.abs(found.shift).max():.5f} voxels, {cost.cpu:.1f} s CPU")


if __name__ == "__main__":
    main()
