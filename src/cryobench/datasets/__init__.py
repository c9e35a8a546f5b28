"""Benchmark datasets: recipes, building, reading."""

from cryobench.datasets import recipes as recipes
from cryobench.datasets.build import build_dataset
from cryobench.datasets.cards.card import dataset_card
from cryobench.datasets.cards.croissant import croissant_text
from cryobench.datasets.cards.facts import spec_facts
from cryobench.datasets.examples import ExampleParticle, example_particles
from cryobench.datasets.inputs import available_members, prepare_inputs
from cryobench.datasets.manifest import changed_files, read_manifest
from cryobench.datasets.map_truth import truth_of_maps
from cryobench.datasets.own.custom import check_simulation, prepare_simulation, simulate, simulate_inputs
from cryobench.datasets.own.custom_spec import SPEC_SUFFIXES, SimulationSpec, read_spec, spec_schema, with_changes
from cryobench.datasets.own.example_spec import example_spec
from cryobench.datasets.plan import Plan, disk_size, plan_build
from cryobench.datasets.reading import load_dataset
from cryobench.datasets.recipe import RECIPES, Inputs, Recipe, Size, recipe_facts
from cryobench.datasets.spec import DatasetSpec, ImportedSpec, Manifest
from cryobench.datasets.states import FabTurn, Maps, Rendering, Source

__all__ = [
    "RECIPES",
    "SPEC_SUFFIXES",
    "DatasetSpec",
    "ExampleParticle",
    "FabTurn",
    "ImportedSpec",
    "Inputs",
    "Manifest",
    "Maps",
    "Plan",
    "Recipe",
    "Rendering",
    "SimulationSpec",
    "Size",
    "Source",
    "available_members",
    "build_dataset",
    "changed_files",
    "check_simulation",
    "croissant_text",
    "dataset_card",
    "disk_size",
    "example_particles",
    "example_spec",
    "load_dataset",
    "plan_build",
    "prepare_inputs",
    "prepare_simulation",
    "read_manifest",
    "read_spec",
    "recipe_facts",
    "simulate",
    "simulate_inputs",
    "spec_facts",
    "spec_schema",
    "truth_of_maps",
    "with_changes",
]
