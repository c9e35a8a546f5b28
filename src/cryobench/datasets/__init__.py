"""Benchmark datasets: recipes, building, reading."""

from cryobench.datasets import igg_1d as igg_1d
from cryobench.datasets.build import build_dataset
from cryobench.datasets.folder import changed_files, load_dataset, read_manifest
from cryobench.datasets.recipe import RECIPES, Recipe, Size
from cryobench.datasets.spec import DatasetSpec, FabTurn, Manifest, Source

__all__ = [
    "RECIPES",
    "DatasetSpec",
    "FabTurn",
    "Manifest",
    "Recipe",
    "Size",
    "Source",
    "build_dataset",
    "changed_files",
    "load_dataset",
    "read_manifest",
]
