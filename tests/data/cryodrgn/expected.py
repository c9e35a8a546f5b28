"""Write what the fixtures hold, read with pickle and torch themselves: run by make.sh in cryoDRGN's environment."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import torch

work, out = map(Path, sys.argv[1:])
values = {}
for run in ("train_vae", "train_dec", "abinit_het_old", "abinit"):
    with (work / run / "z.2.pkl").open("rb") as file:
        values[f"{run}/z"] = pickle.load(file)
    pose = work / run / "pose.2.pkl"
    if pose.is_file():
        rotations, shifts = pickle.loads(pose.read_bytes())
        values |= {f"{run}/rotations": rotations, f"{run}/shifts": shifts}
weights = torch.load(work / "train_dec" / "weights.2.pkl", weights_only=False)
for name, tensor in weights["model_state_dict"].items():
    values[f"weights/{name}"] = tensor.numpy()
np.savez_compressed(out / "expected.npz", **values)

torch.manual_seed(0)
numbers = torch.randn(5, 3)
saved = {
    "mu": numbers,
    "nn": [np.array([], dtype=np.int64), torch.tensor([1, 2])],
    "multi_mu": None,
    "turned": numbers.T,
    "part": numbers[1:3, 1:],
    "half": numbers.half(),
    "brain": numbers.bfloat16(),
    "positive": numbers > 0,
    "parameter": torch.nn.Parameter(numbers),
    "one": torch.tensor(3.0),
    "none": torch.zeros(0, 3),
    "shape": numbers.shape,
    "state": torch.nn.Linear(2, 2).state_dict(),
}
torch.save(saved, out / "tensors.pt")
torch.save(saved, out / "tensors_before_1.6.pt", _use_new_zipfile_serialization=False)
plain = {name: value.detach().float().numpy() for name, value in saved.items() if isinstance(value, torch.Tensor)}
plain |= {f"state/{name}": value.numpy() for name, value in saved["state"].items()}
np.savez_compressed(out / "tensors.npz", **plain)
