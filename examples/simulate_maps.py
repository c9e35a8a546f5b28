"""Simulate images of two maps, most seen from one side and under coloured noise, and reconstruct each map from them.

Two maps of 32 pixels of 4 Å and 500 images of each: enough to see the calls, too few to say anything about a method.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import cryobench
from cryobench.io import write_volume
from cryobench.metrics import fsc_curve

BOX, PIXEL_SIZE = 32, 4.0


def blobs(distance: float) -> np.ndarray:
    """Return a density of twelve blobs about the centre, three of which lie ``distance`` pixels further along x."""
    points = np.random.default_rng(0).uniform(-6, 6, size=(12, 3))
    points[:3, 0] += distance
    grid = np.arange(BOX) - BOX // 2
    along = np.exp(-((grid - points[:, :, None]) ** 2) / 5)
    return np.asarray(np.einsum("nz,ny,nx->zyx", along[:, 2], along[:, 1], along[:, 0]), dtype=np.float32)


def main() -> None:
    """Print how well the reconstruction of each state agrees with its map."""
    with tempfile.TemporaryDirectory() as temporary:
        maps = Path(temporary) / "maps"
        maps.mkdir()
        for name, distance in (("closed", 0.0), ("open", 3.0)):
            write_volume(maps / f"{name}.mrc", cryobench.Volume(blobs(distance), PIXEL_SIZE))
        spec = {
            "volumes": maps,
            "images": 500,
            "imaging": {
                "poses": {
                    "rotations": {"kind": "preferred", "strength": 0.6},
                    "shifts": {"kind": "gaussian", "sigma": 4.0},
                },
                "noise": {"snr": 0.5, "colour": {"kind": "power-law", "exponent": -1.0}},
            },
        }
        dataset = cryobench.simulate(spec, Path(temporary) / "particles")
        particles, truth = dataset.particles, dataset.truth
        for state in truth.states:
            mine = np.flatnonzero(truth.labels == state.index)
            poses = particles.poses[mine]
            found = cryobench.backproject(
                particles.sign * particles.images.read(mine),
                poses.rotations,
                poses.shifts,
                particles.ctf[mine],
                pixel_size=particles.pixel_size,
            )
            curve = fsc_curve(cryobench.Volume(found, particles.pixel_size), truth.volumes[state.index])
            limit = "" if curve.crosses(0.5) else " (Nyquist)"
            print(f"{state.name:>6}: FSC 0.5 at {curve.resolution(0.5):.1f} Å{limit}, AUC {curve.auc:.3f}")


if __name__ == "__main__":
    main()
