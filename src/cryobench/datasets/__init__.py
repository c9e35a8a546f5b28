"""Benchmark datasets: recipes, building, reading."""

from cryobench.datasets import igg_1d as igg_1d
from cryobench.datasets.build import build_dataset
from cryobench.datasets.examples import ExampleParticle, example_particles
from cryobench.datasets.folder import changed_files, load_dataset, read_manifest
from cryobench.datasets.inputs import Inputs, prepare_inputs
from cryobench.datasets.recipe import RECIPES, Recipe, Size
from cryobench.datasets.spec import DatasetSpec, FabTurn, Manifest, Source

__all__ = [
    "RECIPES",
    "DatasetSpec",
    "ExampleParticle",
    "FabTurn",
    "Inputs",
    "Manifest",
    "Recipe",
    "Size",
    "Source",
    "build_dataset",
    "changed_files",
    "example_particles",
    "load_dataset",
    "prepare_inputs",
    "read_manifest",
]
