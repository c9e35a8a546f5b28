"""The five benchmark datasets and their stand-ins: each builds, and says what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cryobench.core import Dataset, InputError, OfflineError
from cryobench.datasets import (
    RECIPES,
    available_members,
    build_dataset,
    load_dataset,
    prepare_inputs,
    recipe_facts,
)
from cryobench.datasets.recipes.tomotwin_100 import MASSES

TINY = {"box": 32, "output_box": 32, "noise": {"snr": 1.0}}


def tiny(name: str, folder: Path, **changes: object) -> Dataset:
    """Build a dataset of few small images, a little larger in Å than the full ones."""
    full = RECIPES[name.partition(":")[0]].sizes["full"].imaging
    pixel_size = 1.2 * full.box * full.pixel_size / 32
    inputs = prepare_inputs(
        name,
        "demo",
        seed=1,
        resolution=2 * pixel_size,
        imaging=TINY | {"pixel_size": pixel_size},
        **({"images_per_state": 3} | changes),  # type: ignore[arg-type]
    )
    build_dataset(inputs, folder)
    return load_dataset(folder)


@pytest.fixture
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder without anything in it."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CRYOBENCH_CACHE", str(folder))
    return folder


@pytest.mark.parametrize("name", list(RECIPES))
def test_each_stand_in_builds_without_cache_and_network(name: str, no_cache: Path, tmp_path: Path) -> None:
    states = 16 if name == "ribosembly" else 4
    dataset = tiny(f"{name}:standin", tmp_path / "d", states=states)
    assert dataset.card.id == f"{name}:standin"
    assert dataset.card.stand_in == RECIPES[name].stand_in
    assert "tand-in" in (tmp_path / "d/README.md").read_text()
    assert len(dataset.truth.states) == states
    assert len(dataset.particles) == 3 * states
    assert not no_cache.exists()
    volumes = [dataset.truth.volumes[state].data.astype(np.float64).ravel() for state in range(states)]
    alike = np.corrcoef(volumes)[np.triu_indices(states, 1)]
    assert alike.max() < 0.9999
    images = dataset.particles.images.read(np.arange(len(dataset.particles)))
    assert np.isfinite(images).all()


@pytest.mark.parametrize("name", list(RECIPES))
def test_each_real_dataset_says_what_it_needs(name: str, no_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cryobench.structures.fetch.ARCHIVE", "http://127.0.0.1:9/mmCIF")
    with pytest.raises((OfflineError, InputError)) as found:
        prepare_inputs(name, "demo", seed=1)
    assert f"{name}:standin, which needs no download" in str(found.value)
    assert str(no_cache) in str(found.value)


@pytest.mark.parametrize("name", list(RECIPES))
def test_what_is_inferred_is_said(name: str) -> None:
    notes = " ".join(RECIPES[name].notes)
    assert "EMPIAR-11247" in notes
    inferred = {"ribosembly": "8C93", "tomotwin-100": "5H0S", "igg-rl": "linker residues"}
    assert inferred.get(name, "") in notes
    assert recipe_facts(name) != recipe_facts(f"{name}:standin")


def test_the_published_numbers_are_those_of_the_facts() -> None:
    found = {
        name: (size.states, size.particles, size.imaging.output_box, size.imaging.output_pixel_size)
        for name, size in ((name, RECIPES[name].sizes["full"]) for name in RECIPES)
    }
    assert found == {
        "igg-1d": (100, 100_000, 128, 3.0),
        "igg-rl": (100, 100_000, 128, 3.0),
        "ribosembly": (16, 335_240, 128, 3.0),
        "tomotwin-100": (100, 100_000, 128, 4.5),
        "spike-md": (100_000, 100_000, 256, 1.5),
    }
    assert {name: RECIPES[name].sizes["full"].imaging.noise.snr for name in RECIPES} == dict.fromkeys(found, 0.01) | {
        "spike-md": 0.1
    }
    assert len(RECIPES["tomotwin-100"].members) == len(set(RECIPES["tomotwin-100"].members)) == 100


def test_real_igg_rl_spans_the_distances_of_the_facts(cache: Path, tmp_path: Path) -> None:
    dataset = tiny("igg-rl", tmp_path / "d", states=40, images_per_state=1)
    assert dataset.card.id == "igg-rl"
    distances = dataset.truth.values()
    assert 50 < distances.min() < 70
    assert 75 < distances.max() < 92
    np.testing.assert_allclose(dataset.truth.latents[:, 0], distances, rtol=1e-6)
    np.testing.assert_allclose(np.hypot(*dataset.truth.latents[:, 1:].T), 1, rtol=1e-6)


def test_the_tomotwin_members_of_the_cache_are_a_subset(cache: Path, tmp_path: Path) -> None:
    members = available_members("tomotwin-100")
    assert len(members) == 6
    dataset = tiny("tomotwin-100", tmp_path / "d", members=members)
    assert dataset.card.id == "tomotwin-100:subset"
    assert [state.name for state in dataset.truth.states] == sorted(members, key=RECIPES["tomotwin-100"].members.index)
    card = (tmp_path / "d/README.md").read_text()
    for state in dataset.truth.states:
        wanted = MASSES[state.name]
        # Within a few percent of the table, or the card says what was found.
        assert abs(state.variables["mass"] / wanted - 1) < 0.05 or f"'{state.name}' has" in card


def test_frames_are_rendered_when_they_are_asked_for(no_cache: Path, tmp_path: Path) -> None:
    dataset = tiny("spike-md:standin", tmp_path / "d", states=5, images_per_state=1)
    assert not list((tmp_path / "d/truth/volumes").iterdir())
    again = prepare_inputs(
        "spike-md:standin",
        "demo",
        seed=1,
        states=5,
        images_per_state=1,
        resolution=28.8,
        imaging=TINY | {"pixel_size": 14.4},
    )
    for state in (3, 0):
        np.testing.assert_array_equal(dataset.truth.volumes[state].data, again.ensemble.volume(state).data)
    assert dataset.truth.coordinate.unit == "Å"


def test_a_state_does_not_depend_on_the_others(no_cache: Path, tmp_path: Path) -> None:
    few, many = (tiny("igg-rl:standin", tmp_path / str(n), states=n) for n in (2, 3))
    np.testing.assert_array_equal(few.truth.latents, many.truth.latents[: len(few.truth.latents)])


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("igg-2d", {}, "did you mean 'igg-1d'"),
        ("igg-1d:custom", {}, "choose igg-1d, or igg-1d:standin"),
        ("igg-1d", {"scale": "huge"}, "choose from demo, small, full"),
        ("igg-1d:standin", {"members": ["1abc"]}, "its states have no names"),
        ("tomotwin-100:standin", {"members": ["1abc", "2cg9"]}, "no state '1abc'"),
        ("tomotwin-100:standin", {"members": ["2cg9"]}, "at least 2"),
        ("tomotwin-100:standin", {"members": ["2cg9", "1u6g"], "states": 2}, "by number and by name"),
        ("ribosembly:standin", {"states": 17}, "has 16"),
        ("ribosembly", {"structure": Path("x.pdb")}, "not made of one structure"),
        ("igg-1d:standin", {"structure": Path("x.pdb")}, "has a structure of its own"),
        ("igg-1d", {"motion": {"axis": "H:231"}}, "as published"),
        ("igg-rl:standin", {"motion": {"linker": ("H:500",)}}, "H:500"),
        ("igg-1d:standin", {"rendering": {"density": "solid"}}, "density"),
        ("tomotwin-100:standin", {"imaging": {"pixel_size": 2.0}, "resolution": 4.0}, "choose a box of at least"),
    ],
)
def test_what_cannot_be_built_is_said(name: str, changes: dict[str, object], message: str, no_cache: Path) -> None:
    asked = {"scale": "demo", "seed": 1} | changes
    with pytest.raises(Exception, match=message) as found:
        prepare_inputs(name, **asked)  # type: ignore[arg-type]
    assert type(found.value).__module__ == "cryobench.core.errors"
