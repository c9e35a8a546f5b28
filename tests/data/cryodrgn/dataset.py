"""Build the dataset that cryoDRGN was run on: 48 images of box 16, in 4 states of the stand-in of igg-1d."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np

from cryobench.datasets import build_dataset, prepare_inputs
from cryobench.io import read_star, write_star


def build(folder: Path) -> None:
    imaging = {"box": 16, "output_box": 16, "pixel_size": 24.0, "noise": {"snr": 2.0}}
    inputs = prepare_inputs(
        "igg-1d:standin", "demo", seed=3, states=4, images_per_state=12, resolution=50.0, imaging=imaging
    )
    build_dataset(inputs, folder)
    order = np.random.default_rng(0).permutation(48)
    blocks = read_star(folder / "particles.star")
    blocks["particles"] = {label: [column[i] for i in order] for label, column in blocks["particles"].items()}
    write_star(folder / "shuffled.star", blocks)
    table = pickle.loads((folder / "ctf.pkl").read_bytes())
    (folder / "shuffled_ctf.pkl").write_bytes(pickle.dumps(table[order]))


if __name__ == "__main__":
    build(Path(sys.argv[1]))
