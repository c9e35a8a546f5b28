"""The command on a card builds the dataset of the card."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from cryobench.core import CTFParameters
from cryobench.datasets import RECIPES, DatasetSpec, Inputs, Rendering, Source, prepare_inputs
from cryobench.datasets.cards.command import build_command
from cryobench.io import write_ctf

FEW = {"states": 3, "images_per_state": 2}


def built_by(command: str, monkeypatch: pytest.MonkeyPatch) -> DatasetSpec:
    """Return the spec of what a command would build."""
    from cryobench.cli.datasets import build  # noqa: PLC0415

    found: list[Inputs] = []

    def remember(inputs: Inputs, folder: Path, **options: object) -> bool:
        del folder, options
        found.append(inputs)
        return True

    monkeypatch.setattr(build, "simulate_inputs", remember)
    app = typer.Typer()
    app.command()(build.build)
    words = shlex.split(command)
    assert words[:3] == ["cryobench", "datasets", "build"]
    done = CliRunner().invoke(app, words[3:], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return found[0].spec


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("igg-1d:standin", {}),
        ("igg-1d:standin", {**FEW, "seed": 7, "imaging": {"noise": {"snr": 0.25, "scope": "dataset"}}}),
        ("igg-1d:standin", {"scale": "small", "rendering": {"resolution": 12.5, "density": "band-limited"}}),
        ("igg-rl:standin", {**FEW, "imaging": {"ctf": {"source": "empiar-10028"}}}),
        ("spike-md:standin", FEW),
        ("ribosembly:standin", {"members": ["8c8x", "8c90"]}),
    ],
)
def test_the_command_builds_it_again(
    name: str, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = prepare_inputs(name, **{"scale": "demo", "seed": 0, **asked}).spec
    command = build_command(spec)
    assert command.startswith(f"cryobench datasets build {name} --scale {spec.scale} --seed {spec.seed}")
    assert built_by(command, monkeypatch) == spec


def test_a_table_of_the_users_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "it's a `table`.pkl"
    row = [15000.0, 14500.0, 30.0, 300.0, 2.7, 0.1, 0.0]
    write_ctf(table, CTFParameters(np.array([row] * 6)), 64, 6.0)
    spec = prepare_inputs("igg-1d:standin", "demo", 0, ctf=table, **FEW).spec
    assert built_by(build_command(spec), monkeypatch) == spec


@pytest.mark.parametrize(
    "asked",
    [
        {"imaging": {"pixel_size": 6.5}},
        {"imaging": {"noise": {"snr": None}}},
        {"imaging": {"b_factor": 50.0}},
        {"rendering": {"centre": "geometry"}},
        {"images_per_stack": 3},
        {"motion": {"moving": ["H:1-230"]}},
    ],
)
def test_no_command_is_better_than_a_wrong_one(asked: dict[str, Any]) -> None:
    assert build_command(prepare_inputs("igg-1d:standin", "demo", 0, **FEW, **asked).spec) == ""


def spec_of(name: str, chosen: list[int], variant: str, **changes: object) -> DatasetSpec:
    """Return the spec of a published recipe, its structures found."""
    recipe = RECIPES[name]
    size = recipe.sizes["demo"]
    states = recipe.published(Rendering(resolution=size.resolution), chosen)
    found = [Source(name=one.name, title=one.name.upper(), sha256="0" * 64) for one in states.sources()]
    fields = {
        "dataset": name,
        "variant": variant,
        "scale": "demo",
        "seed": 0,
        "images": (200,) * len(chosen),
        "truth": recipe.truth,
        "states": states.with_sources(found),
        "ctf": Source(name="parametric"),
        "poses": Source(name="uniform"),
        "imaging": size.imaging,
    }
    return DatasetSpec.model_validate(fields | changes)


@pytest.mark.parametrize(
    ("name", "chosen", "variant", "options"),
    [
        ("igg-1d", list(range(20)), "", ""),
        ("tomotwin-100", [0, 11, 22, 33, 44, 55, 66, 77, 88, 99], "subset", ""),
        ("tomotwin-100", [0, 50, 99], "subset", " --states 3"),
        ("tomotwin-100", [5, 6], "subset", " --members 5csa,7wbt"),
        ("ribosembly", list(range(16)), "", " --images 200"),
    ],
)
def test_commands_of_published_recipes(name: str, chosen: list[int], variant: str, options: str) -> None:
    spec = spec_of(name, chosen, variant)
    assert build_command(spec) == f"cryobench datasets build {name} --scale demo --seed 0{options}"


def test_a_users_own_has_no_command() -> None:
    assert build_command(spec_of("igg-1d", list(range(20)), "custom")) == ""
    assert build_command(spec_of("igg-1d", list(range(20)), "", dataset="mine")) == ""
