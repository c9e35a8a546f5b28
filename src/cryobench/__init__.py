"""Benchmarks for heterogeneous cryo-EM reconstruction: the vocabulary that every room shares.

What works on it is in the rooms: :mod:`cryobench.datasets` builds and reads datasets, :mod:`cryobench.methods` and
:mod:`cryobench.benchmark` run and score methods, :mod:`cryobench.metrics` holds the scores as functions on arrays,
:mod:`cryobench.report` renders results.
"""

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

__all__ = [
    "ArrayImages",
    "CTFParameters",
    "CryobenchError",
    "Dataset",
    "Particles",
    "Poses",
    "Results",
    "Submission",
    "Truth",
    "Volume",
]
