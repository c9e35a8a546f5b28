"""Benchmarks for heterogeneous cryo-EM reconstruction: the public names.

What works on them is in the rooms: :mod:`cryobench.imaging` forms images, :mod:`cryobench.datasets` builds and reads
datasets, :mod:`cryobench.methods` and :mod:`cryobench.benchmark` run and score methods, :mod:`cryobench.metrics` holds
the scores as functions on arrays, :mod:`cryobench.report` renders results.
"""

from cryobench.align import align_volumes
from cryobench.core import (
    ArrayImages,
    CryobenchError,
    CTFParameters,
    Dataset,
    Particles,
    Poses,
    Results,
    Submission,
    Truth,
    Volume,
)
from cryobench.datasets import SimulationSpec, simulate
from cryobench.imaging import ctf, fourier_crop, project
from cryobench.methods import backproject

__all__ = [
    "ArrayImages",
    "CTFParameters",
    "CryobenchError",
    "Dataset",
    "Particles",
    "Poses",
    "Results",
    "SimulationSpec",
    "Submission",
    "Truth",
    "Volume",
    "align_volumes",
    "backproject",
    "ctf",
    "fourier_crop",
    "project",
    "simulate",
]
