"""Benchmark datasets: recipes, building, reading."""

from cryobench.datasets import igg_1d as igg_1d
from cryobench.datasets.build import build_dataset
from cryobench.datasets.card import spec_facts
from cryobench.datasets.examples import ExampleParticle, example_particles
from cryobench.datasets.folder import changed_files, load_dataset, read_manifest
from cryobench.datasets.inputs import prepare_inputs
from cryobench.datasets.maps import check_simulation, prepare_simulation, simulate, simulate_inputs
from cryobench.datasets.recipe import RECIPES, Inputs, Recipe, Size
from cryobench.datasets.simulation_spec import SimulationSpec, read_spec, with_changes
from cryobench.datasets.spec import DatasetSpec, FabTurn, Manifest, Maps, Source

__all__ = [
    "RECIPES",
    "DatasetSpec",
    "ExampleParticle",
    "FabTurn",
    "Inputs",
    "Manifest",
    "Maps",
    "Recipe",
    "SimulationSpec",
    "Size",
    "Source",
    "build_dataset",
    "changed_files",
    "check_simulation",
    "example_particles",
    "load_dataset",
    "prepare_inputs",
    "prepare_simulation",
    "read_manifest",
    "read_spec",
    "simulate",
    "simulate_inputs",
    "spec_facts",
    "with_changes",
]
