"""Build two small datasets, one of a recipe and one described in a YAML file, and print their truth.

Three states of 10 images each: enough to see the calls, too few to say anything about a method.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

import cryobench
from cryobench.datasets import build_dataset, load_dataset, prepare_inputs

RESIDUES = 48

SPEC = """\
name: hinge
seed: 1
structures:
  - closed.pdb
  - {file: open.pdb, name: half open}
  - {file: open.pdb, name: one arm, select: ["A:1-24"]}
frame: shared
populations: [3, 2, 1]
particles: 30
box: 32
pixel_size: 4.0
rendering: {resolution: 8.0, density: band-limited}
imaging:
  output_box: 24
  poses: {shifts: {kind: gaussian, sigma: 4.0}}
  noise: {snr: 0.5}
"""


def bent_rod(angle: float) -> str:
    """Return as a PDB file a straight helix of residues with one atom each, its second half bent by degrees."""
    number = np.arange(RESIDUES)
    turn = np.deg2rad(100.0) * number
    points = np.column_stack((2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * (number - RESIDUES // 2)))
    upper = number >= RESIDUES // 2
    points[upper] = Rotation.from_euler("x", angle, degrees=True).apply(points[upper])
    return "".join(
        f"ATOM  {i + 1:5d}  CA  ALA A{i + 1:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00 20.00           C\n"
        for i, (x, y, z) in enumerate(points)
    )


def print_truth(dataset: cryobench.Dataset) -> None:
    """Print what is known of each state; a map sums to about the electrons of its heavy atoms."""
    truth = dataset.truth
    print(f"{dataset.card.id}: {dataset.card.facts['Particles']}; latent: {truth.latent_meaning}")
    for state in truth.states:
        first = truth.latents[truth.labels == state.index][0]
        variables = ", ".join(f"{name} {value:.3g}" for name, value in state.variables.items())
        volume = truth.volumes[state.index]
        electrons = volume.data.sum() * volume.pixel_size**3
        size = f"{state.images} images, {electrons:,.0f} electrons"
        print(f"  {state.name:>9}: {size}, {variables}, latent {first.round(2)}")


def main() -> None:
    """Print the truth of a stand-in and of a dataset of one's own."""
    small = {"box": 32, "output_box": 32, "pixel_size": 12.0}
    inputs = prepare_inputs(
        "igg-rl:standin", "demo", seed=1, states=3, images_per_state=10, rendering={"resolution": 24.0}, imaging=small
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        build_dataset(inputs, folder / "igg-rl")
        print_truth(load_dataset(folder / "igg-rl"))
        (folder / "closed.pdb").write_text(bent_rod(0.0), encoding="utf-8")
        (folder / "open.pdb").write_text(bent_rod(60.0), encoding="utf-8")
        (folder / "hinge.yaml").write_text(SPEC, encoding="utf-8")
        print_truth(cryobench.simulate(folder / "hinge.yaml", folder / "hinge"))


if __name__ == "__main__":
    main()
