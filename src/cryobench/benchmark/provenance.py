"""What a run was made of: data, seed and versions."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable

from cryobench.core import DatasetCard

_LIBRARIES = ("numpy", "scipy", "numba", "scikit-learn", "umap-learn")


def provenance(dataset: DatasetCard, seed: int) -> dict[str, str]:
    """Return dataset, seed and versions, by what they are."""
    version: Callable[[str], str] = importlib.metadata.version
    return {
        "Dataset": dataset.id,
        "Checksum of dataset.json (SHA-256)": dataset.checksum,
        "Seed": str(seed),
        "cryobench": version("cryobench"),
        "Python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
    }
